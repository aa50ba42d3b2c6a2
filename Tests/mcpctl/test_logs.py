# SPDX-License-Identifier: Apache-2.0
"""logs: the journal through journalctl, or the log file of direct mode."""

import json
import os
import subprocess

import pytest
from fake_supervisor import reply


@pytest.fixture
def log(tmp_path, supervisor):
    path = tmp_path / "backend.log"
    path.write_text("".join(f"line {number}\n" for number in range(1, 301)))
    supervisor.answers["Logs"] = reply(
        {"identifier": "mcp-serena", "unit": None, "file": str(path), "journal": False})
    return path


def test_the_last_lines_of_a_file(mcpctl, log):
    assert mcpctl("logs", "serena", "-n", "2").stdout == "line 299\nline 300\n"
    assert len(mcpctl("logs", "serena").stdout.splitlines()) == 100
    assert mcpctl("logs", "serena", "-n", "0").stdout == ""
    assert mcpctl("logs", "serena", "--lines", "9999").stdout == log.read_text()


def test_a_last_line_without_an_end_and_a_long_file(mcpctl, log):
    log.write_text("x" * 200_000 + "\nmiddle\nunfinished")
    assert mcpctl("logs", "serena", "-n", "2").stdout == "middle\nunfinished"
    assert len(mcpctl("logs", "serena", "-n", "3").stdout) == 200_018


def test_following_through_growth_truncation_and_rotation(mcpctl, log):
    process = subprocess.Popen(
        [mcpctl.binary, "logs", "serena", "-f", "-n", "1"], env=mcpctl.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "line 300\n"
        with log.open("a") as file:
            file.write("added\n")
        assert process.stdout.readline() == "added\n"
        log.write_text("cut\n")
        assert process.stdout.readline() == "cut\n"
        os.rename(log, f"{log}.1")
        log.write_text("rotated\n")
        assert process.stdout.readline() == "rotated\n"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_file_that_is_not_there(mcpctl, log):
    log.unlink()
    done = mcpctl("logs", "serena")
    assert done.returncode == 1
    assert f"cannot open {log}: No such file or directory" in done.stderr


def test_the_reply_as_json(mcpctl, log):
    assert json.loads(mcpctl("logs", "serena", "--json").stdout)["file"] == str(log)


def test_a_log_that_goes_nowhere(mcpctl, supervisor):
    supervisor.answers["Logs"] = reply({"identifier": "mcp-serena", "unit": None, "file": None, "journal": False})
    done = mcpctl("logs", "serena")
    assert done.returncode == 1 and "neither to the journal nor to a file" in done.stderr


@pytest.fixture
def journal(mcpctl, supervisor, tmp_path):
    """A journalctl that records how it was run and has `lines` for the way in the file `readable`."""
    supervisor.answers["Logs"] = reply({"identifier": "mcp-serena", "unit": "u", "file": None, "journal": True})
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/runs\n'
        f'case " $* " in *" $(cat {tmp_path}/readable) "*) echo "the line";; esac\n')
    program.chmod(0o755)
    mcpctl.environment["PATH"] = f"{program.parent}:{mcpctl.environment['PATH']}"
    return tmp_path


def test_the_journal_of_the_user(mcpctl, journal):
    (journal / "readable").write_text("--user")
    done = mcpctl("logs", "serena", "-n", "7", "-f")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the line\n", "")
    assert (journal / "runs").read_text().splitlines()[-1] == \
        "--lines=7 --follow --user SYSLOG_IDENTIFIER=mcp-serena"


def test_the_journal_of_the_system_for_those_who_may_read_it(mcpctl, journal):
    (journal / "readable").write_text(f"_UID={os.getuid()}")
    done = mcpctl("logs", "serena")
    assert (done.returncode, done.stdout) == (0, "the line\n")


def test_an_empty_journal_says_why(mcpctl, journal):
    (journal / "readable").write_text("nothing")
    done = mcpctl("logs", "serena")
    assert done.returncode == 1
    assert done.stderr.startswith("mcpctl: the journal shows nothing of mcp-serena: ")
    assert done.stderr.count("\n") == 1


def test_no_journalctl(mcpctl, journal):
    done = mcpctl("logs", "serena", env={"PATH": "/nowhere"})
    assert done.returncode == 1
    assert "cannot run journalctl: No such file or directory" in done.stderr
