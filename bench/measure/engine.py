# SPDX-License-Identifier: Apache-2.0
"""The model that finds tools by meaning, in mcp-embed: how long a text takes, and what it holds in memory."""
import os
import subprocess
import sys
import time

from . import finding
from .finding import QUERIES
from .retrieval import engine_file
from .supervisor import PROGRAMS
from .systems import PROJECT
from .tables import median, number, table

sys.path.insert(0, str(PROJECT / "Tests" / "integration"))

VECTOR = 4 * 384
DOCUMENT = ("Replaces one or more occurrences of a given pattern in a file with new content. The regex mode allows very "
            "large sections of code to be replaced without specifying the exact original content; wildcards should be "
            "used when appropriate for efficiency and the tool will check the validity of the result.")
LONGEST = "word " * 300


class Encoder:
    def __init__(self, engine):
        begun = time.perf_counter()
        self.process = subprocess.Popen([PROGRAMS / "mcp-embed", engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdout.read(8)
        self.start = 1000 * (time.perf_counter() - begun)

    def encode(self, text):
        """Milliseconds of the clock."""
        begun = time.perf_counter()
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()
        self.process.stdout.read(VECTOR)
        return 1000 * (time.perf_counter() - begun)

    def processor(self):
        """Milliseconds of processor time so far, of its only thread."""
        with open(f"/proc/{self.process.pid}/schedstat") as statistics:
            return int(statistics.read().split()[0]) / 1e6

    def memory(self):
        """KiB by kind."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as lines:
            sizes = [line.split() for line in lines if line.endswith("kB\n")]
        return {name.rstrip(":"): int(size) for name, size, _ in sizes}

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def timed(encoder, texts, rounds):
    before = encoder.processor()
    times = sorted(encoder.encode(text) for _ in range(rounds) for text in texts)
    spent = (encoder.processor() - before) / len(times)
    return [number(median(times)), number(times[int(len(times) * 0.99)]), number(times[0]), number(spent)], times


def engine_to_measure():
    """The chosen engine file, or the one that the tests build; None where it cannot be built."""
    from harness import engine
    try:
        return engine_file() or engine.engine_file()
    except (AssertionError, OSError) as error:
        print(f"\nwithout an engine: {error}")
        return None


def measure(rounds, targets):
    engine = engine_to_measure()
    times, memory = encoding(engine, rounds) if engine else (None, None)
    targets.add("query to vector, median", median(times) if times else None, 10, "ms", strict=True)
    targets.add("private memory, queries", memory["Anonymous"] / 1024 if memory else None, 2, "MiB", strict=True)
    finding.measure(engine, rounds, targets)


def encoding(engine, rounds):
    """(sorted milliseconds of queries, KiB by kind after them)"""
    starts = []
    for _ in range(rounds):
        encoder = Encoder(engine)
        starts.append(encoder.start + encoder.encode(QUERIES[0]))
        encoder.end()
    encoder = Encoder(engine)
    encoder.encode(QUERIES[0])
    queries, times = timed(encoder, QUERIES, 20 * rounds)
    memory = encoder.memory()
    document, _ = timed(encoder, [DOCUMENT], 5 * rounds)
    longest, _ = timed(encoder, [LONGEST], 2 * rounds)
    after = encoder.memory()
    encoder.end()
    table("mcp-embed, ms a text", ["", "median", "p99", "least", "processor"], [
        ["query, 5 to 9 words", *queries], ["description, 60 words", *document], ["256 tokens, the most", *longest],
        ["start and first query", number(median(starts)), "", number(min(starts)), ""]])
    # Pages of the file are nobody's own: all who map it share them, and the kernel takes them when it needs to.
    table("mcp-embed, memory in KiB", ["after", "private", "of files"], [
        [name, f"{sizes['Anonymous']:,}", f"{sizes['Rss'] - sizes['Anonymous']:,}"]
        for name, sizes in (("queries", memory), ("the longest text", after))])
    print(f"engine file: {os.path.getsize(engine):,} bytes")
    return times, memory
