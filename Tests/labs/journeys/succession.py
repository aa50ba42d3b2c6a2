#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A supervisor takes the place of another one, killed or ended in order: what must be the same for sessions, holds and
backends. Each check is made after both."""
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import harness.backend
import lab
from crowd import CONFIGURATION, alive, prop, systemctl, units, until
from harness.backend import FakeBackend
from lab import HERE, HOME, Session, check, finish, mcpctl, status

harness.backend.PROGRAM = pathlib.Path(HERE, "fake_backend.py")


class Scene:
    """A repository, a recording server and its name, for one check."""

    def __init__(self, name, config=""):
        self.name = name
        self.folder = tempfile.TemporaryDirectory(prefix="mcp", dir=HOME)
        self.path = pathlib.Path(self.folder.name, "repository")
        (self.path / ".git").mkdir(parents=True)
        self.server = FakeBackend(self.folder.name)
        CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
        CONFIGURATION.write_text('exit_idle_time = "600s"\n' + config)
        systemctl("reset-failed")
        systemctl("restart", "mcp-supervisor.socket")
        self.sessions = []

    def __enter__(self):
        return self

    def session(self, *flags, options=(), place=None, greet=True):
        new = Session(place or self.path, *self.server.command(*flags), options=("--name", self.name, *options))
        self.sessions.append(new)
        if greet:
            new.initialize()
        return new

    @property
    def backend(self):
        return next((b for b in status()["backends"] if b["server"] == self.name), {})

    def __exit__(self, *error):
        for session in self.sessions:
            session.shim.kill()
            session.shim.wait()
        systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
        check(f"{self.name}: no scope is left", until(lambda: not units(), 30), units())
        self.server.close()
        self.folder.cleanup()


def supervisor():
    return int(prop("mcp-supervisor.service", "MainPID") or 0)


def killed():
    old = supervisor()
    os.kill(old, signal.SIGKILL)
    until(lambda: supervisor() not in (0, old) and prop("mcp-supervisor.service", "ActiveState") == "active", 30)


def restarted():
    systemctl("restart", "mcp-supervisor.service")


def holds(replace, how):
    with Scene(f"held-{how}") as scene:
        command = scene.server.command()
        done = mcpctl("request", "--repo", str(scene.path), "--name", scene.name, "--hold", "1h", "--", *command)
        check(f"{how}: mcpctl request holds a backend", scene.backend.get("holds") == 1, (done.stderr, scene.backend))
        mcpctl("request", "--repo", str(scene.path), "--name", scene.name, "--hold", "3s", "--", *command)
        pid = scene.backend["pid"]
        replace()
        check(f"{how}: its holds go on", scene.backend.get("holds") == 2, scene.backend)
        check(f"{how}: with the same process", scene.backend.get("pid") == pid, scene.backend)
        check(f"{how}: a hold ends when it was to end", until(lambda: scene.backend.get("holds") == 1, 10))
        mcpctl("release", scene.backend["id"])
        check(f"{how}: a hold can be given back", scene.backend.get("holds") == 0, scene.backend)


def sleep(replace, how):
    with Scene(f"asleep-{how}") as scene:
        session = scene.session()
        session.call("echo", text="up")
        mcpctl("hibernate", scene.backend["id"])
        before = scene.backend
        check(f"{how}: it sleeps", before["state"] == "hibernated", before)
        replace()
        check(f"{how}: it goes on sleeping", scene.backend.get("state") == "hibernated", scene.backend)
        check(f"{how}: since the same time", scene.backend["hibernation"]["since"] == before["hibernation"]["since"])
        check(f"{how}: the next call wakes it", "morning" in str(session.call("echo", text="morning")))
        check(f"{how}: it is the same process", scene.backend["pid"] == before["pid"], scene.backend)


def exit_status(replace, how):
    """Of a process that is not the supervisor's child: Linux tells since 6.15."""
    with Scene(f"exit-{how}") as scene:
        session = scene.session()
        session.call("echo", text="up")
        replace()
        error = session.call("exit", status=7).get("error", {})
        last = scene.backend["last_exit"]
        tells = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= (6, 15)
        wanted = ("exit", 7) if tells else ("unknown", -1)
        check(f"{how}: the end of an adopted backend is told", (last["reason"], last["status"]) == wanted, last)
        check(f"{how}: the caller is told as much", ("status 7" if tells else "not known") in str(error), error)


def crash_loop(replace, how):
    with Scene(f"loop-{how}") as scene:
        session = scene.session()
        for death in range(5):
            session.call("die", signal=9)
            if death == 2:
                until(lambda: scene.backend.get("state") in ("ready", "idle") or "up" in str(session.call("echo", text="up")))
                replace()
            if death < 4:
                until(lambda: "up" in str(session.call("echo", text="up")), 20)
        message = str(session.call("echo", text="again"))
        check(f"{how}: deaths before and after count together", "died repeatedly" in message, message)
        replace()
        message = str(session.call("echo", text="again"))
        check(f"{how}: a crash loop is still one afterwards", "died repeatedly" in message, message)
        check(f"{how}: and its last exit is known", scene.backend.get("last_exit", {}).get("status") == 9, scene.backend)
        mcpctl("restart", scene.backend["id"])
        check(f"{how}: mcpctl restart ends it", "up" in str(session.call("echo", text="up")))


def message_size(replace, how):
    with Scene(f"size-{how}", 'message_size_max = "100K"\n') as scene:
        session = scene.session()
        session.call("echo", text="up")
        replace()
        answer = session.call("big", bytes=200_000)
        check(f"{how}: message_size_max holds for an adopted backend", "oversize" in str(answer), str(answer)[:300])
        check(f"{how}: and it goes on", "on" in str(session.call("echo", text="on")))


CHECKS = {f.__name__: f for f in (holds, sleep, exit_status, crash_loop, message_size)}


def main():
    systemctl("daemon-reload")
    for name in sys.argv[1:] or CHECKS:
        CHECKS[name](killed, "killed")
        CHECKS[name](restarted, "restarted")
    finish()


main()
