# SPDX-License-Identifier: Apache-2.0
"""A signal ends the shim, and that is a clean end: the kernel closes the connection."""

import os
import signal

import pytest

from fake_supervisor import LIMIT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGKILL])
def test_a_signal_ends_the_session(world, supervisor, number):
    def as_from_a_terminal():
        """Whoever runs the tests in the background may have SIGINT and SIGHUP ignored, and that is inherited."""
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_DFL)

    child = world.shim("--", "cat", restore_signals=True, preexec_fn=as_from_a_terminal)
    attachment = supervisor.accept().attached()
    child.send_signal(number)
    assert child.wait(LIMIT) == -number
    assert attachment.is_hung_up()
    os.close(attachment.stdout)
    assert child.stdout.read() == b"", "with the supervisor's copy gone the agent sees the end"


def test_an_ignored_signal_stays_ignored(world, supervisor):
    child = world.shim("--", "cat", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    attachment = supervisor.accept().attached()
    child.send_signal(signal.SIGHUP)
    attachment.ended()
    assert child.wait(LIMIT) == 0


def test_stop_and_continue_do_not_disturb(world, supervisor):
    child = world.shim("--", "cat")
    attachment = supervisor.accept()
    child.send_signal(signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    attachment.attached()
    child.send_signal(signal.SIGCONT)
    attachment.ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""
