# SPDX-License-Identifier: Apache-2.0
"""Questions to /proc."""
import os
import pathlib
import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    state: str
    name: str

    @property
    def is_zombie(self):
        return self.state in "ZX"


def read(pid):
    """The process, or None if there is none of that number."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    return Process(pid, int(rest[1]), rest[0], name)


def every():
    return [p for p in map(read, (int(d) for d in os.listdir("/proc") if d.isdigit())) if p]


def is_alive(pid):
    """Runs, and is not a zombie."""
    process = read(pid)
    return process is not None and not process.is_zombie


def rests(pid):
    """How often it has gone to sleep: what wakes up for nothing does so often."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def children(pid):
    return [p for p in every() if p.parent == pid]


def descriptors(pid):
    """What the process holds open: number → what it is."""
    held = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            held[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            pass
    return held


def marked(marker):
    """Living processes whose environment holds the entry `marker` ("NAME=value"): whatever a test has started."""
    entry, found = marker.encode(), []
    for process in every():
        try:
            environment = pathlib.Path(f"/proc/{process.pid}/environ").read_bytes()
        except OSError:
            continue
        if entry in environment.split(b"\0"):
            found.append(process)
    return found


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def end(pid, with_signal=signal.SIGKILL):
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        pass
