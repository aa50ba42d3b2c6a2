# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the search engine on the other processor: its instructions, and the same numbers."""
import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

from harness.supervisor import PROJECT

SOURCES = PROJECT / "Sources/CEmbedding"
KERNEL = SOURCES / "CEmbedding.c"
# Of the Swift toolchain, which need not have it in PATH.
CLANG = shutil.which("clang") or pathlib.Path(os.path.realpath(shutil.which("swift"))).parent / "clang"
COMPILER = [CLANG, "-O2", "-Wall", "-Werror", f"-I{SOURCES}/include"]
CROSS = ["--target=aarch64-linux-gnu", "-fuse-ld=lld", "-static"]
# Multiplies four floats at once.
NEON = re.compile(r"\bf(?:mla|mul)\s+v\d+\.4s")

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernel of this processor is tested in Swift")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def forward(path, *options):
    """The program that does a layer and prints each number, built."""
    subprocess.run([*COMPILER, *options, PROJECT / "Tests/integration/kernels/forward.c", KERNEL, "-lm", "-o", path],
                   check=True)
    return path


def test_aarch64_computes_in_its_vectors():
    assert len(NEON.findall(output(*COMPILER, *CROSS[:1], "-S", KERNEL, "-o", "-"))) > 100


def test_aarch64_computes_the_same(tmp_path):
    here = output(forward(tmp_path / "here")).splitlines()
    there = output("qemu-aarch64", forward(tmp_path / "there", *CROSS)).splitlines()
    assert len(here) == len(there) > 10_000
    assert here[-1] == there[-1], "the checksum is of integers"
    for ours, theirs in zip(here[:-1], there[:-1]):
        (name, a), (other, b) = ours.split(), theirs.split()
        assert name == other and float(a) == pytest.approx(float(b), rel=1e-4, abs=1e-5), name
