# SPDX-License-Identifier: Apache-2.0
"""A session of the official client with the server that does everything: every interaction that it offers, and what came
of it, as one document of JSON on stdout.

usage: python everything_client.py v1|v2|v2-modern '["COMMAND", …]' [questions] [rounds]
"""
import asyncio
import contextlib
import json
import os
import sys

LIMIT_S = 120
PLAIN = ["test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
         "test_multiple_content_types", "test_error_handling", "test_tool_with_logging", "test_tool_with_progress",
         "test_logging_tool", "test_x_mcp_header", "no_such_tool"]
QUESTIONS = ["test_missing_capability", "test_sampling", "test_elicitation",
             "test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums", "test_streaming_elicitation"]
ROUNDS = ["test_input_required_result_elicitation", "test_input_required_result_sampling",
          "test_input_required_result_list_roots", "test_input_required_result_request_state",
          "test_input_required_result_multiple_inputs", "test_input_required_result_multi_round"]
ARGUMENTS = {"test_sampling": {"prompt": "hej"}, "test_elicitation": {"message": "hej"}}
RESOURCES = ["test://static-text", "test://static-binary", "test://template/7/data", "test://nowhere"]
PROMPTS = {"test_simple_prompt": None, "test_prompt_with_arguments": {"arg1": "a", "arg2": "b"},
           "test_prompt_with_embedded_resource": {"resourceUri": "test://x"}, "test_prompt_with_image": None,
           "no_such_prompt": None}
ANSWERS = {"response": "hej", "name": "Ada", "untitledSingle": "active", "titledSingle": "low", "untitledMulti": ["read"],
           "titledMulti": ["bug"], "legacyEnum": "small"}


class Session:
    """One of the SDK's clients, and what reached it without being asked for."""

    def __init__(self, kind):
        self.kind = kind
        self.logs, self.told = [], {}

    # What the server asks.

    async def log(self, params):
        self.logs.append([params.level, params.data])

    async def sample(self, context, params):
        from mcp import types

        text = types.TextContent(type="text", text=f"about {params.messages[0].content.text}")
        return types.CreateMessageResult(role="assistant", content=text, model="none")

    async def elicit(self, context, params):
        from mcp import types

        schema = getattr(params, "requested_schema", None) or params.requestedSchema
        content = {name: ANSWERS.get(name, about.get("default")) for name, about in schema["properties"].items()}
        return types.ElicitResult(action="accept", content=content)

    async def roots(self, context):
        from mcp import types

        return types.ListRootsResult(roots=[types.Root(uri="file:///library", name="library")])

    # Opening.

    @contextlib.asynccontextmanager
    async def open(self, command):
        from mcp import StdioServerParameters
        from mcp.client.stdio import stdio_client

        server = stdio_client(StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ)))
        callbacks = {"logging_callback": self.log, "sampling_callback": self.sample,
                     "elicitation_callback": self.elicit, "list_roots_callback": self.roots}
        if self.kind == "v1":
            from mcp import ClientSession

            async with server as (reading, writing), ClientSession(reading, writing, **callbacks) as session:
                self.note("server", plain((await session.initialize()).serverInfo))
                yield session
        else:
            from mcp.client.client import Client

            mode = "2026-07-28" if self.kind == "v2-modern" else "legacy"
            if mode != "legacy":
                callbacks["log_level"] = "debug"
            async with Client(server, mode=mode, **callbacks) as client:
                yield client

    # Using.

    def note(self, step, what):
        self.told[step] = what

    async def attempt(self, step, asking):
        """The result, or the error, of one step."""
        try:
            self.note(step, plain(await asking))
        except Exception as error:  # what kind of error each version of the SDK raises is not the point
            self.note(step, {"error": getattr(getattr(error, "error", None), "code", None), "text": str(error)})

    async def call(self, session, tool):
        self.logs, progress = [], []

        async def report(*values):
            progress.append(values)

        await self.attempt(tool, session.call_tool(tool, ARGUMENTS.get(tool, {}), progress_callback=report))
        self.note(f"{tool}: progress", progress)
        self.note(f"{tool}: log", self.logs)

    async def everything(self, session, tools):
        for kind in ("tools", "resources", "resource_templates", "prompts"):
            await self.attempt(f"list {kind}", getattr(session, f"list_{kind}")())
        for tool in tools:
            await self.call(session, tool)
        for uri in RESOURCES:
            await self.attempt(uri, session.read_resource(self.address(uri)))
        for name, arguments in PROMPTS.items():
            await self.attempt(name, session.get_prompt(name, arguments))
        await self.attempt("completion", self.complete(session))
        if self.kind != "v2-modern":
            await self.attempt("ping", session.send_ping())
            await self.attempt("level", session.set_logging_level("debug"))
            await self.attempt("subscribe", session.subscribe_resource(self.address("test://watched-resource")))
            await self.attempt("unsubscribe", session.unsubscribe_resource(self.address("test://watched-resource")))

    def complete(self, session):
        from mcp import types

        reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        return session.complete(reference, {"name": "arg1", "value": "a"})

    def address(self, uri):
        from pydantic import AnyUrl

        return AnyUrl(uri) if self.kind == "v1" else uri


def plain(result):
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main(kind, command, tools):
    session = Session(kind)
    async with session.open(command) as client:
        await session.everything(client, tools)
    print(json.dumps(session.told))


if __name__ == "__main__":
    KIND, COMMAND, WITH = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
    TOOLS = PLAIN + (QUESTIONS if "questions" in WITH else []) + (ROUNDS if "rounds" in WITH else [])
    asyncio.run(asyncio.wait_for(main(KIND, COMMAND, TOOLS), LIMIT_S))
