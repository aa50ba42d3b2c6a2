# SPDX-License-Identifier: Apache-2.0
"""A server of 2026-07-28 that tells each client its own tools: those of its name, and one of everybody's."""
import json
import sys

VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"
CACHE = {"resultType": "complete", "ttlMs": 600_000}
lists = 0


def tool(name, description):
    return {"name": name, "description": description, "inputSchema": {"type": "object"}}


def discover(params):
    return {"supportedVersions": [VERSION], "capabilities": {"tools": {"listChanged": True}}, **CACHE,
            "cacheScope": "public", "_meta": {META + "serverInfo": {"name": "asker", "version": "1"}}}


def tools(params):
    global lists
    lists += 1
    asker = params["_meta"][META + "clientInfo"]["name"]
    return {"tools": [tool("count_lists", "How often the tools were listed."), tool(f"{asker}_secret", f"Of {asker}.")],
            **CACHE, "cacheScope": "private"}


def call(params):
    text = str(lists) if params["name"] == "count_lists" else f"called {params['name']}"
    return {"content": [{"type": "text", "text": text}], "isError": False, "resultType": "complete"}


METHODS = {"server/discover": discover, "tools/list": tools, "tools/call": call}

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or message["method"] == "subscriptions/listen":
        continue
    method = METHODS.get(message["method"])
    body = {"error": {"code": -32601, "message": "no such method"}}
    if method:
        body = {"result": method(message["params"])}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)
