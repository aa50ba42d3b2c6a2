# SPDX-License-Identifier: Apache-2.0
"""Where the tests of the shim run it: a login of its own for each."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

from fake_supervisor import LIMIT, FakeSupervisor

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("MCP_BIN", HERE.parent.parent / ".build" / "debug")).resolve()


class World:
    """A user's login with nothing in it yet, and what was started there."""

    def __init__(self, folder):
        self.folder = folder
        self.runtime = folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.home = folder / "home"
        self.home.mkdir()
        self.socket = self.runtime / "mcp-supervisor" / "io.mcpctl.Supervisor"
        self.environment = {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "HOME": str(self.home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            # What lies beside the shim in a build folder is the real one.
            "MCP_SUPERVISOR_BIN": str(folder / "no-supervisor"),
        }
        self.children = []
        self.supervisors = []
        self.daemons = set()

    def supervisor(self):
        fake = FakeSupervisor(str(self.socket))
        self.supervisors.append(fake)
        return fake

    def shim(self, *arguments, environment=None, **options):
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        env = self.environment if environment is None else environment
        child = subprocess.Popen([str(BIN / "mcp-shim"), *arguments], env=env, **options)
        self.children.append(child)
        return child

    def run(self, *arguments, input=b"", **options):
        """A shim from its start to its end: status, stdout and stderr."""
        child = self.shim(*arguments, **options)
        out, error = child.communicate(input, timeout=3 * LIMIT)
        return child.returncode, out or b"", (error or b"").decode()

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream is not None and not stream.closed:
                    try:
                        stream.close()
                    except BrokenPipeError:
                        pass
        for supervisor in self.supervisors:
            supervisor.close()
        for pid in self.daemons:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Events:
    """What the standalone supervisors of a world tell."""

    def __init__(self, world):
        self.world = world
        path = str(world.folder / "events")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.settimeout(LIMIT)
        self.socket.bind(path)
        program = world.folder / "mcp-supervisor"
        program.write_text(f"#!{sys.executable}\nimport runpy, sys\nsys.path.insert(0, {str(HERE)!r})\n"
                           f"runpy.run_path({str(HERE / 'standalone_supervisor.py')!r})\n")
        program.chmod(0o755)
        world.environment |= {"MCP_SUPERVISOR_BIN": str(program), "FAKE_EVENTS": path}

    def next(self, event):
        while True:
            told = json.loads(self.socket.recv(65536))
            self.world.daemons.add(told["pid"])
            if told["event"] == event:
                return told

    def rest(self):
        """What was told by now and not asked for."""
        self.socket.setblocking(False)
        told = []
        try:
            while True:
                told.append(json.loads(self.socket.recv(65536)))
        except BlockingIOError:
            self.socket.settimeout(LIMIT)
        return told
