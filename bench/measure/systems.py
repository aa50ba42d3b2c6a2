# SPDX-License-Identifier: Apache-2.0
"""The columns: who stands between a session and the server."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from .supervisor import Supervisor

PROJECT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = PROJECT / ".build" / "bench"
ECHO = [str(TOOLS / "echo")]


def build_tools():
    """The C programs. Static where there is a static libc, as the shim is."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for name, more in (("echo", []), ("load", ["-pthread"]), ("limit", ["-static"])):
        command = ["cc", "-O2", "-o", str(TOOLS / name), str(PROJECT / "bench" / "c" / f"{name}.c")]
        if subprocess.run([*command, *more], stderr=subprocess.DEVNULL).returncode != 0:
            subprocess.run(command, check=True)


class Direct:
    """The server itself, one for every session."""

    name = "direct"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def serve(self, server):
        self.command, self.daemons, self.environment = server, [], None
        return self


class Limit:
    """A daemon and shims in C that share one server by rewriting ids, and do nothing else."""

    def __init__(self, kind):
        self.kind, self.name = kind, {"relay": "limit", "hand": "hand"}[kind]

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="mcp-")
        return self

    def serve(self, server):
        socket, program = self.folder + "/socket", str(TOOLS / "limit")
        # In a session of its own, as daemons are: the kernel schedules sessions as groups (sched_autogroup_enabled),
        # and wakes across groups cost several times as much when it puts them on different cores.
        self.process = subprocess.Popen(
            [program, "daemon", self.kind, socket, *server], stdin=subprocess.DEVNULL, start_new_session=True)
        while not os.path.exists(socket):
            time.sleep(0.001)
        self.command, self.daemons = [program, "shim", self.kind, socket], [self.process.pid]
        self.environment = None
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class Ours:
    """mcp-shim and mcp-supervisor."""

    name = "ours"

    def __enter__(self):
        self.supervisor = Supervisor().start()
        return self

    def serve(self, server, repositories=1):
        """With several repositories, `{group}` in the command names the session's."""
        for number in range(repositories):
            (self.supervisor.folder / f"repo{number}" / ".git").mkdir(parents=True)
        repository = str(self.supervisor.folder / ("repo{group}" if repositories > 1 else "repo0"))
        self.command = self.supervisor.shim(server, "--repo", repository)
        self.daemons, self.environment = [self.supervisor.pid], self.supervisor.environment
        return self

    def __exit__(self, *_):
        self.supervisor.dispose()


def all_systems():
    return [Direct(), Limit("relay"), Limit("hand"), Ours()]
