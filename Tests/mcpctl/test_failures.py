# SPDX-License-Identifier: Apache-2.0
"""Every failure is one line on stderr and one of the documented exit statuses."""

import os
import socket
import subprocess
import time

import pytest
from documents import STATUS
from fake_supervisor import error, reply


def one_line(done):
    assert done.stdout == ""
    assert done.stderr.startswith("mcpctl: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("arguments", [
    ["status"], ["list"], ["sessions"], ["stop", "a"], ["logs", "a"], ["why", "s1"], ["tools", "a"],
    ["call", "a", "t"], ["reload"], ["drain"], ["limits"], ["request", "--", "true"], ["release", "a"],
])
def test_no_supervisor_is_69_at_once(mcpctl, arguments):
    begin = time.monotonic()
    done = mcpctl(*arguments)
    assert time.monotonic() - begin < 5
    assert done.returncode == 69
    assert f"cannot reach the supervisor on {mcpctl.socket}: there is no such socket" in one_line(done)


def test_a_dead_socket_is_69(mcpctl):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(mcpctl.socket))
    listener.close()
    done = mcpctl("status")
    assert done.returncode == 69
    assert "nobody listens there any more" in one_line(done)


def test_a_full_queue_is_69_after_a_moment(mcpctl):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(mcpctl.socket))
    listener.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(mcpctl.socket))
    begin = time.monotonic()
    done = mcpctl("status")
    assert time.monotonic() - begin < 5
    assert done.returncode == 69
    assert "it takes no connection" in one_line(done)


def test_a_path_too_long_for_a_socket_is_69(mcpctl):
    done = mcpctl("status", env={"MCP_SUPERVISOR_SOCKET": "/tmp/" + "x" * 200})
    assert done.returncode == 69
    assert "File name too long" in one_line(done)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can listen as another user")
def test_a_supervisor_of_another_user_is_sent_nothing(mcpctl):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(mcpctl.socket))
    os.seteuid(65534)
    try:
        listener.listen(1)
    finally:
        os.seteuid(0)
    done = mcpctl("request", "--", "true")
    assert done.returncode == 69
    assert "it belongs to another user (uid 65534)" in one_line(done)
    connection, _ = listener.accept()
    assert connection.recv(1) == b""


def test_a_hanging_supervisor_is_given_up(mcpctl, supervisor):
    done = mcpctl("status", "--timeout", "1")
    assert done.returncode == 69
    assert "was silent for 1 s" in one_line(done)


def test_a_supervisor_that_dies_in_the_middle_is_69(mcpctl, supervisor):
    supervisor.answers["Status"] = lambda connection, call: connection.sendall(b'{"parameters":{') and False
    done = mcpctl("status")
    assert done.returncode == 69
    assert "ended before it gave one" in one_line(done)


@pytest.mark.parametrize(
    "garbage", [b"hello\0", b"\0", b"[]\0", b'{"parameters":[]}\0', b'{"parameters":{}}\0', b"\xff\xfe\0"])
def test_garbage_is_69(mcpctl, supervisor, garbage):
    supervisor.answers["Status"] = garbage
    done = mcpctl("status")
    assert done.returncode == 69
    assert "is no supervisor of this version" in one_line(done)


def test_an_endless_reply_is_given_up(mcpctl, supervisor):
    def endless(connection, call):
        try:
            while True:
                connection.sendall(b"x" * (1 << 20))
        except OSError:
            return False

    supervisor.answers["Status"] = endless
    done = mcpctl("status", timeout=60)
    assert done.returncode == 69
    assert "more than the 67108864 bytes" in one_line(done)


def test_a_reply_may_come_byte_by_byte(mcpctl, supervisor):
    supervisor.answers["Status"] = [bytes([byte]) for byte in reply(STATUS)]
    assert mcpctl("list").returncode == 0


@pytest.mark.parametrize("name,status", [
    ("NoSuchBackend", 3), ("NoSuchSession", 3), ("NoSuchServer", 3), ("AmbiguousBackend", 1), ("Refused", 1),
    ("StartFailed", 1), ("LimitsFailed", 1), ("ConfigurationFailed", 1), ("InvalidParameter", 1), ("Draining", 1),
])
def test_a_refusal_is_its_reason(mcpctl, supervisor, name, status):
    supervisor.answers["Stop"] = error(name, reason="cannot stop x: because; do that")
    done = mcpctl("stop", "x")
    assert (done.returncode, done.stderr) == (status, "mcpctl: cannot stop x: because; do that\n")


def test_refusals_of_the_varlink_service_and_unknown_ones(mcpctl, supervisor):
    supervisor.answers["Wake"] = error("org.varlink.service.MethodNotImplemented", method="io.mcpctl.Supervisor.Wake")
    done = mcpctl("wake", "x")
    assert done.returncode == 1 and "cannot do that yet: io.mcpctl.Supervisor.Wake" in one_line(done)
    supervisor.answers["Wake"] = error("SomethingNew", detail=7)
    done = mcpctl("wake", "x")
    assert done.returncode == 1 and 'SomethingNew: {"detail":7}' in one_line(done)


@pytest.mark.parametrize("arguments,hint", [
    (["statu"], "did you mean 'status'"), (["frobnicate"], "no command is called 'frobnicate';"),
    (["help", "bogus"], "no command is called 'bogus';"), (["help", "limit"], "did you mean 'limits'"),
    (["status", "--jsn"], "--json"), (["stop"], "<backend>"),
    (["stop", ""], "<backend>"), (["status", ""], "<backend>"), (["limits", "", "--set", "TasksMax=9"], "<backend>"),
    (["limits", "--total", "--set", "MemoryMx=1G"], "did you mean MemoryMax"),
    (["limits", "a", "--total"], "one of a backend, --server and --total"),
    (["limits", "--set", "MemoryMax=1G"], "needs a backend, --server or --total"),
    (["limits", "a", "--persist"], "there is no --set"),
    (["limits", "a", "--set", "MemoryMax=50%"], "percentages are not taken"),
    (["limits", "a", "--set", "MemoryMax=1g"], "K, M, G or T"),
    (["limits", "a", "--set", "TasksMax=0"], "1 or more"),
    (["limits", "a", "--set", "CPUWeight=10001"], "1 to 10000"),
    (["limits", "a", "--set", "MemoryMax"], "NAME=VALUE"),
    (["request"], "needs a command"), (["request", "--hold", "soon", "--", "x"], "--hold"),
    (["request", "--hold", "0", "--", "x"], "hold nothing"),
    (["request", "--share", "world", "--", "x"], "'repo', 'user' or 'session'"),
    (["call", "a", "t", "[1]"], "no JSON object"), (["call", "a", "t", "{"], "not JSON at byte"),
    (["completion", "tcsh"], "'bash', 'zsh' or 'fish'"), (["status", "--timeout", "never"], "--timeout"),
])
def test_wrong_use_is_2_and_says_what_is_right(mcpctl, arguments, hint):
    done = mcpctl(*arguments)
    assert done.returncode == 2
    line = one_line(done)
    assert hint in line and "--help'" in line


def test_help_is_not_a_failure(mcpctl):
    for arguments in [[], ["--help"], ["help", "limits"], ["limits", "-h"], ["--version"]]:
        done = mcpctl(*arguments)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout


def test_a_full_disk_is_noticed(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [mcpctl.binary, "list"], env=mcpctl.environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "No space left" in done.stderr
