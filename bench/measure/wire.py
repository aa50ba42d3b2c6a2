# SPDX-License-Identifier: Apache-2.0
"""The message path without pipes: what the scanner and the machine cost."""
import os
import subprocess

from .systems import PROJECT, TOOLS
from .tables import number, table

# In the folder of the supervisor's own release build, with its flags: its modules need not be compiled again.
BUILD = ["swift", "build", "-c", "release", "--scratch-path", ".build/static", "-Xswiftc", "-static-stdlib",
         "-Xswiftc", "-Xclang-linker", "-Xswiftc", "-no-pie", "--product", "wire-bench"]
PROGRAM = PROJECT / ".build" / "static" / "release" / "wire-bench"
CALLS = 100_000


def build():
    subprocess.run(BUILD, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    counter = ["cc", "-O2", "-shared", "-fPIC", "-o", str(TOOLS / "allocations.so"),
               str(PROJECT / "bench" / "c" / "allocations.c")]
    subprocess.run(counter, check=True)


def scan():
    """Gigabytes a second by (shape, what was done)."""
    output = subprocess.run([PROGRAM, "scan"], capture_output=True, text=True, check=True).stdout
    rates = {}
    for line in output.splitlines():
        shape, what, size, nanoseconds = line.split()
        rates[shape, what] = int(size) / int(nanoseconds)
    return rates


def allocations(calls):
    """What a run of so many calls asks of the heap."""
    environment = {**os.environ, "LD_PRELOAD": str(TOOLS / "allocations.so")}
    done = subprocess.run([PROGRAM, "calls", str(calls)], capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout), int(done.stderr.split()[-1])


def measure(targets):
    build()
    rates = scan()
    shapes = list(dict.fromkeys(shape for shape, _ in rates))
    table("Large messages, GB/s", ["12 MB of", "scanner", "line splitter", "memory (copy)"], [
        [shape, *(number(rates[shape, what], 2) for what in ("scan", "split", "copy"))] for shape in shapes])
    tenth = min(rates[shape, "copy"] for shape in shapes) / 10
    targets.add("scanner, slowest shape", min(rates[shape, "scan"] for shape in shapes), min(1, tenth), "GB/s",
                at_least=True)
    answered, few = allocations(CALLS)
    targets.wrong_answers += CALLS - answered
    _, many = allocations(2 * CALLS)
    targets.add("heap allocations a call, in the machine", (many - few) / CALLS, 0, digits=3)
