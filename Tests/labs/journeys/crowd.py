# SPDX-License-Identifier: Apache-2.0
"""A fault under load: twenty sessions call while it happens, every request is counted, and at the end nothing may be
left. What each row must show is checked by the row; what all must show, here."""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import lab
from lab import HERE, HOME, BIN, prop, systemctl, units, until
from load import Books, Caller
from world import SystemdWorld

SESSIONS = 20
CONFIGURATION = pathlib.Path(HOME, ".config/mcp-supervisor/config.toml")
RUNTIME = os.environ["XDG_RUNTIME_DIR"]
# What a backend wrote to stderr can only be read back where there is a journal.
HAS_JOURNAL = os.path.exists("/run/systemd/journal/stdout")
DEFECTS = ("lost", "answered twice, or never asked", "another's answer")


class Row:
    """One line of the result table, and the checks that made it."""

    def __init__(self, number, what):
        self.number, self.what, self.failures, self.books, self.checks = number, what, [], Books(), 0
        self.descriptors = "-"

    def check(self, name, condition, detail=""):
        self.checks += 1
        lab.check(f"{self.number}: {name}", condition, detail)
        if not condition:
            self.failures.append(name)

    def line(self):
        c = self.books.counts
        # The last error that a request under way was answered with, after the fault.
        slowest = f"{self.books.slowest_error:.2f}" if self.books.slowest_error else "-"
        return (f"{self.number:>4}  {self.what:<62} {c['sent']:>7} {c['answered']:>8} {c['errors']:>6} "
                f"{sum(c[name] for name in DEFECTS):>7} {self.descriptors:>11} {slowest:>8}  {'ok' if not self.failures else 'FAILED: ' + self.failures[0]}")


HEADER = f"{'row':>4}  {'fault':<62} {'sent':>7} {'answered':>8} {'errors':>6} {'defects':>7} {'descriptors':>11} {'error s':>8}  result"


class Crowd:
    """The installed supervisor, and sessions that call. `with Crowd(row) as crowd:`"""

    def __init__(self, row, config="", sessions=SESSIONS, times='idle_timeout = "2s"\nexit_idle_time = "5s"\n'):
        self.row, self.sessions = row, sessions
        self.folder = tempfile.TemporaryDirectory(prefix="mcp", dir=HOME)
        CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
        CONFIGURATION.write_text(times + config)
        systemctl("reset-failed")
        systemctl("start", "mcp-supervisor.socket")
        self.world = SystemdWorld(pathlib.Path(self.folder.name), repositories=3)
        self.extra = []
        self.before = self.descriptors()

    def descriptors(self):
        """How many the supervisor holds, started if need be; None when it cannot be."""
        try:
            self.world.status()
            return len(os.listdir(f"/proc/{self.supervisor()}/fd"))
        except (OSError, ValueError):
            return None

    def descriptors_are_back(self):
        """What the supervisor holds when all is over is what it held before: counted where it is the one that served."""
        served, counts = self.supervisor(), []

        def back():
            count = self.descriptors()
            if count is None or self.supervisor() != served:
                return True  # It has gone for having nothing to do, and all that it held with it.
            counts.append(count)
            return count <= self.before
        if not served or self.before is None:
            return
        self.row.check("no descriptor is left", until(back, 30), (self.before, counts[-1:]))
        if counts:
            self.row.descriptors = f"{self.before} -> {counts[-1]}"

    def __enter__(self):
        self.world.callers = [Caller(n, self.row.books, self.world.connect, seed=self.row.number) for n in range(self.sessions)]
        for caller in self.world.callers:
            caller.start()
        if self.sessions:
            until(lambda: self.row.books.counts["answered"] > self.sessions, 90)
            self.row.check("the crowd is served before", self.row.books.counts["answered"] > self.sessions)
        return self

    def breaks(self, pid, number):
        """Sends the signal that is the fault."""
        self.row.books.broken()
        os.kill(pid, number)

    def errors_come_soon(self):
        """Within a second on a machine that has nothing else to do; the table says how long it took here."""
        took = self.row.books.slowest_error
        self.row.check("whoever waited was told soon", took < self.SOON, took)

    # Seconds; other labs and builds run beside this one.
    SOON = 10

    def served_again(self, seconds=60):
        """Everybody gets answers after the fault, too."""
        before = self.row.books.counts["answered"]
        self.row.check("the crowd is served again",
                       until(lambda: self.row.books.counts["answered"] > before + 2 * self.sessions, seconds),
                       self.row.books.counts)

    def __exit__(self, kind, error, trace):
        for caller in self.world.callers:
            caller.stop()
        for caller in self.world.callers:
            caller.join(90)
        row = self.row
        row.check("no session hangs", not any(c.is_alive() for c in self.world.callers))
        for name in DEFECTS:
            row.check(f"nothing {name}", row.books.counts[name] == 0, row.books.troubles[:3])
        unexplained = [reason for reason in row.books.reasons if reason.startswith("none")]
        row.check("every error says why", not unexplained, unexplained)
        self.nothing_left()
        self.folder.cleanup()

    def nothing_left(self):
        """The invariant after every fault (no unit, no process, nothing in the descriptor store, nothing failed)."""
        row = self.row
        row.check("no scope is left", until(lambda: not units(), 30), units())
        self.descriptors_are_back()
        stored = prop("mcp-supervisor.service", "NFileDescriptorStore")
        row.check("the descriptor store is empty", stored in ("0", "", "[not set]"), stored)
        failed = systemctl("list-units", "--failed", "--plain", "--no-legend", "app-mcp-*", "mcp-supervisor*")
        row.check("no unit has failed", not failed, failed)
        systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
        row.check("no process is left", until(lambda: not self.world.left(), 30), self.world.left())

    # What rows do.

    def session(self, *flags, name=None, options=(), repository=None, cwd=None, before=()):
        """A session beside the crowd, on a backend of its own with these flags, and these words before its command."""
        repository = repository or self.world.host.folder / "beside"
        (repository / ".git").mkdir(parents=True, exist_ok=True)
        command = [*before, sys.executable, "-I", "-S", f"{HERE}/fake_backend.py", *flags]
        session = lab.Session(cwd or repository, *command, options=(*options, *(("--name", name) if name else ())),
                              environment=self.world.host.environment())
        self.extra.append(session)
        return session

    def backend(self, name):
        """The status of the only backend of this server; None when there is none."""
        found = [b for b in self.world.status()["backends"] if b["server"] == name]
        return found[0] if found else None

    def supervisor(self):
        return int(prop("mcp-supervisor.service", "MainPID") or 0)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def pause(seconds):
    """Load for a while: the crowd calls on."""
    time.sleep(seconds)


def chance(row):
    return random.Random(row.number)


def numbers(text):
    return [int(n) for n in re.findall(r"\d+", text)]


def command(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, **options)


__all__ = ["BIN", "CONFIGURATION", "Crowd", "HAS_JOURNAL", "HEADER", "HERE", "HOME", "RUNTIME", "Row", "alive", "chance", "command",
           "numbers", "pause", "prop", "systemctl", "units", "until"]
