# SPDX-License-Identifier: Apache-2.0
"""Sessions of a real MCP client, one after the other, run by that client's own environment.

usage: python real_client.py KIND '[{"command": […], "tool": …, "arguments": {…}}, …]'

Each session lists the tools, calls the tool, and leaves; then a line of JSON: {"version": …, "tools": […], "text": …}.
Several sessions in one run, because importing a client takes far longer than a session.
"""
import asyncio
import json
import os
import sys

LIMIT_S = 50


async def sdk1(command, tool, arguments):
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
        handshake = await session.initialize()
        tools = await session.list_tools()
        answer = await session.call_tool(tool, arguments)
        return handshake.protocolVersion, [t.name for t in tools.tools], answer.content[0].text


async def sdk2(command, tool, arguments, mode="auto"):
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        tools = await client.list_tools()
        answer = await client.call_tool(tool, arguments)
        return getattr(client, "protocol_version", None), [t.name for t in tools.tools], answer.content[0].text


async def sdk2_legacy(command, tool, arguments):
    return await sdk2(command, tool, arguments, mode="legacy")


async def fastmcp(command, tool, arguments):
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    async with Client(StdioTransport(command=command[0], args=command[1:], env=dict(os.environ))) as client:
        tools = await client.list_tools()
        answer = await client.call_tool(tool, arguments)
        return None, [t.name for t in tools], answer.content[0].text


async def openai(command, tool, arguments):
    from agents.mcp import MCPServerStdio

    params = {"command": command[0], "args": command[1:], "env": dict(os.environ)}
    async with MCPServerStdio(params=params, client_session_timeout_seconds=LIMIT_S) as server:
        tools = await server.list_tools()
        answer = await server.call_tool(tool, arguments)
        return None, [t.name for t in tools], answer.content[0].text


async def pydantic(command, tool, arguments):
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai.mcp import MCPToolset

    # Its own 5 s are less than some servers take for their first start on a busy machine, with us or without.
    transport = StdioTransport(command=command[0], args=command[1:], env=dict(os.environ))
    toolset = MCPToolset(transport, init_timeout=LIMIT_S)
    async with toolset:
        tools = await toolset.client.list_tools()
        answer = await toolset.direct_call_tool(tool, arguments)
        return None, [t.name for t in tools], str(answer)


async def langchain(command, tool, arguments):
    from langchain_mcp_adapters.client import MultiServerMCPClient
    from langchain_mcp_adapters.tools import load_mcp_tools

    server = {"command": command[0], "args": command[1:], "env": dict(os.environ), "transport": "stdio"}
    async with MultiServerMCPClient({"server": server}).session("server") as session:
        tools = await load_mcp_tools(session)
        answer = await next(t for t in tools if t.name == tool).ainvoke(arguments)
        return None, [t.name for t in tools], str(answer)


async def mcpuse(command, tool, arguments):
    from mcp_use import MCPClient

    server = {"command": command[0], "args": command[1:], "env": dict(os.environ)}
    client = MCPClient(config={"mcpServers": {"server": server}})
    session = await client.create_session("server")
    tools = await session.list_tools()
    answer = await session.call_tool(tool, arguments)
    await client.close_all_sessions()
    return None, [t.name for t in tools], answer.content[0].text


KINDS = {f.__name__: f for f in (sdk1, sdk2, sdk2_legacy, fastmcp, openai, pydantic, langchain, mcpuse)}


def main():
    kind, sessions = sys.argv[1:3]
    for session in json.loads(sessions):
        report = KINDS[kind](session["command"], session["tool"], session["arguments"])
        version, tools, text = asyncio.run(asyncio.wait_for(report, LIMIT_S))
        print(json.dumps({"version": version and str(version), "tools": tools, "text": text}), flush=True)


if __name__ == "__main__":
    main()
