# SPDX-License-Identifier: Apache-2.0
"""What the journeys share: the installed programs, systemctl, a session, and checks that are counted."""
import json
import os
import select
import subprocess
import sys
import time

HOME = os.path.expanduser("~")
BIN = os.path.join(HOME, ".local/bin")
HERE = os.path.dirname(os.path.abspath(__file__))
passed = 0
failures = []


def check(name, condition, detail=""):
    global passed
    if condition:
        passed += 1
        print(f"ok      {name}", flush=True)
    else:
        failures.append(f"FAILED  {name}: {str(detail)[:600]}")
        print(failures[-1], flush=True)


def finish():
    """What failed is said again: who reads a long output reads its end."""
    for failure in failures:
        print(failure, flush=True)
    print(f"{passed} passed, {len(failures)} failed", flush=True)
    sys.exit(1 if failures else 0)


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def systemctl(*arguments):
    return run("systemctl", "--user", *arguments).stdout.strip()


def as_root(commands):
    """In the emulated machine only: its lab-root.path looks for the file."""
    path, new = f"{HOME}/.as-root", f"{HOME}/.as-root.new"
    with open(new, "w") as file:
        file.write(commands)
    os.rename(new, path)
    return until(lambda: not os.path.exists(path))


def prop(unit, name):
    return systemctl("show", unit, "-P", name)


def mcpctl(*arguments):
    return run(f"{BIN}/mcpctl", *arguments)


def status():
    return json.loads(mcpctl("status", "--json").stdout)


def until(question, seconds=60):
    """Asks until the answer is true: for what systemd and the kernel do in their own time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    return question()


def units(pattern="app-mcp-*.scope"):
    return [line.split()[0] for line in systemctl("list-units", "--all", "--plain", "--no-legend", pattern).splitlines()]


class Session:
    """One agent's session: the shim in front of a server's command."""

    def __init__(self, repository, *command, options=(), environment=None):
        self.shim = subprocess.Popen(
            [f"{BIN}/mcp-shim", *options, "--", *command], cwd=repository, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.buffer = b""
        self.number = 0

    def send(self, **message):
        self.shim.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.shim.stdin.flush()

    def has_line(self):
        """Something has come that `receive` would return without waiting long."""
        return b"\n" in self.buffer or bool(select.select([self.shim.stdout], [], [], 0)[0])

    def receive(self, seconds=90):
        while b"\n" not in self.buffer:
            if not select.select([self.shim.stdout], [], [], seconds)[0]:
                raise TimeoutError("no line from the shim")
            chunk = os.read(self.shim.stdout.fileno(), 65536)
            if not chunk:
                raise EOFError(self.shim.stderr.read().decode(errors="replace"))
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def request(self, method, /, patience=90, **params):
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        while True:
            message = self.receive(patience)
            if message.get("id") == self.number:
                return message

    def initialize(self):
        answer = self.request("initialize", protocolVersion="2025-11-25", capabilities={},
                              clientInfo={"name": "journey", "version": "1"})
        self.send(method="notifications/initialized")
        return answer

    def call(self, tool, /, patience=90, **arguments):
        return self.request("tools/call", patience, name=tool, arguments=arguments)

    def close(self):
        self.shim.stdin.close()
        return self.shim.wait(60)
