# SPDX-License-Identifier: Apache-2.0
"""The echo tool again, written with the official Python SDK: how most servers are made."""
from mcp.server.mcpserver import MCPServer

server = MCPServer("echo", log_level="ERROR")


@server.tool(structured_output=False)
def echo(text: str) -> str:
    """Returns its text."""
    return text


server.run()
