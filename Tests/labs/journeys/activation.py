#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A user's day with the installed units, on cgroup v2: activation by the first connection, a scope with limits, a
change of limits, an out-of-memory kill, the journal, and back to nothing."""
import os
import sys

from lab import HERE, HOME, Session, check, finish, mcpctl, prop, run, status, systemctl, units, until

CONFIGURATION = """\
idle_timeout = "3s"
exit_idle_time = "3s"
[server.hungry]
MemoryMax = "200M"
MemoryHigh = "infinity"
"""
SERVER = [sys.executable, "-I", "-S", f"{HERE}/fake_backend.py", "--stderr", "said on stderr at the start\\n"]
SOCKET = os.path.join(os.environ["XDG_RUNTIME_DIR"], "mcp-supervisor/io.mcpctl.Supervisor")


def repository():
    path = f"{HOME}/library"
    os.makedirs(f"{path}/.git", exist_ok=True)
    os.makedirs(f"{HOME}/.config/mcp-supervisor", exist_ok=True)
    with open(f"{HOME}/.config/mcp-supervisor/config.toml", "w") as file:
        file.write(CONFIGURATION)
    return path


def nothing_runs():
    systemctl("daemon-reload")
    systemctl("start", "mcp-supervisor.socket")
    check("the socket listens", prop("mcp-supervisor.socket", "ActiveState") == "active")
    check("nothing runs before the first connection", prop("mcp-supervisor.service", "ActiveState") == "inactive")
    mode = os.stat(SOCKET).st_mode & 0o777, os.stat(os.path.dirname(SOCKET)).st_mode & 0o777
    check("the socket is 0600 in 0700", mode == (0o600, 0o700), mode)


def starts_on_connection(path):
    session = Session(path, *SERVER, options=("--name", "hungry"))
    answer = session.initialize()
    check("the first connection starts the service", prop("mcp-supervisor.service", "ActiveState") == "active")
    check("initialize is answered", "result" in answer, answer)
    check("a call is answered", "hello" in str(session.call("echo", text="hello")))
    unit = units()[0]
    check("the backend has a scope of its own", unit.startswith("app-mcp-hungry.library_"), unit)
    check("in app-mcp.slice", prop(unit, "Slice") == "app-mcp.slice", prop(unit, "Slice"))
    check("with the configured MemoryMax", prop(unit, "MemoryMax") == str(200 << 20), prop(unit, "MemoryMax"))
    group = "/sys/fs/cgroup" + prop(unit, "ControlGroup")
    check("the kernel holds it to that", open(f"{group}/memory.max").read().strip() == str(200 << 20))
    backend = status()["backends"][0]
    check("its process is in the scope", str(backend["pid"]) in open(f"{group}/cgroup.procs").read().split())
    check("status names the unit", backend["unit"] == unit, backend)
    check("status says that limits are enforced", status()["supervisor"]["limits_enforced"] is True)
    check("cgroup is v2", status()["supervisor"]["cgroup"] == "v2")
    return session, unit, group


def limits_change(unit, group):
    result = mcpctl("limits", "hungry", "--set", "MemoryMax=120M")
    check("mcpctl limits --set succeeds", result.returncode == 0, result.stderr)
    check("the kernel has the new limit", open(f"{group}/memory.max").read().strip() == str(120 << 20))
    check("systemd has it, too", prop(unit, "MemoryMax") == str(120 << 20), prop(unit, "MemoryMax"))


def killed_alone(session, path, unit):
    other = Session(path, *SERVER, options=("--name", "modest"))
    other.initialize()
    other.call("echo", text="before")
    answer = session.call("allocate", bytes=400 << 20)
    message = str(answer.get("error", {}).get("message", answer))
    check("the caller hears that it was out of memory", "out of memory" in message, answer)
    check("with the limit", "limit 120.0M" in message, message)
    check("and the peak", "peak 1" in message, message)
    check("the other backend lives", "still" in str(other.call("echo", text="still")))
    last = [b for b in status()["backends"] if b["server"] == "hungry"][0]["last_exit"]
    check("status tells it, too", last["reason"] == "oom", last)
    check("the next call works", "again" in str(session.call("echo", text="again")))
    check("in a new scope", [u for u in units() if "hungry" in u] != [unit], units())
    other.close()


def logs(unit):
    def lines():
        return run("journalctl", "--user", "-u", unit, "-o", "cat", "--no-pager").stdout
    check("journalctl -u shows its stderr", until(lambda: "said on stderr at the start" in lines()), lines())
    check("journalctl -u shows why it was killed", until(lambda: "out of memory" in lines()), lines())
    shown = mcpctl("logs", "hungry", "-n", "50")
    check("mcpctl logs shows it", "said on stderr at the start" in shown.stdout, shown)
    records = run("journalctl", "--user", "-u", unit, "-o", "json", "--no-pager").stdout
    check("with the server's name in the identifier", '"SYSLOG_IDENTIFIER":"hungry-library-' in records, records)


def back_to_nothing(session, path):
    check("the session ends with 0", session.close() == 0)
    check("idle: the backends are gone", until(lambda: not units()), units())
    check("then the supervisor is gone",
          until(lambda: prop("mcp-supervisor.service", "ActiveState") == "inactive"))
    check("without a failure", prop("mcp-supervisor.service", "Result") == "success")
    again = Session(path, *SERVER, options=("--name", "hungry"))
    again.initialize()
    check("the next connection brings both back", "back" in str(again.call("echo", text="back")) and units())
    systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
    again.shim.kill()
    check("stopping the service leaves no scope", until(lambda: not units()), units())


def main():
    path = repository()
    nothing_runs()
    session, unit, group = starts_on_connection(path)
    limits_change(unit, group)
    killed_alone(session, path, unit)
    logs(unit)
    back_to_nothing(session, path)
    finish()


main()
