# SPDX-License-Identifier: Apache-2.0
"""The gate holds a command back until one byte says go."""

import errno
import os
import resource
import select
import signal
import struct
import subprocess
import sys

import pytest

from fake_supervisor import LIMIT
from world import BIN


class Gate:
    def __init__(self, *arguments, environment=None, **options):
        go, self.go = os.pipe()
        self.status, status = os.pipe()
        self.child = subprocess.Popen(
            [str(BIN / "mcp-gate"), str(go), str(status), *arguments], pass_fds=[go, status],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin"} if environment is None else environment, **options,
        )
        self.numbers = {go, status}
        os.close(go)
        os.close(status)

    def open(self):
        os.write(self.go, b"\0")
        return self

    def code(self):
        """What the status pipe says until its end."""
        data = os.read(self.status, 100)
        return struct.unpack("<i", data)[0] if data else None

    def output(self):
        return self.child.communicate(timeout=LIMIT)[0].decode().strip()

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.communicate()
        for descriptor in (self.go, self.status):
            try:
                os.close(descriptor)
            except OSError:
                pass


@pytest.fixture
def gate():
    made = []

    def make(*arguments, **options):
        made.append(Gate(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_command_runs_after_the_byte_with_nothing_of_the_gates(gate):
    held = gate("--", "sh", "-c", "ls /proc/$$/fd; pwd", cwd="/usr")
    assert os.readlink(f"/proc/{held.child.pid}/exe").endswith("mcp-gate")
    held.open()
    assert held.code() is None, "closed by execve"
    lines = held.output().splitlines()
    assert lines[-1] == "/usr" and not {str(number) for number in held.numbers} & set(lines)
    assert held.child.returncode == 0


def test_without_the_byte_nothing_runs(gate):
    held = gate("--", "echo", "never")
    os.close(held.go)
    assert held.output() == "" and held.child.returncode == 125


def test_settings_are_applied(gate):
    held = gate("--nofile", "77", "--umask", "0137", "--oom-adjust", "250", "--",
                "sh", "-c", "ulimit -Sn; umask; cat /proc/self/oom_score_adj").open()
    assert held.output().split() == ["77", "0137", "250"]


def test_a_soft_limit_above_the_hard_one_becomes_the_hard_one(gate):
    held = gate("--nofile", "4000", "--", "sh", "-c", "ulimit -Sn",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))).open()
    assert held.output() == "200"


@pytest.mark.parametrize("command, code, status", [
    ("no-such-command", errno.ENOENT, 127), ("/no/such/command", errno.ENOENT, 127), ("", errno.ENOENT, 127),
    ("/etc/passwd", errno.EACCES, 126), ("/usr", errno.EACCES, 126),
])
def test_a_command_that_cannot_run_is_reported(gate, command, code, status):
    held = gate("--", command).open()
    assert held.code() == code
    held.output()
    assert held.child.returncode == status


def test_what_is_no_program_is_not_given_to_a_shell(gate, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo ran\n")
    script.chmod(0o755)
    held = gate("--", "script", environment={"PATH": str(tmp_path)}).open()
    assert held.code() == errno.ENOEXEC and held.output() == "" and held.child.returncode == 126


def test_the_search_goes_on_after_a_file_that_may_not_run(gate, tmp_path):
    (tmp_path / "echo").write_text("")
    held = gate("--", "echo", "here", environment={"PATH": f"/nowhere:{tmp_path}:/usr/bin:/bin"}).open()
    assert held.output() == "here"


def test_the_environment_is_passed_as_it_is(gate):
    held = gate("--", "env", environment={"PATH": "/usr/bin:/bin", "A": "b\nc"}).open()
    assert held.output() == "PATH=/usr/bin:/bin\nA=b\nc"


@pytest.mark.parametrize("arguments", [
    ("echo",), ("--",), ("--nofile", "--", "echo"), ("--nofile", "x", "--", "echo"), ("--umask", "8", "--", "echo"),
    ("--umask", "1000", "--", "echo"), ("--oom-adjust", "1001", "--", "echo"), ("--what", "1", "--", "echo"),
    ("--nofile", "-1", "--", "echo"), ("--nofile", "", "--", "echo"),
])
def test_wrong_usage_runs_nothing(gate, arguments):
    held = gate(*arguments)
    out, error = held.child.communicate(timeout=LIMIT)
    assert out == b"" and error.startswith(b"usage: mcp-gate") and held.child.returncode == 125


def test_a_dead_parent_takes_the_command_with_it(tmp_path):
    report, telling = os.pipe()
    code = (
        "import os,subprocess,sys\n"
        "go,open_=os.pipe(); status,w=os.pipe()\n"
        f"p=subprocess.Popen([{str(BIN / 'mcp-gate')!r},str(go),str(w),'--pdeathsig','--','sleep','60'],pass_fds=[go,w])\n"
        "os.close(w); os.write(open_,b'x'); os.read(status,1)\n"
        f"os.write({telling},str(p.pid).encode())\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, pass_fds=[telling])
    os.close(telling)
    pid = int(os.read(report, 20))
    watched = os.pidfd_open(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdin.close()
    try:
        assert select.select([watched], [], [], LIMIT)[0], "it outlived its parent"
    finally:
        os.close(watched)
        os.close(report)
