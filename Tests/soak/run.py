#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sessions call without a pause while things go wrong at random; then everything is counted.

usage: run.py [--seconds N] [--sessions N] [--every SECONDS] [--seed N] [--systemd] [--log FILE]

Exit status: 0 when nothing was lost, answered twice, crossed or left; 1 otherwise, with the seed.
"""
import argparse
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from faults import all_faults  # noqa: E402
from harness import processes  # noqa: E402
from load import Books, Caller  # noqa: E402
from world import DirectWorld, SystemdWorld  # noqa: E402

# What must be zero.
DEFECTS = ("lost", "answered twice, or never asked", "another's answer")


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2].partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--every", type=float, default=2.0, help="mean seconds between two faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--systemd", action="store_true", help="the installed units, in a lab or on a desktop")
    parser.add_argument("--log", help="every injected fault, with the second it came in")
    return parser.parse_args()


def inject(world, options, books, log):
    """Faults until the time is up. Returns how many of each came."""
    chance = random.Random(options.seed)
    faults = all_faults(world)
    counts = {fault.name: 0 for fault in faults}
    begun = time.monotonic()
    while (left := options.seconds - (time.monotonic() - begun)) > 0:
        time.sleep(min(left, chance.expovariate(1 / options.every)))
        fault = chance.choices(faults, [f.weight for f in faults])[0]
        try:
            told = fault.inject(chance)
        except Exception as error:  # A fault that could not be injected is no defect, but must be seen.
            told = None
            print(f"{time.monotonic() - begun:7.1f} s  {fault.name}: not injected: {error}", file=log, flush=True)
        if told:
            counts[fault.name] += 1
            print(f"{time.monotonic() - begun:7.1f} s  {fault.name}: {told}", file=log, flush=True)
    return counts


def report(world, options, books, faults, left):
    print(f"\nSoak, {world.name}: {options.seconds:g} s, {options.sessions} sessions, seed {options.seed}\n")
    for name, count in sorted(faults.items(), key=lambda pair: -pair[1]):
        print(f"  {count:6}  {name}")
    print()
    for name in ("sent", "answered", "errors", "taken back", "gone with their session", *DEFECTS):
        print(f"  {books.counts[name]:6}  {'requests ' if name == 'sent' else ''}{name}")
    for reason, count in books.reasons.most_common():
        print(f"  {count:6}  errors explained by {reason}")
    print(f"  {books.counts['sessions begun']:6}  sessions begun, {books.counts['sessions ended']} of them with a killed shim")
    print(f"  {books.slowest:6.2f}  s, the slowest answer")
    print(f"  {len(left):6}  processes, units and descriptors left")
    for line in [*books.troubles, *left]:
        print(f"  DEFECT  {line}")
    unexplained = sum(count for reason, count in books.reasons.items() if reason.startswith("none"))
    print(f"  {unexplained:6}  errors without a reason")
    bad = sum(books.counts[name] for name in DEFECTS) + len(left) + unexplained
    print("\nnothing lost, nothing crossed, nothing left" if bad == 0 else f"\n{bad} defects; --seed {options.seed}")
    return 1 if bad else 0


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="mcp") as folder:
        world = (SystemdWorld if options.systemd else DirectWorld)(pathlib.Path(folder), repositories=3)
        log = open(options.log, "w") if options.log else sys.stderr
        books = Books()
        world.begin()
        world.callers = [Caller(n, books, world.connect, options.seed) for n in range(options.sessions)]
        for caller in world.callers:
            caller.start()
        faults = inject(world, options, books, log)
        for caller in world.callers:
            caller.stop()
        for caller in world.callers:
            caller.join(120)
            if caller.is_alive():
                books.trouble("lost", f"session {caller.number} does not come to its end")
        left = world.end()
        for pid, _ in world.left():
            processes.end(pid)
        return report(world, options, books, faults, left)


if __name__ == "__main__":
    sys.exit(main())
