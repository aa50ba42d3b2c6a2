# SPDX-License-Identifier: Apache-2.0
"""How soon a session is up: a new shim beside a running server, a hundred of them, and a server that is not running."""
import os
import signal
import time

from .load import Load
from .systems import ECHO, Ours, all_systems
from .tables import median_of, number, table

WARM = 100
ALL = 100
COLD = 10


def measure(rounds, targets, python_server):
    warm, crowd, cold, bare = {}, {}, [], []
    for _ in range(rounds):
        for system in all_systems():
            with system:
                system.serve(ECHO)
                # The first session also starts the server.
                with Load(system, 1):
                    with Load(system, WARM, at_once=1) as load:
                        warm.setdefault(system.name, []).append(load.start)
                    with Load(system, ALL) as load:
                        crowd.setdefault(system.name, []).append(load.start)
        cold += cold_starts(python_server or ECHO)
        bare.append(bare_start())
    show(targets, warm, crowd, cold, bare, bool(python_server))


def cold_starts(server):
    """The server stopped, its handshake known from before: what a session waits for `initialize`."""
    reports = []
    with Ours() as system:
        system.serve(server)
        with Load(system, 1):
            pass
        for _ in range(COLD):
            system.supervisor.stop_backends()
            with Load(system, 1, only_initialize=True) as load:
                reports.append(load.start)
    return reports


def bare_start():
    """Nothing runs: the first shim starts the supervisor, which starts the server."""
    with Ours() as system:
        system.serve(ECHO)
        system.supervisor.stop()
        with Load(system, 1) as load:
            report = load.start
        end_self_started(system.supervisor)
    return report


def end_self_started(supervisor):
    """Ends a supervisor that a shim started, which is nobody's child here."""
    supervisor.stop_backends()
    pid = supervisor.ask("Status", backend=None)["supervisor"]["pid"]
    with open(f"/proc/{pid}/cmdline") as line:
        assert "mcp-supervisor" in line.read()
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.01)


def show(targets, warm, crowd, cold, bare, is_python):
    rows = []
    for name, reports in warm.items():
        p50, p99 = median_of(reports, "p50_ms"), median_of(reports, "p99_ms")
        rows.append([name, number(p50, 2), number(p99, 2), number(median_of(crowd[name], "all_ms"), 0)])
    table(f"Start of a session, ms: spawn to `initialize` answered ({WARM} one after another), and {ALL} all up",
          ["", "p50", "p99", f"{ALL} up"], rows)
    server = "Python SDK server" if is_python else "echo server"
    table("Start of a session where less is running, ms", ["", "p50", "slowest"], [
        [f"{server} stopped, handshake from the snapshot", *spread(cold)],
        ["no supervisor either: the shim starts it, and it the echo server", *spread(bare)]])
    ours, limit = median_of(warm["ours"], "p50_ms"), median_of(warm["limit"], "p50_ms")
    targets.add("start p50, warm", ours, 5, "ms")
    targets.add("start p50, warm, of limit's", ours / limit, 2, "×")
    targets.add("start p50, server stopped", median_of(cold, "p50_ms"), 10, "ms")
    targets.add("100 sessions up", median_of(crowd["ours"], "all_ms") / 1e3, 0.5, "s")


def spread(reports):
    return number(median_of(reports, "p50_ms"), 2), number(max(report["p50_ms"] for report in reports), 2)
