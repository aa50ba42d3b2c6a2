#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand starts and stops of backends in scopes leave no process, no unit and no descriptor behind: counted."""
import json
import os
import socket
import sys

from lab import HOME, check, finish, prop, status, systemctl, units, until

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
SOCKET = os.path.join(os.environ["XDG_RUNTIME_DIR"], "mcp-supervisor/io.mcpctl.Supervisor")
SERVER = [os.path.join(HOME, "echo-server")]


def control(connection, method, **parameters):
    call = {"method": f"io.mcpctl.Supervisor.{method}", "parameters": parameters}
    connection.sendall(json.dumps(call).encode() + b"\0")
    reply = b""
    while not reply.endswith(b"\0"):
        chunk = connection.recv(1 << 16)
        if not chunk:
            raise EOFError(f"no answer to {method}")
        reply += chunk
    return json.loads(reply[:-1])


def processes():
    """Counted from inside: programs that count would count themselves, or not yet."""
    return sum(name.isdigit() for name in os.listdir("/proc"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def main():
    path = f"{HOME}/library"
    os.makedirs(f"{path}/.git", exist_ok=True)
    systemctl("daemon-reload")
    systemctl("start", "mcp-supervisor.socket")
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(SOCKET)
    start = {"argv": SERVER, "environment": ["PATH=/usr/bin:/bin"], "repo": path}
    backend = control(connection, "Request", **start)["parameters"]["backend"]["id"]
    control(connection, "Release", backend=backend, now=True)
    pid = status()["supervisor"]["pid"]
    until(lambda: not units())
    before = processes(), descriptors(pid), len(units())
    bad = 0
    for _ in range(STARTS):
        answer = control(connection, "Request", **start)
        if "error" in answer:
            bad += 1
            print(answer, flush=True)
        else:
            control(connection, "Release", backend=answer["parameters"]["backend"]["id"], now=True)
    until(lambda: not units())
    after = processes(), descriptors(pid), len(units())
    check(f"{STARTS} starts and stops succeeded", bad == 0, bad)
    check("no process is left", after[0] <= before[0], (before, after))
    check("no descriptor is left", after[1] <= before[1], (before, after))
    check("no unit is left", after[2] == 0, units())
    check("none failed", not systemctl("list-units", "--failed", "--plain", "--no-legend", "app-mcp-*"))
    check("it was one supervisor all the time", status()["supervisor"]["pid"] == pid)
    print(f"processes, descriptors, units: before {before}, after {after}", flush=True)
    connection.close()
    systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
    check("the service stopped without a failure", prop("mcp-supervisor.service", "Result") == "success")
    finish()


main()
