# SPDX-License-Identifier: Apache-2.0
"""Beside a real user manager in namespaces of its own: the bus, and what a thousand backends leave behind."""
import subprocess

import pytest

from conftest import DEBUG, LABS

pytestmark = pytest.mark.timeout(400)


def test_the_bus_does_what_the_supervisor_asks(run):
    run("lab-namespace", "--timeout", 120, "--", LABS / "check", DEBUG / "systemd-probe")


def test_a_thousand_starts_and_stops_leave_nothing_behind(run, home, tmp_path):
    staged = home(DEBUG)
    subprocess.run(["cc", "-O2", "-w", "-o", staged / "echo-server", LABS.parent.parent / "bench/c/echo.c"],
                   check=True)
    output = run("lab-namespace", "--timeout", 300, "--copy", staged, "--",
                 "sh", "-c", "cd && exec python3 -u journeys/thousand.py 1000")
    assert "1000 starts and stops succeeded" in output
