# SPDX-License-Identifier: Apache-2.0
"""A server with tasks (revision 2025-11-25), as the official SDK's 1.x line makes it."""
import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

app = Server("tasks")
app.experimental.enable_tasks()
running = {}
YES = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}


def said(text):
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


def tool(name, support, **properties):
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return types.Tool(name=name, inputSchema=schema, execution=types.ToolExecution(taskSupport=support))


@app.list_tools()
async def tools():
    return [tool("brew", "required", cup="string"), tool("pour", "forbidden", cup="string"), tool("confirm", "required")]


@app.call_tool()
async def call(name, arguments):
    experimental = app.request_context.experimental
    if name == "brew":
        cup = arguments["cup"]

        async def brew(task):
            running[cup] = anyio.Event()
            await task.update_status(f"brewing {cup}")
            await running[cup].wait()
            return said(f"a full {cup}")
        return await experimental.run_task(brew)
    if name == "confirm":
        async def confirm(task):
            answer = await task.elicit(message="Are you sure?", requestedSchema=YES)
            return said(f"{answer.action} {answer.content}")
        return await experimental.run_task(confirm)
    running[arguments["cup"]].set()
    return said("poured")


async def main():
    async with stdio_server() as (read, write):
        await app.run(read, write, app.create_initialization_options())


anyio.run(main)
