# SPDX-License-Identifier: Apache-2.0
"""What a call costs: latency, processor time, throughput, at 1, 10 and 100 sessions, and by size."""
from .load import Load
from .systems import ECHO, all_systems
from .tables import median, median_of, number, table

CALLS = {1: 2000, 10: 800, 100: 150}
# The shorter a cell, the more another program's second of work spoils it: more rounds.
TURNS = {1: 4, 10: 2, 100: 1}
PAYLOADS = {32: 2000, 4096: 2000, 65536: 400, 1048576: 40}


def run_once(system, server, sessions, calls, payload=32):
    with system:
        system.serve(server)
        with Load(system, sessions, calls, warm_up=max(calls // 10, 2), payload=payload) as load:
            return load.run()


def interleaved(rounds, targets, server, sessions, calls, payload=32):
    """name → one report for each round, the systems taking turns, in an order that turns too."""
    reports = {system.name: [] for system in all_systems()}
    for turn in range(rounds):
        systems = all_systems()
        for system in systems[turn % len(systems):] + systems[:turn % len(systems)]:
            report = run_once(system, server, sessions, calls, payload)
            targets.wrong_answers += report["wrong"]
            reports[system.name].append(report)
    return reports


def ratio(reports, key, over="hand"):
    """The median over the rounds of ours to `over`, each within its round."""
    return median([ours[key] / max(other[key], 1e-9) for ours, other in zip(reports["ours"], reports[over])])


def added_ratio(reports, key):
    """What we add to the direct call, to what `hand` adds, each within its round."""
    rounds = zip(reports["ours"], reports["hand"], reports["direct"])
    return median([(ours[key] - direct[key]) / max(hand[key] - direct[key], 0.1) for ours, hand, direct in rounds])


def measure(rounds, targets):
    for sessions, calls in CALLS.items():
        reports = interleaved(rounds * TURNS[sessions], targets, ECHO, sessions, calls)
        show(sessions, reports)
        if sessions == 1:
            targets.add("added latency p50, of hand's", added_ratio(reports, "p50_us"), 1.5, "×")
            targets.add("added latency p99, of hand's", added_ratio(reports, "p99_us"), 2, "×")
        else:
            targets.add(f"calls/s at {sessions} sessions, of hand's", ratio(reports, "per_s"), 0.6, "×", at_least=True)
        targets.add(f"processor time a call at {sessions}, of hand's", ratio(reports, "cpu_us"), 2.5, "×")


def show(sessions, reports):
    rows = []
    direct = reports["direct"]
    for name, own in reports.items():
        added = median([r["p50_us"] - d["p50_us"] for r, d in zip(own, direct)])
        rows.append([
            name, number(median_of(own, "p50_us")), number(median_of(own, "p99_us")),
            number(added) if sessions == 1 and name != "direct" else "",
            number(median_of(own, "cpu_us")), number(median_of(own, "per_s"), 0), sum(r["wrong"] for r in own)])
    plural = "s" if sessions > 1 else ""
    table(f"Calls of the echo tool, {sessions} session{plural}, µs",
          ["", "p50", "p99", "added p50", "CPU a call", "calls/s", "wrong"], rows)


def measure_payloads(rounds, targets):
    rows = {}
    for size, calls in PAYLOADS.items():
        for name, own in interleaved(rounds, targets, ECHO, 1, calls, size).items():
            rows.setdefault(name, [name]).append(number(median_of(own, "p50_us")))
    table("Calls by size of the argument, echoed; 1 session, p50 in µs",
          ["", "32 B", "4 KiB", "64 KiB", "1 MiB"], list(rows.values()))


def measure_python(rounds, targets, server):
    single = interleaved(rounds, targets, server, 1, 300)
    ten = interleaved(rounds, targets, server, 10, 60)
    rows = [[name, number(median_of(own, "p50_us"), 0), number(median_of(own, "p99_us"), 0),
             number(median_of(ten[name], "per_s"), 0)] for name, own in single.items()]
    table("In front of a Python SDK server (mcp 2.3); direct has one for each session",
          ["", "p50 µs, 1 session", "p99 µs", "calls/s, 10 sessions"], rows)
    targets.add("Python server, p50 of direct's", ratio(single, "p50_us", over="direct"), 1.10, "×")
