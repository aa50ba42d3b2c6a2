# SPDX-License-Identifier: Apache-2.0
"""A place for one check: a repository, a server that tells what it receives, and the installed units."""
import pathlib
import tempfile

import harness.backend
from crowd import CONFIGURATION, systemctl, units, until
from harness.backend import FakeBackend
from lab import HERE, HOME, Session, check, status

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
