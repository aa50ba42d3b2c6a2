# SPDX-License-Identifier: Apache-2.0
"""Runs a journey in a lab and makes each of its checks visible; a lab that cannot run here is a skipped test."""
import os
import pathlib
import subprocess

import pytest

LABS = pathlib.Path(__file__).parent
PROJECT = LABS.parent.parent
DEBUG = pathlib.Path(os.environ.get("MCP_BIN", PROJECT / ".build/debug"))
# What runs as another user in a booted Debian brings its Swift library along.
RELEASED = pathlib.Path(os.environ.get("MCP_RELEASED_BIN", PROJECT / ".build/programs"))
CANNOT_RUN = 77


@pytest.fixture
def home(tmp_path):
    """A function that makes a home directory with the program installed in it."""

    def stage(binaries):
        subprocess.run([LABS / "stage", binaries, tmp_path], check=True)
        subprocess.run(["chmod", "-R", "a+rX", tmp_path], check=True)
        return tmp_path

    return stage


def run(lab, *arguments):
    """What a job in a lab printed; fails with it when the job failed."""
    done = subprocess.run([LABS / lab, *map(str, arguments)], cwd=PROJECT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = done.stdout.splitlines()
    print(*(line for line in lines if not line.startswith("ok ")), sep="\n")
    if done.returncode == CANNOT_RUN:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    # Its failed checks before its last words: a job that failed early may have said much since.
    failed = "\n".join(line for line in lines if line.startswith("FAILED "))
    assert done.returncode == 0, f"{lab} ended with {done.returncode}:\n{failed}\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(name="run")
def run_fixture(record_property):
    """A whole machine beside a busy one keeps no time: what fails is tried a second time, and the first is told in the
    report, whose reader prints it. A defect fails twice."""

    def twice(*arguments):
        try:
            return run(*arguments)
        except AssertionError as first:
            record_property("tried again after", str(first))
            return run(*arguments)

    return twice
