# SPDX-License-Identifier: Apache-2.0
"""A session of a real MCP client with meta-tools: finds a tool, reads its definition, calls it.

usage: python meta_client.py KIND '{"command": […], "query": …, "tool": …, "arguments": {…}}'

Prints a line of JSON: what was listed, found, described and answered.
"""
import asyncio
import json
import os
import sys

LIMIT_S = 100


async def converse(session, wanted):
    """The same for every client: `session` has list_tools and call_tool."""
    listed = [t.name for t in (await session.list_tools()).tools]
    found = await session.call_tool("find_tool", {"query": wanted["query"]})
    described = await session.call_tool("describe_tool", {"name": wanted["tool"]})
    answer = await session.call_tool("call_tool", {"name": wanted["tool"], "arguments": wanted["arguments"]})
    structured = getattr(found, "structuredContent", None) or getattr(found, "structured_content", None)
    return {"listed": listed, "found": [m["name"] for m in structured["matches"]],
            "lines": found.content[0].text, "described": json.loads(described.content[0].text)["name"],
            "text": answer.content[0].text}


async def sdk1(wanted):
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    command = wanted["command"]
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
        handshake = await session.initialize()
        return {**await converse(session, wanted), "instructions": handshake.instructions}


async def sdk2(wanted, mode="auto"):
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = wanted["command"]
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        return {**await converse(client, wanted), "instructions": client.instructions}


async def sdk2_legacy(wanted):
    return await sdk2(wanted, mode="legacy")


def main():
    kind, wanted = sys.argv[1:3]
    client = {"sdk1": sdk1, "sdk2": sdk2, "sdk2_legacy": sdk2_legacy}[kind]
    print(json.dumps(asyncio.run(asyncio.wait_for(client(json.loads(wanted)), LIMIT_S))), flush=True)


if __name__ == "__main__":
    main()
