# SPDX-License-Identifier: Apache-2.0
"""A supervisor of our own, in folders of its own: a user's real one is neither seen nor disturbed."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("MCP_BIN", PROJECT / ".build" / "programs")).absolute()
LIMIT_S = 30


def clean_environment(**more):
    """What a measured program gets. Without PYTHONDONTWRITEBYTECODE, with which every start of a Python server would
    compile it again and flatter whoever shares it."""
    kept = ("PATH", "LANG", "TMPDIR", "USER", "LOGNAME")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **more}


class Supervisor:
    def __init__(self, folder=None, **environment):
        # A short path: a socket's has at most 107 bytes.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="mcp-"))
        self.socket = str(self.folder / "run" / "io.mcpctl.Supervisor")
        for name in ("run", "state", "config", "home"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        self.process = None
        self.environment = clean_environment(
            HOME=str(self.folder / "home"), XDG_STATE_HOME=str(self.folder / "state"),
            XDG_CONFIG_HOME=str(self.folder / "config"), XDG_RUNTIME_DIR=str(self.folder / "run"),
            MCP_SUPERVISOR_SOCKET=self.socket, **environment)

    def start(self, launcher="direct"):
        with open(self.folder / "supervisor.log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "mcp-supervisor", "--launcher", launcher, "--foreground"], cwd="/", env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait_until_up()
        return self

    def wait_until_up(self):
        end = time.monotonic() + LIMIT_S
        while not self.is_up():
            if time.monotonic() > end or (self.process and self.process.poll() is not None):
                raise RuntimeError(f"the supervisor did not come up: {self.log()}")
            time.sleep(0.005)

    def is_up(self):
        try:
            self.ask("Status", backend=None)
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def log(self):
        path = self.folder / "supervisor.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else "no log"

    def ask(self, method, **parameters):
        """One Varlink call."""
        call = json.dumps({"method": f"io.mcpctl.Supervisor.{method}", "parameters": parameters}).encode()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT_S)
            connection.connect(self.socket)
            connection.sendall(call + b"\0")
            answer = b""
            while not answer.endswith(b"\0"):
                part = connection.recv(1 << 16)
                if not part:
                    raise RuntimeError(f"the supervisor hung up on {method}: {self.log()}")
                answer += part
        reply = json.loads(answer[:-1])
        if reply.get("error"):
            raise RuntimeError(f"{method}: {reply}")
        return reply["parameters"]

    @property
    def pid(self):
        return self.process.pid if self.process else self.ask("Status", backend=None)["supervisor"]["pid"]

    def shim(self, command, *options):
        return [str(PROGRAMS / "mcp-shim"), *options, "--", *command]

    def stop_backends(self):
        for backend in self.ask("Status", backend=None)["backends"]:
            if backend["state"] != "stopped":
                self.ask("Stop", backend=backend["id"])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def dispose(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
