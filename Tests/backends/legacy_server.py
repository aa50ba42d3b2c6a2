# SPDX-License-Identifier: Apache-2.0
"""A server of the handshake era, as the official SDK's 1.x line makes it."""
from mcp.server.fastmcp import Context, FastMCP
from pydantic import BaseModel

app = FastMCP("one", instructions="Add, then change.")


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
    await ctx.session.send_tool_list_changed()
    return "changed"


@app.tool()
async def ask(ctx: Context) -> str:
    answer = await ctx.elicit("Which word?", Answer)
    return f"{answer.action} {answer.data.word}" if answer.action == "accept" else answer.action


@app.resource("x://a")
def resource() -> str:
    return "A"


@app.prompt()
def greet(name: str) -> str:
    return f"Greet {name}."


app.run()
