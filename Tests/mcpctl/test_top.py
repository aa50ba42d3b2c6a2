# SPDX-License-Identifier: Apache-2.0
"""top: a real terminal's other end, its keys, its size and its end."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from documents import BACKEND, STATUS, status
from fake_supervisor import FakeSupervisor, reply

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def as_from_a_shell():
    """With a terminal of its own, and with the signals of one, whatever the tests run under ignores (nohup)."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Screen:
    """The program on a terminal of its own, whose session it leads, so that keys become signals."""

    def __init__(self, mcpctl, *arguments, columns=100, rows=30, leader=(), **variables):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [*leader, mcpctl.binary, "top", *arguments], env=mcpctl.environment | {"TERM": "xterm"} | variables,
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=as_from_a_shell)
        self.shown = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        """Forgets what was shown before: the next look is at what the keys did."""
        self.shown = ""
        os.write(self.master, keys.encode())

    def see(self, text, seconds=20, where=lambda frame: True):
        """Waits until the text is on the screen; gives the whole frame it is in, the first of which `where` holds."""
        end = time.monotonic() + seconds
        while True:
            frames = self.shown.split("\x1b[H")
            for frame in frames:
                # A frame is whole when it has cleared what is below it.
                if text in frame and "\x1b[J" in frame and where(frame.split("\x1b[J")[0]):
                    return frame.split("\x1b[J")[0]
            assert time.monotonic() < end, self.shown
            self._read(end - time.monotonic())

    def hear(self, word):
        """Waits for a word that no frame has."""
        while word not in self.shown:
            self._read(20)

    def _read(self, seconds):
        if select.select([self.master], [], [], max(0, seconds))[0]:
            self.shown += os.read(self.master, 65536).decode()

    def ended(self):
        """The exit status; what was on the terminal must be back."""
        status = self.process.wait(20)
        while select.select([self.master], [], [], 0)[0]:
            self._read(0)
        assert self.shown.rstrip().endswith("\x1b[?25h\x1b[?1049l"), repr(self.shown[-200:])
        assert termios.tcgetattr(self.slave) == self.before
        return status


