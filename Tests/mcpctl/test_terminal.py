# SPDX-License-Identifier: Apache-2.0
"""What only a terminal sees: colours and progress."""

import os
import pty
import select
import subprocess

from documents import STATUS
from fake_supervisor import reply


def on_terminal(mcpctl, *arguments, until=None, **variables):
    """Runs with a pseudo-terminal for stdout and stderr; gives back what it showed, up to `until`, then ends it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [mcpctl.binary, *arguments], env=mcpctl.environment | {"TERM": "xterm"} | variables,
        stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while select.select([master], [], [], 20)[0]:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            shown += chunk
            if not chunk or (until and until in shown):
                break
    finally:
        if until:
            process.kill()
        process.wait()
        os.close(master)
    return shown


def test_colours_on_a_terminal_unless_forbidden(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    assert b"\x1b[32mready\x1b[0m" in on_terminal(mcpctl, "list")
    assert b"\x1b[31mfailed\x1b[0m" in on_terminal(mcpctl, "list")
    assert b"\x1b" not in on_terminal(mcpctl, "list", NO_COLOR="1")
    assert b"\x1b" not in on_terminal(mcpctl, "list", TERM="dumb")


def test_progress_says_what_is_awaited(mcpctl, supervisor):
    shown = on_terminal(mcpctl, "stop", "serena", until=b", 1 s")
    assert "waiting for serena to stop, 1 s".encode() in shown


def test_the_progress_line_is_taken_away(mcpctl, supervisor):
    shown = on_terminal(mcpctl, "status", "--timeout", "2")
    assert b"waiting for the status" in shown
    assert b"\r\x1b[Kmcpctl: no answer" in shown
