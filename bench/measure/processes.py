# SPDX-License-Identifier: Apache-2.0
"""Questions to /proc about memory and processor time."""
import os
from dataclasses import dataclass


@dataclass
class Memory:
    """Sums over processes, in KiB. PSS counts a page that n processes share as one n-th in each: the honest sum."""

    rss: int = 0
    pss: int = 0
    private: int = 0
    processes: int = 0

    def add(self, pid):
        """A process that has gone meanwhile counts nothing."""
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                fields = [line.split() for line in rollup]
        except (OSError, ValueError):
            return
        sizes = {field[0]: int(field[1]) for field in fields if field[-1] == "kB"}
        if "Rss:" not in sizes:
            return
        self.rss += sizes["Rss:"]
        self.pss += sizes["Pss:"]
        self.private += sizes["Private_Clean:"] + sizes["Private_Dirty:"]
        self.processes += 1


def memory(pids):
    """The memory of exactly these processes."""
    sums = Memory()
    for pid in pids:
        sums.add(pid)
    return sums


def children():
    """Every process's children: pid → [pid]."""
    below = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        below.setdefault(parent, []).append(int(name))
    return below


def tree(*roots):
    """The given processes and all that descend from them."""
    below, found, todo = children(), [], list(roots)
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.append(pid)
            todo += below.get(pid, [])
    return found


def processor_seconds(pids):
    """Time on a processor so far, of all threads of these processes."""
    nanoseconds = 0
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
                    nanoseconds += int(stat.read().split()[0])
        except OSError:
            continue
    return nanoseconds / 1e9
