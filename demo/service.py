# SPDX-License-Identifier: Apache-2.0
"""The demo's own supervisor: under the user's systemd where there is one, else as a child; and the end of everything."""
import os
import pathlib
import signal
import subprocess
import time

from measure.supervisor import LIMIT_S, PROGRAMS


def has_user_manager():
    """Whether a user's service manager answers."""
    try:
        asked = subprocess.run(["systemctl", "--user", "show-environment"], capture_output=True, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


class Service:
    def __init__(self, supervisor, under_systemd):
        self.supervisor = supervisor
        self.unit = f"mcp-demo-{os.getpid()}.service" if under_systemd else None
        self.mark = f"MCP_DEMO={supervisor.environment['MCP_DEMO']}".encode()

    def start(self):
        """Starts it; says how."""
        if not self.unit:
            self.supervisor.start("direct")
            return "as a child, because no user's systemd answers here (limits are not enforced then)"
        kept = {name: value for name, value in self.supervisor.environment.items() if name != "XDG_RUNTIME_DIR"}
        variables = [f"--setenv={name}={value}" for name, value in kept.items()]
        subprocess.run(
            ["systemd-run", "--user", "--quiet", "--collect", f"--unit={self.unit}", "--service-type=notify",
             *variables, PROGRAMS / "mcp-supervisor", "--launcher", "auto"], check=True)
        self.supervisor.wait_until_up()
        return f"as {self.unit} of your systemd"

    def end(self):
        """Stops the supervisor, ends whatever of the demo still lives, and removes its folder."""
        if self.unit:
            subprocess.run(["systemctl", "--user", "--quiet", "stop", self.unit], stderr=subprocess.DEVNULL)
        self.supervisor.stop()
        end = time.monotonic() + LIMIT_S
        while self.left() and time.monotonic() < end:
            time.sleep(0.1)
        for pid in self.left():
            print(f"still running after {LIMIT_S} s, killed: {pid}")
            os.kill(pid, signal.SIGKILL)
        self.supervisor.dispose()

    def left(self):
        """Processes that carry the demo's mark in their environment."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and self.mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found
