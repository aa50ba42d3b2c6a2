# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
from pathlib import Path

import pytest
from fake_supervisor import FakeSupervisor

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("MCP_BIN", ROOT / ".build" / "debug")).absolute()


class Mcpctl:
    """Runs the real program against a socket in the test's own directory."""

    def __init__(self, directory):
        self.directory = directory
        self.socket = directory / "control"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(directory), "MCP_SUPERVISOR_SOCKET": str(self.socket),
            "LANG": "C.UTF-8",
        }

    @property
    def binary(self):
        return str(BINARIES / "mcpctl")

    def __call__(self, *arguments, timeout=20, **options):
        options.setdefault("cwd", self.directory)
        environment = self.environment | options.pop("env", {})
        return subprocess.run(
            [self.binary, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=timeout, text=True, **options)


@pytest.fixture
def mcpctl(tmp_path):
    return Mcpctl(tmp_path)


@pytest.fixture
def supervisor(mcpctl):
    fake = FakeSupervisor(mcpctl.socket)
    yield fake
    fake.close()
