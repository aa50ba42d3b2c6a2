# SPDX-License-Identifier: Apache-2.0
"""One session of the official SDK's client, in one era or the other, through everything that the eras word differently.

usage: python era_client.py KIND '["command", …]' '["step", …]'     KIND: sdk1, sdk2_legacy, sdk2_auto or sdk2_modern

Prints one line of JSON for each step, as soon as it is done: {"step": …, "got": …}.
"""
import asyncio
import json
import os
import sys

LIMIT_S = 60
WORD = {"word": "hej"}


class Session:
    """What both lines of the SDK have in common; `session` has their methods, which are called the same."""

    def __init__(self):
        self.logs, self.changes = [], asyncio.Queue()

    async def heard(self, message):
        root = getattr(message, "root", message)
        if type(root).__name__ == "ToolListChangedNotification":
            self.changes.put_nowait("tools")
        if type(root).__name__ == "ResourceUpdatedNotification":
            self.changes.put_nowait(str(root.params.uri))

    async def logged(self, params):
        self.logs.append(params.level)

    async def tools(self):
        return sorted(tool.name for tool in (await self.session.list_tools()).tools)

    async def add(self):
        return (await self.session.call_tool("add", {"a": 1, "b": 2})).content[0].text

    async def prompt(self):
        return (await self.session.get_prompt("greet", {"name": "Ada"})).messages[0].content.text

    async def resource(self):
        return (await self.session.read_resource("x://a")).contents[0].text

    async def lists(self):
        prompts = await self.session.list_prompts()
        resources = await self.session.list_resources()
        templates = await self.session.list_resource_templates()
        kinds = prompts.prompts, resources.resources, getattr(templates, "resourceTemplates", None) or []
        return [len(kind) for kind in kinds]

    async def steps(self):
        seen = []

        async def progressed(progress, total, message):
            seen.append([progress, message])
        answer = await self.session.call_tool("steps", {"count": 3}, progress_callback=progressed)
        return [answer.content[0].text, seen]

    async def log(self):
        self.logs.clear()
        for level in ("debug", "warning"):
            await self.session.call_tool("log", {"level": level})
        return self.logs

    async def ask(self):
        answer = await self.session.call_tool("ask", {})
        return ["error" if getattr(answer, "isError", getattr(answer, "is_error", None)) else "ok", answer.content[0].text]

    async def change(self):
        await self.session.call_tool("change", {})
        return [await asyncio.wait_for(self.changes.get(), 10), "later" in await self.tools()]

    async def touch(self):
        await self.session.subscribe_resource("x://a")
        await self.session.call_tool("touch", {"uri": "x://a"})
        return await asyncio.wait_for(self.changes.get(), 10)

    async def run(self, steps):
        for step in steps:
            got = await getattr(self, step)()
            print(json.dumps({"step": step, "got": got}), flush=True)


class First(Session):
    """The 1.x line."""

    async def live(self, command, steps):
        import mcp.types as types
        from mcp import ClientSession, StdioServerParameters
        from mcp.client.stdio import stdio_client

        async def asked(context, params):
            return types.ElicitResult(action="accept", content=WORD)

        server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
        async with stdio_client(server) as (reading, writing), ClientSession(
                reading, writing, elicitation_callback=asked, logging_callback=self.logged,
                message_handler=self.heard) as self.session:
            self.opened = await self.session.initialize()
            await self.run(steps)

    async def about(self):
        opened = self.opened
        return [opened.protocolVersion, opened.serverInfo.name, opened.instructions]


class Second(Session):
    """The 2.x line."""

    def __init__(self, mode, log_level=None):
        super().__init__()
        self.mode, self.log_level = mode, log_level

    async def live(self, command, steps):
        from mcp.client.client import Client
        from mcp.client.stdio import StdioServerParameters, stdio_client
        from mcp_types import ElicitResult

        async def asked(context, params):
            return ElicitResult(action="accept", content=WORD)

        server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
        async with Client(stdio_client(server), mode=self.mode, elicitation_callback=asked,
                          logging_callback=self.logged, message_handler=self.heard, log_level=self.log_level) as self.client:
            self.session = self.client
            await self.run(steps)

    async def about(self):
        info = self.client.server_info
        return [self.client.protocol_version, info and info.name, self.client.instructions]

    async def change(self):
        if self.client.protocol_version < "2026":
            return await super().change()
        async with self.client.listen(tools_list_changed=True, prompts_list_changed=True) as events:
            await self.client.call_tool("change", {})
            event = await asyncio.wait_for(anext(events), 10)
            return ["tools" if type(event).__name__ == "ToolsListChanged" else str(event), "later" in await self.tools()]

    async def touch(self):
        if self.client.protocol_version < "2026":
            return await super().touch()
        async with self.client.listen(resource_subscriptions=["x://a"]) as events:
            assert events.honored.resource_subscriptions == ["x://a"], events.honored
            await self.client.call_tool("touch", {"uri": "x://a"})
            return (await asyncio.wait_for(anext(events), 10)).uri


KINDS = {
    "sdk1": First,
    "sdk2_legacy": lambda: Second("legacy"),
    "sdk2_auto": lambda: Second("auto", log_level="warning"),
    "sdk2_modern": lambda: Second("2026-07-28", log_level="warning"),
}


def main():
    kind, command, steps = sys.argv[1:4]
    asyncio.run(asyncio.wait_for(KINDS[kind]().live(json.loads(command), json.loads(steps)), LIMIT_S))


if __name__ == "__main__":
    main()