@pytest.fixture
def answering(supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    for method in ["Stop", "Hibernate", "Wake"]:
        supervisor.answers[method] = reply({"backend": {**BACKEND, "state": "stopped", "pid": None}})
    return supervisor


def test_it_shows_and_goes(mcpctl, answering):
    with Screen(mcpctl) as screen:
        frame = screen.see("> mosaic-77b0")
        assert "mcp-supervisor 0.1.0" in frame and "serena-library-1f3a" in frame and "claude-code 2.1" in frame
        assert screen.shown.startswith("\x1b[?1049h\x1b[?25l")
        screen.press("q")
        assert screen.ended() == 0


def test_the_quit_key_quits(mcpctl, answering):
    with Screen(mcpctl) as screen:
        screen.see("> mosaic")
        screen.press("\x1c")
        assert screen.ended() == 0


@pytest.mark.parametrize("key, signal_", [("\x03", signal.SIGINT), (None, signal.SIGTERM), (None, signal.SIGHUP)])
def test_a_signal_ends_it_and_the_terminal_is_as_before(mcpctl, answering, key, signal_):
    with Screen(mcpctl) as screen:
        screen.see("> mosaic")
        if key:
            screen.press(key)
        else:
            screen.process.send_signal(signal_)
        assert screen.ended() == -signal_


# As much of a shell as suspending needs: a process group whose leader's parent is gone is not stopped by keys.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
try:
    # Both do it, whoever comes first; where the job already runs its program it has done it.
    os.setpgid(job, job)
except PermissionError:
    pass
os.tcsetpgrp(0, job or os.getpid())
if job == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
code = os.waitpid(job, os.WUNTRACED)[1]
os.tcsetpgrp(0, os.getpid())
print("stopped:", os.WIFSTOPPED(code), flush=True)
sys.stdin.readline()
os.tcsetpgrp(0, job)
os.kill(job, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""


def test_it_stands_still_and_goes_on(mcpctl, answering):
    with Screen(mcpctl, leader=[sys.executable, "-c", SHELL]) as screen:
        screen.see("> mosaic")
        screen.press("\x1a")
        screen.hear("stopped: True")
        assert termios.tcgetattr(screen.slave) == screen.before
        screen.press("fg\n")
        screen.see("> mosaic")
        screen.press("q")
        assert screen.ended() == 0


def test_keys_act_on_the_chosen_backend(mcpctl, answering):
    with Screen(mcpctl) as screen:
        screen.see("> mosaic-77b0")
        screen.press("\x1b[B")
        screen.see("> serena-library-1f3a")
        screen.press("h")
        screen.see("serena-library-1f3a: stopped")
        assert answering.parameters("Hibernate") == {"backend": "serena-library-1f3a"}
        screen.press("s")
        screen.see("stop serena-library-1f3a?")
        screen.press("y")
        screen.see("serena-library-1f3a: stopped")
        assert answering.parameters("Stop") == {"backend": "serena-library-1f3a"}
        screen.press("?")
        screen.see("any key: back")
        screen.press("x")
        screen.see("> serena")


def test_a_refusal_is_shown(mcpctl, answering):
    answering.answers["Hibernate"] = json.dumps(
        {"error": "io.mcpctl.Supervisor.Refused", "parameters": {"reason": "it has calls in flight"}}).encode() + b"\0"
    with Screen(mcpctl) as screen:
        screen.see("> mosaic")
        screen.press("h")
        screen.see("it has calls in flight")


def test_it_follows_the_size_of_the_terminal(mcpctl, answering):
    with Screen(mcpctl, "--delay", "1h") as screen:
        screen.see("> mosaic")
        for columns, rows in [(50, 12), (24, 4), (140, 40)]:
            def fits(frame):
                lines = [ESCAPES.sub("", line).rstrip("\r") for line in frame.split("\r\n")]
                return len(lines) <= rows and max(map(len, lines)) <= columns

            screen.shown = ""
            screen.resize(columns, rows)
            os.killpg(screen.process.pid, signal.SIGWINCH)
            # One of the size before may still be on its way.
            screen.see("mcp-supervisor", where=fits)


def test_rates_come_from_two_answers(mcpctl, answering):
    calls = iter(range(0, 10**6, 1000))

    def counting(connection, call):
        backends = [{**BACKEND, "calls": next(calls), "cpu_s": 1.0}]
        connection.sendall(reply(status(backends=backends)))
        return True

    answering.answers["Status"] = counting
    with Screen(mcpctl, "--delay", "100ms") as screen:
        frame = screen.see("calls/s, CPU 0.0 %")
        assert re.search(r"session, \d{2,} calls/s", frame)


def test_the_supervisor_may_go_and_come_again(mcpctl):
    first = FakeSupervisor(mcpctl.socket)
    first.answers["Status"] = reply(STATUS)
    with Screen(mcpctl, "--delay", "100ms") as screen:
        screen.see("> mosaic")
        first.close()
        frame = screen.see("no answer: ")
        assert "> mosaic" in frame
        born_again = reply(status(backends=[{**BACKEND, "id": "born-again"}]))
        second = FakeSupervisor(mcpctl.socket, {"Status": born_again})
        try:
            screen.see("> born-again")
            assert "no answer" not in screen.see("> born-again")
            second.answers["Status"] = None
            screen.see("no answer for ")
            screen.press("q")
            assert screen.ended() == 0
        finally:
            second.close()


def test_what_a_server_is_called_does_not_steer_the_terminal(mcpctl, answering):
    evil = "x\x1b]0;t\x07\x1b[2J\u009b1m"
    answering.answers["Status"] = reply(status(backends=[{**BACKEND, "id": evil, "repo": evil, "state": evil}]))
    with Screen(mcpctl, columns=200) as screen:
        frame = screen.see("> x?]0;t??[2J?1m")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]", frame)
        assert set(re.findall(r"\x1b(?!\[[0-9;]*[mK])", frame)) == set()


def test_without_a_terminal_it_says_so(mcpctl, answering):
    done = mcpctl("top")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mcpctl: top needs a terminal") and done.stderr.count("\n") == 1
    with Screen(mcpctl, TERM="dumb") as screen:
        assert screen.process.wait(20) == 2


def test_without_a_supervisor_it_says_what_every_command_says(mcpctl):
    with Screen(mcpctl) as screen:
        assert screen.process.wait(20) == 69
        screen._read(1)
        assert "cannot reach the supervisor" in screen.shown and "\x1b[?1049h" not in screen.shown


def test_as_json_it_is_a_status_again_and_again(mcpctl, answering):
    process = subprocess.Popen(
        [mcpctl.binary, "top", "--json", "--delay", "100ms"], env=mcpctl.environment, stdout=subprocess.PIPE, text=True)
    with process.stdout:
        assert [json.loads(process.stdout.readline()) for _ in range(3)] == [STATUS] * 3
    # Nobody reads any more.
    assert process.wait(20) == -signal.SIGPIPE


@pytest.mark.parametrize("delay", ["0", "50ms", "2h", "soon", "infinity"])
def test_a_delay_that_makes_no_sense(mcpctl, delay):
    done = mcpctl("top", "--delay", delay)
    assert done.returncode == 2 and "--delay" in done.stderr and done.stderr.count("\n") == 1
