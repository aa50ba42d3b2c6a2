# SPDX-License-Identifier: Apache-2.0
"""What a find_tool takes of an agent's time: through the shim, the supervisor and the encoder, over all tools."""
import hashlib
import json
import os
import shutil
import sys
import time

from .client import Client
from .retrieval import DATA
from .supervisor import Supervisor
from .systems import PROJECT, TOOLS
from .tables import median, number, table

NAME = "minilm-l6-v2.engine"
LIMIT_S = 1200
QUERIES = [
    "find usages of this function", "list open pull requests in the repository", "rename a symbol everywhere",
    "send an email with an attachment", "what changed since yesterday", "read the first lines of a file",
    "create a calendar event for tomorrow", "run a query against the production database",
    "how many stars does the repository have", "resize an image and save it as png",
]


def definitions():
    """The largest universe, as one server would tell it."""
    lines = [json.loads(line) for line in open(DATA / "tools.jsonl")]
    return [definition(tool) for tool in lines if tool["u"] == "core"]


def definition(tool):
    properties = {parameter["n"]: {"type": "string", "description": parameter.get("d") or ""}
                  for parameter in tool.get("params") or []}
    return {"name": tool["id"].replace("/", "__"), "description": tool["description"],
            "inputSchema": {"type": "object", "properties": properties}}


def measure(engine, rounds, targets):
    """- engine: the engine file; None without one."""
    name = "C: find_tool through the supervisor, median"
    if not (DATA / "tools.jsonl").exists():
        print(f"\nwithout find_tool's time: {DATA / 'tools.jsonl'} is not there")
        return targets.add(name, None, 10, "ms")
    path = TOOLS / "tools.json"
    path.write_text(json.dumps(definitions()))
    count = len(json.loads(path.read_text()))
    rows, found = [], {"A": timed(path, None, rounds), "C": timed(path, engine, rounds) if engine else None}
    for method, times in found.items():
        if times:
            late = times[int(len(times) * 0.99)]
            rows.append([method, *(number(value, 2) for value in (median(times), late, times[0]))])
    table(f"find_tool over {count:,} tools, ms through the shim", ["", "median", "p99", "least"], rows)
    targets.add(name, median(found["C"]) if found["C"] else None, 10, "ms", strict=True)


def timed(tools, engine, rounds):
    """Milliseconds of each search, sorted."""
    supervisor = Supervisor()
    data = supervisor.folder / "home" / ".local" / "share" / "mcp-supervisor"
    vectors = supervisor.folder / "state" / "mcp-supervisor" / "vectors"
    kept = TOOLS / f"vectors-{hashlib.sha256(tools.read_bytes()).hexdigest()[:16]}"
    if engine:
        data.mkdir(parents=True)
        os.symlink(engine.absolute(), data / NAME)
        if kept.exists():
            shutil.copytree(kept, vectors)
    try:
        supervisor.start()
        command = [sys.executable, "-I", "-S", str(PROJECT / "bench" / "tools_server.py"), str(tools)]
        shim = supervisor.shim(command, "--name", "tools", "--share", "user", "--meta-tools")
        client = Client(shim, "/tmp", supervisor.environment)
        try:
            client.initialize()
            client.ask("tools/list")
            search(client, QUERIES[0])
            if engine:
                wait_for_vectors(vectors)
                if not kept.exists():
                    shutil.copytree(vectors, kept)
                stage = supervisor.ask("Status", backend=None)["supervisor"]["search"]["stage"]
                assert stage == "engine", stage
            return sorted(search(client, query) for _ in range(5 * rounds) for query in QUERIES)
        finally:
            client.close()
    finally:
        supervisor.dispose()


def search(client, query):
    begun = time.perf_counter()
    found = client.call("find_tool", query=query)
    spent = 1000 * (time.perf_counter() - begun)
    assert found["result"]["structuredContent"]["matches"], found
    return spent


def wait_for_vectors(folder):
    """Those of the whole list are on the disk when all are there."""
    end = time.monotonic() + LIMIT_S
    while not list(folder.glob("*.vectors")):
        if time.monotonic() > end:
            raise RuntimeError("the vectors of the tools were not made in time")
        time.sleep(0.5)
