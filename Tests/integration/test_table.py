# SPDX-License-Identifier: Apache-2.0
"""scripts/table: what it trains with, and the file that it writes, with a teacher that takes no time."""
import os
import pathlib
import struct
import subprocess
import sys
import zlib

import pytest

import environment
from harness.engine import engine_file

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# Answers each line with a vector that its words decide, and counts the lines beside the engine file.
TEACHER = """\
#!{python}
import hashlib, struct, sys
out = sys.stdout.buffer
out.write(b"identity")
for number, line in enumerate(sys.stdin.buffer, 1):
    seed = [value - 127.5 for word in line.split() or [b""] for value in hashlib.sha384(word).digest()]
    vector = [seed[place % len(seed)] + place % 7 for place in range(384)]
    length = sum(value * value for value in vector) ** 0.5
    out.write(struct.pack("<384f", *(value / length for value in vector)))
    open(sys.argv[-1] + ".count", "a").write(".")
"""


@pytest.fixture(scope="module", autouse=True)
def needed():
    """The model's vocabulary, and what the training computes with."""
    engine_file()
    environment.ensure(["table"])


@pytest.fixture
def make(tmp_path):
    """A function that makes a small table and returns its file and how many texts the teacher was asked."""
    teacher, engine, texts = tmp_path / "teacher", tmp_path / "engine", tmp_path / "texts"
    teacher.write_text(TEACHER.format(python=sys.executable))
    teacher.chmod(0o755)
    engine.write_text(f"no model {os.getpid()}")
    texts.write_text("".join(f"rename the symbol {number} everywhere in the project\n" for number in range(80)))

    def run(name, *options):
        count = pathlib.Path(f"{engine}.count")
        count.write_text("")
        done = subprocess.run(
            [PROJECT / "scripts" / "table", tmp_path / name, "--texts", "600", "--epochs", "2", "--pieces", "300",
             "--batch", "64", "--threads", "1", "--more", texts, "--embed", teacher, "--engine", engine, "--kept",
             tmp_path / "kept", *options], capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return tmp_path / name, len(count.read_text())

    return run


def test_slopes_are_those_of_the_losses():
    python = environment.ROOT / "table" / "bin" / "python"
    check = PROJECT / "Tests" / "integration" / "embedding" / "check_slopes.py"
    done = subprocess.run([python, check], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_file_has_every_part_in_its_place(make):
    path, asked = make("table.bin")
    content = path.read_bytes()
    magic, width, rows, words = struct.unpack("<4s3I", content[:16])
    assert (magic, width) == (b"1BTS", 256) and 300 <= rows < 500
    assert len(content) == 16 + 4 * rows + rows * width + 4 * 384 * width + words
    assert len(content[-words:].decode().splitlines()) == rows
    assert asked >= 600
    assert int(path.with_name("table.bin.crc32").read_text(), 16) == zlib.crc32(content)
    assert "Apache License" in path.with_name("table.bin.NOTICE").read_text()


def test_the_same_parts_give_the_same_table_and_the_teacher_is_asked_once(make):
    first, asked = make("first.bin")
    second, asked_again = make("second.bin")
    assert first.read_bytes() == second.read_bytes()
    assert asked > 0 and asked_again == 0
    other, _ = make("other.bin", "--seed", "1")
    assert other.read_bytes() != first.read_bytes()


def test_a_missing_engine_is_named_with_the_way_out(tmp_path):
    done = subprocess.run([PROJECT / "scripts" / "table", tmp_path / "table.bin", "--engine", tmp_path / "none"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "run `make build engine` first" in done.stderr
    assert not (tmp_path / "table.bin").exists()
