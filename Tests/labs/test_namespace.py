# SPDX-License-Identifier: Apache-2.0
"""Beside a real user manager in namespaces of its own: the bus, and what a thousand backends leave behind."""
import subprocess

import pytest

from conftest import DEBUG, LABS

pytestmark = pytest.mark.timeout(1900)

# Faults of the list in journeys/faults_*.py that need no cgroup v2 and no journal.
ROWS = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25]


def test_the_bus_does_what_the_supervisor_asks(run):
    run("lab-namespace", "--timeout", 120, "--", LABS / "check", DEBUG / "systemd-probe")


def test_a_thousand_starts_and_stops_leave_nothing_behind(run, home, tmp_path):
    staged = home(DEBUG)
    subprocess.run(["cc", "-O2", "-w", "-o", staged / "echo-server", LABS.parent.parent / "bench/c/echo.c"],
                   check=True)
    output = run("lab-namespace", "--timeout", 300, "--copy", staged, "--",
                 "sh", "-c", "cd && exec python3 -u journeys/thousand.py 1000")
    assert "1000 starts and stops succeeded" in output


def test_faults_under_load_lose_nothing_and_leave_nothing(run, home):
    output = run("lab-namespace", "--timeout", 800, "--copy", home(DEBUG), "--env", "MCP_BIN=/run/home/.local/bin", "--",
                 "sh", "-c", f"cd && exec python3 -u journeys/fault_rows.py {' '.join(map(str, ROWS))}")
    assert "0 failed" in output


def test_a_successor_goes_on_with_everything(run, home):
    output = run("lab-namespace", "--timeout", 400, "--copy", home(DEBUG), "--env", "MCP_BIN=/run/home/.local/bin", "--",
                 "sh", "-c", "cd && exec python3 -u journeys/succession.py")
    assert "0 failed" in output


def test_a_launch_may_hang_or_end_elsewhere(run, home):
    output = run("lab-namespace", "--timeout", 200, "--copy", home(DEBUG), "--env", "MCP_BIN=/run/home/.local/bin", "--",
                 "sh", "-c", "cd && exec python3 -u journeys/launching.py")
    assert "0 failed" in output


def test_shortages_of_memory_are_told_apart(run, home):
    output = run("lab-namespace", "--timeout", 200, "--copy", home(DEBUG), "--env", "MCP_BIN=/run/home/.local/bin", "--",
                 "sh", "-c", "cd && exec python3 -u journeys/shortage.py")
    assert "0 failed" in output


def test_a_soak_with_systemd_loses_nothing(run, home):
    output = run("lab-namespace", "--timeout", 300, "--copy", home(DEBUG), "--env", "MCP_BIN=/run/home/.local/bin", "--",
                 "sh", "-c", "cd && exec python3 -u journeys/run.py --systemd --seconds 40 --sessions 20")
    assert "nothing lost, nothing crossed, nothing left" in output
