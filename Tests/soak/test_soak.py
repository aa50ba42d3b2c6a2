# SPDX-License-Identifier: Apache-2.0
"""A short soak, with a new seed every time: a failure prints it."""
import pathlib
import subprocess
import sys

import pytest

RUN = pathlib.Path(__file__).resolve().parent / "run.py"


@pytest.mark.timeout(300)
def test_nothing_is_lost_while_things_go_wrong(tmp_path):
    done = subprocess.run(
        [sys.executable, RUN, "--seconds", "40", "--sessions", "20", "--log", tmp_path / "faults.log"],
        capture_output=True, text=True)
    print(done.stdout, (tmp_path / "faults.log").read_text(), done.stderr[-2000:])
    assert done.returncode == 0
