# SPDX-License-Identifier: Apache-2.0
"""A server of the stateless era, as the official SDK's 2.x line makes it; it also knows the handshake."""
from typing import Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

app = MCPServer("two", instructions="Add, then change.")


class Answer(BaseModel):
    word: str


@app.tool()
def add(a: int, b: int) -> int:
    return a + b


@app.tool()
async def steps(count: int, ctx: Context) -> str:
    for step in range(count):
        await ctx.report_progress(step + 1, count, f"step {step + 1}")
    return "done"


@app.tool()
async def log(level: str, ctx: Context) -> str:
    await ctx.log(level, f"a line at {level}")
    return level


@app.tool()
async def change(ctx: Context) -> str:
    """Another tool is there from now on."""
    app.add_tool(lambda: "later", name="later", description="Came later.")
    await ctx.notify_tools_changed()
    return "changed"


@app.tool()
async def touch(uri: str, ctx: Context) -> str:
    """The resource is another now."""
    await ctx.notify_resource_updated(uri)
    return "touched"


def question() -> Elicit[Answer]:
    return Elicit("Which word?", Answer)


@app.tool()
async def ask(answer: Annotated[ElicitationResult[Answer], Resolve(question)]) -> str:
    return f"{answer.action} {answer.data.word}" if answer.action == "accept" else answer.action


@app.resource("x://a")
def resource() -> str:
    return "A"


@app.prompt()
def greet(name: str) -> str:
    return f"Greet {name}."


app.run()
