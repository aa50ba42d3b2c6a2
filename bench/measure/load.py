# SPDX-License-Identifier: Apache-2.0
"""Runs the load program against a system."""
import json
import select
import subprocess

from . import processes
from .supervisor import clean_environment
from .systems import TOOLS


class Load:
    """Sessions that are up (`start` says how fast), and then, with `run`, make their calls."""

    def __init__(self, system, sessions, calls=0, warm_up=0, at_once=2, payload=32, groups=1, only_initialize=False):
        self.system, self.total = system, sessions * (calls + warm_up)
        options = {"-n": sessions, "-c": calls, "-w": warm_up, "-j": at_once, "-b": payload, "-g": groups}
        command = [str(TOOLS / "load"), *(str(word) for pair in options.items() for word in pair)]
        self.process = subprocess.Popen(
            [*command, *(["-i"] if only_initialize else []), "--", *system.command],
            env=system.environment or clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)

    def __enter__(self):
        self.start = self.answer("ready")
        return self

    def __exit__(self, *_):
        for _ in range(2):
            try:
                self.process.stdin.write("\n")
            except BrokenPipeError:
                break
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            for pid in processes.tree(self.process.pid):
                subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL)

    def answer(self, word, limit=300):
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith(word):
            raise RuntimeError(f"{self.system.name}: the load said {line!r} within {limit} s, not {word}")
        report = json.loads(line[len(word):])
        if report["dead"]:
            raise RuntimeError(f"{self.system.name}: {report['dead']} sessions died: {report['error']}")
        return report

    @property
    def shims(self):
        """The spawned commands; with `direct` these are the servers."""
        return processes.children().get(self.process.pid, [])

    def run(self):
        """Makes the calls; adds the processor time of everything between the sessions and the server."""
        between = self.system.daemons + (self.shims if self.system.daemons else [])
        before = processes.processor_seconds(between)
        self.process.stdin.write("\n")
        report = self.answer("done")
        used = processes.processor_seconds(between) - before
        return {**report, "cpu_us": used * 1e6 / max(self.total, 1)}
