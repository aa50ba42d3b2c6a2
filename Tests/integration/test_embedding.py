# SPDX-License-Identifier: Apache-2.0
"""mcp-embed and the engine file: vectors beside those of the model in full precision, and what is said of bad files."""
import base64
import json
import math
import pathlib
import shutil
import struct
import subprocess
import sys

import pytest

from harness.engine import SCRIPT, Encoder, engine_file
from harness.supervisor import BINARIES

# The engine may have to be fetched and built first.
pytestmark = pytest.mark.timeout(300)

REFERENCE = pathlib.Path(__file__).resolve().parent / "embedding" / "reference.json"


@pytest.fixture(scope="module")
def engine():
    return engine_file()


def cosine(a, b):
    product = sum(x * y for x, y in zip(a, b))
    return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def test_vectors_are_the_models_own(engine):
    """In all scripts, at all lengths: eight bits a weight cost less than a thousandth."""
    worst, total = (1.0, ""), 0.0
    cases = json.loads(REFERENCE.read_text())
    with Encoder(engine) as encoder:
        for case in cases:
            expected = struct.unpack("<384e", base64.b64decode(case["vector"]))
            vector = encoder.encode(case["text"])
            assert abs(sum(x * x for x in vector) - 1) < 1e-5
            worst = min(worst, (cosine(vector, expected), case["text"][:40]))
            total += cosine(vector, expected)
    print(f"worst cosine {worst}, mean {total / len(cases):.5f} of {len(cases)}")
    assert worst[0] >= 0.999 and total / len(cases) > 0.9995


def test_texts_are_answered_in_order_until_the_input_ends(engine):
    texts = ["find a file", "", "send an email", "find a file"]
    done = subprocess.run([BINARIES / "mcp-embed", "--nice", engine], input="".join(t + "\n" for t in texts).encode(),
                          capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    vectors = [done.stdout[8 + start:8 + start + 1536] for start in range(0, 4 * 1536, 1536)]
    assert len(done.stdout) == 8 + 4 * 1536
    assert vectors[0] == vectors[3] and len(set(vectors)) == 3


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "grown", "flipped", "foreign", "newer"])
def test_a_bad_file_is_one_clear_line(engine, folder, damage):
    path = pathlib.Path(folder) / "bad.engine"
    content = bytearray(engine.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    elif damage == "newer":
        content[8] = 9
    content = {"empty": b"", "cut": content[:-64], "grown": content + bytes(64),
               "foreign": b"\x7fELF" + content[4:]}.get(damage, content)
    if damage != "missing":
        path.write_bytes(content)
    done = subprocess.run([BINARIES / "mcp-embed", path], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"mcp-embed: cannot use {path}: "), done.stderr


def test_the_file_is_replaced_as_a_whole_with_its_notice(engine, folder):
    target = pathlib.Path(folder) / "new" / "minilm.engine"
    done = subprocess.run([sys.executable, SCRIPT, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == engine.read_bytes(), "two builds differ"
    assert "SHA-256" in done.stdout
    assert sorted(p.name for p in target.parent.iterdir()) == ["minilm.engine", "minilm.engine.NOTICE"]
    assert "Apache License, Version 2.0" in target.with_name("minilm.engine.NOTICE").read_text()
    shutil.rmtree(target.parent)
