# SPDX-License-Identifier: Apache-2.0
"""A supervisor of a test's own, with its own folders, and the sessions that go through it."""
import json
import os
import pathlib
import signal
import subprocess
import uuid

from . import processes
from .agent import Agent
from .control import ControlConnection
from .waiting import eventually

PROJECT = pathlib.Path(__file__).resolve().parents[3]
# The environment decides first: a lab has its own copy of these files, and of the programs.
BINARIES = pathlib.Path(os.environ.get("MCP_BIN", PROJECT / ".build" / "debug")).absolute()
LIMIT_S = 60.0


class Host:
    """Folders, environment and sessions of one test; the base of both ways to run a backend."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.marker = f"MCP_TEST_MARK={uuid.uuid4().hex}"
        self.agents = []
        for name in ("runtime", "state", "config/mcp-supervisor", "home"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        self.socket = str(self.folder / "runtime" / "mcp-supervisor" / "io.mcpctl.Supervisor")

    def environment(self, **more):
        """A clean environment with this host's folders; a value of None leaves the variable out."""
        name, _, value = self.marker.partition("=")
        base = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder / "home"), name: value,
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"), "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"), "MCP_SUPERVISOR_SOCKET": self.socket,
            # As in the unit: a debug build would spend seconds on the backtrace of a crash.
            "SWIFT_BACKTRACE": "enable=no", **more,
        }
        return {key: value for key, value in base.items() if value is not None}

    def agent(self, command, cwd, options=(), env=None, sockets=False):
        """A new session: the command, in front of it whatever this host puts there."""
        agent = Agent(self.front(command, options), cwd, self.environment(**(env or {})), sockets)
        self.agents.append(agent)
        return agent

    def front(self, command, options=()):
        raise NotImplementedError

    def dispose(self):
        self.end_agents()
        self.expect_nothing_left()

    def end_agents(self):
        for agent in self.agents:
            agent.end_input()
        for agent in self.agents:
            agent.dispose()

    def expect_nothing_left(self, timeout=LIMIT_S):
        """Nothing that carries this test's mark is alive; what is gets killed, so that the next test has peace."""
        try:
            eventually(lambda: not processes.marked(self.marker), "no process of this test is left", timeout)
        except AssertionError:
            left = [(p.pid, p.state, processes.command_line(p.pid)) for p in processes.marked(self.marker)]
            for pid, _, _ in left:
                processes.end(pid)
            raise AssertionError(f"processes left behind: {left}") from None


class Direct(Host):
    """No supervisor, no shim: the command itself. Shows that a test is right about the server."""

    def front(self, command, options=()):
        return list(command)

    def dispose(self):
        self.end_agents()
        for process in processes.marked(self.marker):
            processes.end(process.pid)
        self.expect_nothing_left()


class Supervisor(Host):
    """mcp-supervisor with the direct launcher: backends are its children."""

    def __init__(self, folder, config=""):
        super().__init__(folder)
        self.process = None
        self.clean = True
        self.configure(config)

    def configure(self, text):
        (self.folder / "config" / "mcp-supervisor" / "config.toml").write_text(text)

    def front(self, command, options=()):
        return [str(BINARIES / "mcp-shim"), *options, *(["--", *command] if command else [])]

    # Its own life.

    def start(self, *options, **environment):
        """Starts it and waits until it answers; remembers its descriptors to compare with at the end."""
        command = [str(BINARIES / "mcp-supervisor"), "--launcher", "direct", "--foreground", *options]
        with open(self.folder / "supervisor.log", "ab") as log:
            self.process = subprocess.Popen(
                command, cwd="/", env=self.environment(**environment), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )
        eventually(self.answers, lambda: f"the supervisor answers; its log: {self.log()}", LIMIT_S)
        self.base = processes.descriptors(self.pid)
        return self

    def answers(self):
        assert self.process is None or self.process.poll() is None, f"the supervisor ended: {self.log()}"
        try:
            return bool(self.status())
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    @property
    def pid(self):
        return self.process.pid if self.process else self.status()["supervisor"]["pid"]

    def log(self):
        path = self.folder / "supervisor.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def kill(self, with_signal=signal.SIGKILL):
        """Ends the supervisor (not its sessions) and waits for its death."""
        self.process.send_signal(with_signal)
        status = self.process.wait(LIMIT_S)
        self.process = None
        return status

    # Asking it.

    def control(self):
        return ControlConnection(self.socket)

    def status(self):
        """`Status` by the raw socket."""
        with self.control() as connection:
            reply = connection.call("Status", {"backend": None})
        assert "error" not in reply, reply
        return reply["parameters"]

    def backends(self):
        return self.status()["backends"]

    def backend(self):
        """The only backend there is."""
        backends = self.backends()
        assert len(backends) == 1, backends
        return backends[0]

    def sessions(self):
        return self.status()["sessions"]

    def session_of(self, agent):
        """The session of an agent, by the pid of its shim."""
        return eventually(lambda: next((s for s in self.sessions() if s["pid"] == agent.pid), None), "the session")

    def wait_state(self, state, timeout=LIMIT_S):
        """Waits until the only backend is in `state`, and returns its status."""
        def check():
            backends = self.backends()
            return backends[0] if len(backends) == 1 and backends[0]["state"] == state else None
        return eventually(check, lambda: f"the backend is {state}: {self.backends()}", timeout)

    def ctl(self, *arguments, timeout=LIMIT_S, input=None, cwd="/", env=None):
        """Runs mcpctl; returns the finished process with text."""
        return subprocess.run(
            [str(BINARIES / "mcpctl"), *map(str, arguments)], env=self.environment(**(env or {})), cwd=cwd,
            capture_output=True, text=True, timeout=timeout, input=input, stdin=None if input else subprocess.DEVNULL,
        )

    def ctl_json(self, *arguments):
        """Runs mcpctl with --json, expects success, and returns the document."""
        done = self.ctl(*arguments, "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    # Its end, and what must be true then.

    def dispose(self):
        """Ends everything and checks that nothing stays: sessions, backends, descriptors, zombies, processes."""
        try:
            self.end_agents()
            if self.process is not None and self.process.poll() is None and self.clean:
                self.expect_rest()
        finally:
            self.stop()
        self.expect_nothing_left()

    def expect_rest(self):
        """With the sessions gone and the backends stopped, the supervisor is as it was at the start."""
        eventually(lambda: self.sessions() == [], "all sessions are over")
        with self.control() as connection:
            for backend in self.backends():
                connection.call("Stop", {"backend": backend["id"]})
        eventually(lambda: processes.children(self.pid) == [], "the supervisor has no children, not even zombies")
        eventually(
            lambda: len(processes.descriptors(self.pid)) <= len(self.base),
            lambda: f"descriptors are back to {self.base}; now {processes.descriptors(self.pid)}",
        )

    def stop(self):
        """Asks it to end with SIGTERM; a supervisor that a shim started is found by its mark."""
        pids = [self.process.pid] if self.process else [
            p.pid for p in processes.marked(self.marker) if p.name.startswith("mcp-supervisor")
        ]
        for pid in pids:
            processes.end(pid, signal.SIGTERM)
        if self.process is not None:
            status = self.process.wait(LIMIT_S)
            self.process = None
            assert status == 0, f"the supervisor ended with {status}: {self.log()}"
