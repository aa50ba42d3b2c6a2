# SPDX-License-Identifier: Apache-2.0
"""How well and how fast find_tool finds, on queries whose answers are known."""
import hashlib
import os
import pathlib
import subprocess

from .systems import PROJECT, TOOLS
from .tables import number, table

# Tools and queries in the format of tools.jsonl and dev.jsonl.
DATA = pathlib.Path(os.environ.get("MCP_RETRIEVAL_DATA", PROJECT.parent / "shared" / "retrieval"))
QUERIES = os.environ.get("MCP_RETRIEVAL_QUERIES", "dev.jsonl")
# Another one to judge: what scripts/table made.
TABLE = pathlib.Path(os.environ.get("MCP_TABLE", PROJECT / "share" / "token-table.bin"))
ENGINES = [PROJECT / ".build" / "programs" / "minilm-l6-v2.engine"]
METHODS = {"BM25F": "words alone", "A": "words and table", "B": "+ MiniLM for tools", "C": "+ MiniLM for queries"}
# (method, set, figure, target)
TARGETS = [("A", "pooled", "MRR", 0.765), ("A", "pooled", "R@5", 0.880), ("B", "pooled", "MRR", 0.78),
           ("B", "pooled", "R@5", 0.885), ("C", "pooled", "MRR", 0.79), ("C", "pooled", "R@5", 0.90),
           ("C", "own_srv", "R@5", 0.90), ("C", "metatool", "MRR", 0.70)]


def build():
    for product in ("retrieval-bench", "mcp-embed"):
        subprocess.run(["swift", "build", "-c", "release", "--scratch-path", ".build/static", "-Xswiftc", "-static-stdlib",
                        "-Xswiftc", "-Xclang-linker", "-Xswiftc", "-no-pie", "--product", product],
                       cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def run(*words):
    program = PROJECT / ".build" / "static" / "release" / "retrieval-bench"
    return subprocess.run([program, words[0], DATA / "tools.jsonl", DATA / QUERIES, *words[1:]], capture_output=True,
                          text=True, check=True).stdout


def engine_file():
    """The engine to measure with; None without one."""
    chosen = os.environ.get("MCP_ENGINE")
    return next((path for path in ([pathlib.Path(chosen)] if chosen else ENGINES) if path.exists()), None)


def sentences():
    """MiniLM's vectors of every text, made once for an engine and these texts; None without an engine."""
    engine = engine_file()
    if engine is None:
        return None
    texts = run("texts").encode()
    digest = hashlib.sha256(texts + str(engine.stat().st_mtime_ns).encode()).hexdigest()[:16]
    path = TOOLS / f"sentences-{digest}.f32"
    if not path.exists():
        print(f"… encoding {texts.count(bytes([10])):,} texts with {engine.name}, some minutes, once", flush=True)
        embed = PROJECT / ".build" / "static" / "release" / "mcp-embed"
        output = subprocess.run([embed, "--nice", engine], input=texts, capture_output=True, check=True).stdout
        # Behind the eight bytes that name the model.
        path.write_bytes(output[8:])
    return path


def measure(targets):
    if not (DATA / QUERIES).exists():
        print(f"\nwithout retrieval: {DATA / QUERIES} is not there; MCP_RETRIEVAL_DATA names a folder that has it")
        return judge(targets, {}, [])
    build()
    made = sentences()
    rows, figures = [], {}
    for line in run("rank", TABLE, *([made] if made else [])).splitlines():
        method, name, count, *values = line.split()
        r1, r3, r5, mrr = map(float, values)
        figures[method, name] = {"R@5": r5, "MRR": mrr}
        rows.append([name, METHODS[method], count, *(number(100 * v, 1) for v in (r1, r3, r5)), number(mrr, 3)])
    order = list(METHODS.values())
    rows.sort(key=lambda row: (row[0], order.index(row[1])))
    table(f"Finding tools, {QUERIES}", ["set", "method", "queries", "R@1", "R@3", "R@5", "MRR@10"], rows)
    if made is None:
        print("  without an engine: make engine, or MCP_ENGINE=FILE, and B and C are measured, too")
    judge(targets, figures, run("time", TABLE).splitlines())


def judge(targets, figures, lines):
    """- lines: what `retrieval-bench time` says; figures, lines: empty where nothing could be measured."""
    for method, name, figure, limit in TARGETS:
        value = figures.get((method, name), {}).get(figure)
        targets.add(f"{method}: {figure}, {name}", value, limit, digits=3, at_least=True, strict=True)
    if not lines:
        targets.add("A: a search over all tools, p50", None, 100, "µs", digits=1)
        targets.add("private memory of an index of 100 tools", None, 0.5, "MiB")
    for line in lines:
        kind, *words = line.split()
        if kind == "time" and words[0] == "table":
            targets.add(f"A: a search over {words[1]} tools, p50", int(words[2]) / 1000, 100, "µs", digits=1, strict=True)
        elif kind == "memory":
            limit = 0.5 if int(words[0]) == 100 else 2 + 0.5 * int(words[0]) / 100
            targets.add(f"private memory of an index of {words[0]} tools", int(words[1]) / 2**20, limit, "MiB",
                        strict=True)
