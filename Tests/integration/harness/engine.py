# SPDX-License-Identifier: Apache-2.0
"""The engine file, built once for all tests by scripts/engine, and programs that speak with it."""
import fcntl
import hashlib
import pathlib
import struct
import subprocess
import sys

import environment
from harness.supervisor import BINARIES

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "engine"
NAME = "minilm-l6-v2.engine"


def engine_file():
    """The path of the engine file; built when scripts/engine is not the one that made it."""
    folder = environment.ROOT / "engine-file"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()
    path, stamp = folder / NAME, folder / "stamp"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or not stamp.exists() or stamp.read_text() != digest:
            done = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True)
            assert done.returncode == 0, f"scripts/engine: {done.stderr}"
            stamp.write_text(digest)
    return path


class Encoder:
    """mcp-embed with an engine file."""

    WIDTH = 384

    def __init__(self, path, *options):
        self.process = subprocess.Popen(
            [BINARIES / "mcp-embed", *options, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def __enter__(self):
        self.identity = self.process.stdout.read(8)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def encode(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()
        return struct.unpack(f"<{self.WIDTH}f", self.process.stdout.read(4 * self.WIDTH))
