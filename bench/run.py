#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures mcp-supervisor beside the server alone (direct), and beside what its shape costs in C: shims that relay
(limit) and shims that hand their descriptors over (hand). All in one run, in interleaved rounds, as medians: compare
inside a run, never across.

usage: bench/run.py [--rounds N] [--serena | --no-serena] [SECTION…]
"""
import argparse
import os
import pathlib
import platform
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "bench"))

from measure import (  # noqa: E402
    calling, engine, holding, retrieval, serena, starting, tables, tokens, wire)
from measure.supervisor import PROGRAMS  # noqa: E402
from measure.systems import build_tools  # noqa: E402

SECTIONS = {
    "start": "spawn to `initialize`, 100 sessions up, cold starts",
    "calls": "latency, processor time, calls/s at 1, 10, 100 sessions",
    "memory": "shims, and the supervisor with 0, 100 and 1,000 sessions",
    "payload": "calls of 32 B to 1 MiB",
    "python": "in front of a server made with the Python SDK",
    "wire": "the scanner on large messages, heap allocations on small ones",
    "retrieval": "how well and how fast find_tool finds",
    "engine": "a query's and a description's way to a vector, the memory it takes, and a find_tool's time",
    "tokens": "what real servers' tools cost a model, and what meta-tools do",
    "serena": "ten sessions on one repository against ten copies",
}
ENVIRONMENT_MAKER = PROJECT / "Tests" / "integration" / "environment.py"


def arguments():
    epilog = "sections:\n" + "\n".join(f"  {name:9} {what}" for name, what in SECTIONS.items())
    parser = argparse.ArgumentParser(
        usage=__doc__.partition("usage: ")[2].strip(), epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="what to measure; none: everything")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (default: 5)")
    parser.add_argument("--serena", action=argparse.BooleanOptionalAction,
                        help="default: where its environment is installed (SERENA=1 or 0 says the same)")
    chosen = parser.parse_args()
    for name in chosen.sections:
        if name not in SECTIONS:
            parser.error(f"no section is called {name}; there are {', '.join(SECTIONS)}")
    return chosen


def environments():
    """Where the virtual environments are."""
    where = subprocess.run([sys.executable, ENVIRONMENT_MAKER, "--where"], capture_output=True, text=True, check=True)
    return pathlib.Path(where.stdout.strip())


def have(name, make):
    """Whether there is such an environment, after making it where that is wanted."""
    if make and subprocess.run([sys.executable, ENVIRONMENT_MAKER, name]).returncode != 0:
        return False
    return (environments() / name / "stamp").exists()


def load():
    """Runnable processes of late; above the number of cores somebody else is measured, too."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def print_surroundings(rounds):
    print(f"Linux {platform.release()}, {os.cpu_count()} cores, load {load()}; {rounds} rounds, medians")
    print(f"programs: {PROGRAMS}")


def chosen_sections(options):
    """The sections to run. Serena is left out where it is not wanted, or not installed and not asked for."""
    sections = options.sections or list(SECTIONS)
    wish = options.serena
    if wish is None:
        wish = {"1": True, "0": False}.get(os.environ.get("SERENA"), True if "serena" in options.sections else None)
    if wish and "serena" not in sections:
        sections = [*sections, "serena"]
    if "serena" in sections and (wish is False or not have("serena", make=bool(wish))):
        sections = [name for name in sections if name != "serena"]
        print("without serena: " + ("not wanted" if wish is False else "not installed here; --serena installs it"))
    return sections


def main():
    # With it every start of a Python server compiles it again, and whoever shares servers is flattered.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    options = arguments()
    if not (PROGRAMS / "mcp-supervisor").exists():
        sys.exit(f"bench: no programs in {PROGRAMS}; run `make build`, or set MCP_BIN")
    build_tools()
    print_surroundings(options.rounds)
    sections = chosen_sections(options)
    python = None
    if {"python", "start"} & set(sections) and have("sdk2", make=True):
        python = [str(environments() / "sdk2" / "bin" / "python"), str(PROJECT / "bench" / "echo_server.py")]
    targets = tables.Targets()
    for section in sections:
        print(f"… {section}", file=sys.stderr, flush=True)
        match section:
            case "start": starting.measure(options.rounds, targets, python)
            case "calls": calling.measure(options.rounds, targets)
            case "memory": holding.measure(options.rounds, targets)
            case "payload": calling.measure_payloads(options.rounds, targets)
            case "retrieval": retrieval.measure(targets)
            case "wire": wire.measure(targets)
            case "engine": engine.measure(options.rounds, targets)
            case "python" if python: calling.measure_python(options.rounds, targets, python)
            case "tokens": tokens.measure(targets, environments(), lambda name: have(name, make=name != "serena"))
            case "serena": serena.measure(targets, environments())
    targets.show()
    print(f"load at the end: {load()}")
    # Times of sessions and calls are judged by whoever reads them; a wrong answer is a defect on any machine, and so is a
    # tool that is not found, or costs more than it saves.
    return 1 if targets.is_defective else 0


if __name__ == "__main__":
    sys.exit(main())
