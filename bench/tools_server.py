# SPDX-License-Identifier: Apache-2.0
"""A server over stdio with the tools of a file, a JSON array of definitions, that answers no call of them.

usage: tools_server.py FILE
"""
import json
import sys

TOOLS = json.load(open(sys.argv[1]))
INFO = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "tools", "version": "1"}}
RESULTS = {"initialize": INFO, "tools/list": {"tools": TOOLS}, "ping": {}}

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    result = RESULTS.get(message["method"])
    body = {"result": result} if result is not None else {"error": {"code": -32601, "message": "not here"}}
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}) + "\n")
    sys.stdout.flush()
