# SPDX-License-Identifier: Apache-2.0
"""Where a soak happens: the programs with the direct launcher, or the installed units beside a real user manager."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

from harness import processes
from harness.agent import Agent
from harness.supervisor import Supervisor
from harness.waiting import eventually

HERE = pathlib.Path(__file__).resolve().parent
# Beside this file where a lab has its own copy.
BACKEND = next(path for path in (HERE / "fake_backend.py", HERE.parent / "backends" / "fake_backend.py") if path.exists())


class World:
    """What the callers and the faults need of either kind."""

    def __init__(self, host, repositories):
        self.host, self.callers, self.timers = host, [], []
        self.places = []
        for number in range(repositories):
            place = host.folder / f"repository-{number}"
            (place / ".git").mkdir(parents=True)
            self.places.append(place)

    def command(self, server):
        return [sys.executable, "-I", "-S", str(BACKEND), "--tag", f"soak-{server}"]

    def connect(self, number):
        """A session on one of the backends: every repository has two servers."""
        return self.session(self.places[number % len(self.places)], number // len(self.places) % 2)

    def session(self, place, server):
        command = self.host.front(self.command(server), [])
        return Agent(command, place, self.host.environment())

    def provoke(self, tool, **arguments):
        """Asks a backend for a misbehaviour, in a session of its own."""
        agent = self.session(self.places[0], 0)
        try:
            agent.initialize(timeout=30)
            agent.answer(agent.call(tool, **arguments), 30)
            return f"asked a backend to {tool}"
        finally:
            agent.dispose()

    def later(self, seconds, act):
        timer = threading.Timer(seconds, act)
        timer.start()
        self.timers.append(timer)

    def settle(self):
        for timer in self.timers:
            timer.join()

    def status(self):
        done = self.host.ctl("status", "--json", timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else {"backends": [], "sessions": []}

    def backends(self):
        return self.status()["backends"]

    def stop_backend(self, random):
        backends = self.backends()
        if not backends:
            return None
        chosen = random.choice(backends)["id"]
        return f"mcpctl stop {chosen}: {self.host.ctl('stop', chosen, timeout=60).returncode}"

    def reload(self, random):
        return f"mcpctl reload: {self.host.ctl('reload', timeout=30).returncode}"

    def left(self):
        """What is still there of it."""
        return [(p.pid, processes.command_line(p.pid)) for p in processes.marked(self.host.marker)]


class DirectWorld(World):
    """No systemd: backends are the supervisor's children, and shims start the next supervisor."""

    name = "direct launcher"

    def __init__(self, folder, repositories):
        host = Supervisor(folder, 'idle_timeout = "2s"\nexit_idle_time = "2s"\n')
        super().__init__(host, repositories)

    def begin(self):
        """The first shim starts it, as for a user without systemd."""

    def pid(self):
        return self.status().get("supervisor", {}).get("pid")

    def kill_supervisor(self, random):
        pid = self.pid()
        if not pid:
            return None
        os.kill(pid, signal.SIGKILL)
        return f"killed the supervisor (process {pid})"

    def restart_supervisor(self, random):
        pid = self.pid()
        if not pid:
            return None
        os.kill(pid, signal.SIGTERM)
        return f"ended the supervisor (process {pid})"

    def end(self):
        """With no session left everything goes by itself."""
        self.settle()
        try:
            eventually(lambda: not self.left(), "everything has gone by itself", 60)
        except AssertionError:
            pass
        return [f"process {pid}: {' '.join(line)}" for pid, line in self.left()]


class SystemdWorld(World):
    """The installed units beside a user manager, in a lab."""

    name = "systemd"

    def __init__(self, folder, repositories):
        host = Supervisor(folder)
        # The installed programs, and the folders of the user whose manager this is.
        host.socket = os.path.join(os.environ["XDG_RUNTIME_DIR"], "mcp-supervisor/io.mcpctl.Supervisor")
        keep = {name: os.environ[name] for name in ("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")}
        plain = host.environment
        host.environment = lambda **more: plain(**{
            **keep, "XDG_STATE_HOME": None, "XDG_CONFIG_HOME": None, "MCP_SUPERVISOR_SOCKET": None, **more})
        super().__init__(host, repositories)

    def systemctl(self, *arguments):
        return subprocess.run(["systemctl", "--user", *arguments], capture_output=True, text=True, timeout=120)

    def property(self, unit, name):
        return self.systemctl("show", unit, "-P", name).stdout.strip()

    def begin(self):
        configuration = pathlib.Path(os.environ["HOME"], ".config/mcp-supervisor")
        configuration.mkdir(parents=True, exist_ok=True)
        (configuration / "config.toml").write_text('idle_timeout = "2s"\nexit_idle_time = "600s"\n')
        self.systemctl("daemon-reload")
        self.systemctl("start", "mcp-supervisor.socket")

    def again(self):
        """The start limit is there for supervisors that cannot run; this one is only killed often."""
        self.systemctl("reset-failed", "mcp-supervisor.service")

    def kill_supervisor(self, random):
        self.again()
        done = self.systemctl("kill", "-s", "KILL", "--kill-whom=main", "mcp-supervisor.service")
        return f"killed the supervisor: {done.returncode}"

    def restart_supervisor(self, random):
        self.again()
        return f"systemctl restart: {self.systemctl('restart', 'mcp-supervisor.service').returncode}"

    def units(self):
        lines = self.systemctl("list-units", "--all", "--plain", "--no-legend", "app-mcp-*.scope").stdout
        return [line.split()[0] for line in lines.splitlines()]

    def end(self):
        self.settle()
        try:
            eventually(lambda: not self.units(), "every scope has gone", 60)
        except AssertionError:
            pass
        left = [f"unit {unit}" for unit in self.units()]
        if left:
            left.append(f"with this status: {json.dumps(self.status())}")
        stored = self.property("mcp-supervisor.service", "NFileDescriptorStore")
        if stored not in ("0", ""):
            left.append(f"{stored} descriptors in the store")
        self.systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
        return left + [f"process {pid}: {' '.join(line)}" for pid, line in self.left()]
