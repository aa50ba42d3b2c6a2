#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service manager that does not answer, and a server that moves itself out of the scope that was made for it."""
import os
import pathlib
import signal
import time

import lab
from crowd import CONFIGURATION, alive, prop, units, until
from lab import check, finish, mcpctl, status
from scene import Scene


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def hanging():
    """start_timeout holds for the launch, too; what comes of the launch later is ended, and the next one serves."""
    with Scene("hanging", 'start_timeout = "2s"\n') as scene:
        first = scene.session("--tag", "first")
        first.call("echo", text="up")
        manager = parent(int(prop("mcp-supervisor.service", "MainPID")))
        os.kill(manager, signal.SIGSTOP)
        try:
            late = scene.session("--tag", "late", greet=False)
            begun = time.monotonic()
            answer = late.request("initialize", protocolVersion="2025-11-25", capabilities={})
            took = time.monotonic() - begun
            check(f"whoever waits is told after {took:.1f} s", took < 15 and "start_timeout" in str(answer), answer)
            check("the others are served meanwhile", "on" in str(first.call("echo", text="on")))
        finally:
            os.kill(manager, signal.SIGCONT)
        check("the next try is served", until(lambda: "result" in late.initialize(), 40))
        check("and called", "late" in str(late.call("echo", text="late")))
        check("what came of the first is gone", until(lambda: len(units()) == 2, 60), units())


def departing():
    """A server that is started through systemd-run has a scope of its own."""
    with Scene("departing") as scene:
        command = scene.server.command()
        scene.server.command = lambda *flags: ["systemd-run", "--user", "--scope", "--quiet", "--", *command]
        session = scene.session()
        session.call("echo", text="up")
        warnings = status()["supervisor"]["warnings"]
        check("the status warns", any("moved itself out of its scope" in line for line in warnings), warnings)
        pid = scene.backend["pid"]
        check("it is another scope's", "/run-" in pathlib.Path(f"/proc/{pid}/cgroup").read_text())
        check("mcpctl stop succeeds", mcpctl("stop", scene.backend["id"]).returncode == 0)
        check("and it is gone", until(lambda: not alive(pid), 20))
        check("with its scope", until(lambda: not lab.units("run-*.scope"), 20), lab.units("run-*.scope"))


def reaped_asleep():
    """The supervisor cannot be started any more while a backend sleeps: the reap unit stops that one, too."""
    with Scene("asleep") as scene:
        session = scene.session()
        session.call("echo", text="up")
        until(lambda: mcpctl("hibernate", scene.backend["id"]).returncode == 0)
        pid, supervisor = scene.backend["pid"], int(prop("mcp-supervisor.service", "MainPID"))
        check("it sleeps", scene.backend["state"] == "hibernated", scene.backend)
        good = CONFIGURATION.read_text()
        CONFIGURATION.write_text("idel_timeout = 1\n")
        os.kill(supervisor, signal.SIGKILL)
        check("the supervisor fails", until(lambda: prop("mcp-supervisor.service", "ActiveState") == "failed", 60))
        check("what sleeps is ended", until(lambda: not units() and not alive(pid), 60), units())
        CONFIGURATION.write_text(good)


hanging()
departing()
reaped_asleep()
finish()
