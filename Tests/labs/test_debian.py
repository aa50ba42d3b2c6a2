# SPDX-License-Identifier: Apache-2.0
"""In a Debian booted in user-mode Linux: cgroup v2, a journal, an unprivileged user with the installed units."""
import pytest

from conftest import RELEASED

pytestmark = pytest.mark.timeout(2700)

# Faults of the list in journeys/faults_*.py that need cgroup v2 or a journal.
ROWS = [1, 2, 3, 4, 20, 21]


@pytest.fixture(scope="module", autouse=True)
def released():
    if not (RELEASED / "mcp-supervisor").exists():
        pytest.skip(f"{RELEASED} has no programs: make build")


def test_memory_runs_out_and_is_given_back(run, home):
    output = run("lab-uml", "--timeout", 600, "--memory", "768M", "--swap", "512M", "--copy", home(RELEASED), "--",
                 "/usr/bin/python3", "-u", "journeys/memory.py")
    assert "0 failed" in output


def test_a_day_with_the_installed_units(run, home):
    output = run("lab-uml", "--timeout", 600, "--copy", home(RELEASED), "--",
                 "/usr/bin/python3", "-u", "journeys/activation.py")
    assert "0 failed" in output


def test_faults_of_memory_and_stderr_under_load(run, home):
    output = run("lab-uml", "--timeout", 600, "--copy", home(RELEASED), "--env", "MCP_BIN=/home/lab/.local/bin", "--",
                 "/usr/bin/python3", "-u", "journeys/fault_rows.py", *ROWS)
    assert "0 failed" in output


def test_a_launch_may_hang_end_elsewhere_or_be_asleep(run, home):
    output = run("lab-uml", "--timeout", 400, "--copy", home(RELEASED), "--env", "MCP_BIN=/home/lab/.local/bin", "--",
                 "/usr/bin/python3", "-u", "journeys/launching.py")
    assert "0 failed" in output


def test_a_successor_goes_on_with_everything(run, home):
    output = run("lab-uml", "--timeout", 1200, "--copy", home(RELEASED), "--env", "MCP_BIN=/home/lab/.local/bin", "--",
                 "/usr/bin/python3", "-u", "journeys/succession.py")
    assert "0 failed" in output
