# SPDX-License-Identifier: Apache-2.0
"""One agent of the demo: the official Python SDK, a session with each server, a call each, and then it stays.

usage: client.py '[{"name": …, "command": […], "cwd": …, "tool": …, "arguments": {…}}, …]'

Prints one JSON line for each server once it has answered, and leaves when its stdin ends.
"""
import asyncio
import contextlib
import json
import os
import sys
import time

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client


async def attach(stack, server):
    """Starts what the configuration says, lists the tools and calls one."""
    begun = time.monotonic()
    parameters = StdioServerParameters(
        command=server["command"][0], args=server["command"][1:], cwd=server["cwd"], env=dict(os.environ))
    client = await stack.enter_async_context(Client(stdio_client(parameters)))
    tools = await client.list_tools()
    up = time.monotonic()
    answer = await client.call_tool(server["tool"], server["arguments"])
    text = answer.content[0].text if answer.content else ""
    return {"name": server["name"], "tools": len(tools.tools), "up_s": up - begun, "call_s": time.monotonic() - up,
            "failed": bool(getattr(answer, "is_error", False)), "text": text}


async def main():
    async with contextlib.AsyncExitStack() as stack:
        for server in json.loads(sys.argv[1]):
            print(json.dumps(await attach(stack, server)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
