# SPDX-License-Identifier: Apache-2.0
"""What users and strangers get wrong: one clear line each, nothing hangs, nothing is left."""
import os
import pathlib
import socket
import subprocess
import sys

import pytest

from harness.control import Closed

INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
IS_ROOT = os.geteuid() == 0


def refused(supervisor, command, repo, timeout=20):
    """Starts a session with `command` and returns the error that its handshake gets."""
    agent = supervisor.agent(command, repo)
    error = agent.error(agent.request("initialize", INITIALIZE), timeout)
    assert error["code"] == -32603 and "\n" not in error["message"].strip()
    return agent, error


# Commands.


@pytest.mark.parametrize("program, word", [
    ("no-such-program-anywhere", "not found|No such file"), ("/no/such/path", "No such file"), ("/etc/passwd", "denied"),
    ("/tmp", "denied|directory"),
])
def test_a_command_that_cannot_be_run_is_named_with_the_reason(supervisor, repo, program, word):
    _, error = refused(supervisor, [program], repo)
    assert program in error["message"]
    assert any(w.lower() in error["message"].lower() for w in word.split("|")), error


def test_a_command_that_exits_at_once_is_told_with_its_last_words(supervisor, fake, repo):
    _, error = refused(supervisor, fake.command("--exit-at-start", 3, "--stderr", r"cannot open database\n"), repo)
    assert "3" in error["message"] and "cannot open database" in str(error)


def test_a_command_that_exits_instead_of_answering_is_told(supervisor, fake, repo):
    _, error = refused(supervisor, fake.command("--exit-before-initialize", 4), repo)
    assert "4" in error["message"]


def test_a_command_that_says_nothing_and_ends_well_is_told(supervisor, repo):
    refused(supervisor, ["/bin/true"], repo)


def test_a_server_that_refuses_the_handshake_is_quoted(supervisor, fake, repo):
    _, error = refused(supervisor, fake.command("--refuse-initialize"), repo)
    assert "not today" in str(error)


def test_a_program_that_is_no_server_is_given_up_after_a_megabyte(supervisor, repo):
    refused(supervisor, ["/usr/bin/yes", "this is not JSON"], repo)
    assert supervisor.status()["supervisor"]["memory"]["pss_bytes"] < 100_000_000


@pytest.mark.timeout(150)
def test_a_server_that_never_answers_is_given_up_and_another_session_is_not_held_up(supervisor, fake, repo):
    mute = supervisor.agent(fake.command("--mute"), repo)
    id = mute.request("initialize", INITIALIZE)
    other = supervisor.agent(fake.command(), repo)
    other.initialize()
    assert other.tool("echo", text="meanwhile") == "meanwhile"
    error = mute.error(id, timeout=120)
    assert error["code"] == -32603 and "60" in error["message"]


def test_an_agent_may_leave_a_server_that_never_answers(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--mute"), repo)
    agent.request("initialize", INITIALIZE)
    fake.wait_received("initialize")
    assert agent.finish() == 0


@pytest.mark.parametrize("arguments", [[], ["--"], ["--frobnicate", "--", "cat"], ["--share", "everybody", "--", "cat"],
                                       ["--name"]], ids=str)
def test_a_wrong_shim_command_line_is_a_usage_error(supervisor, repo, arguments):
    shim = supervisor.front([])[0]
    done = subprocess.run([shim, *arguments], cwd=repo, env=supervisor.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and done.stderr.startswith("mcp-shim:") and done.stdout == ""


# The control socket.


@pytest.mark.parametrize("data", [
    b"", b"{", b'{"method":"io.mcpctl.Supervisor.Sta', b"\0", b"\0\0\0", b"not json\0", b"[]\0", b'{"method":7}\0',
    b'{"parameters":{}}\0', b'{"method":"io.mcpctl.Supervisor.Status","parameters":[]}\0', b"\xff\xfe\0", b"[" * 50_000 + b"\0",
], ids=lambda data: repr(data[:24]))
def test_a_broken_control_message_costs_its_sender_only(supervisor, data):
    with supervisor.control() as control:
        control.socket.sendall(data)
        control.socket.shutdown(socket.SHUT_WR)
        try:
            while control.receive():
                pass
        except Closed:
            pass
    assert supervisor.status()["sessions"] == []


@pytest.mark.timeout(120)
def test_a_control_message_of_a_hundred_megabytes_is_cut_off(supervisor):
    with supervisor.control() as control, pytest.raises((BrokenPipeError, ConnectionResetError)):
        control.socket.sendall(b'{"method":"io.mcpctl.Supervisor.Status","x":"')
        for _ in range(100):
            control.socket.sendall(b"x" * 1_000_000)
    assert supervisor.status()["supervisor"]["memory"]["pss_bytes"] < 60_000_000


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_another_user_on_the_socket_is_refused_before_a_byte_is_read(supervisor):
    path = pathlib.Path(supervisor.socket)
    path.chmod(0o777)
    for parent in list(path.parents)[:5]:
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    script = ("import socket,sys; s=socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])\n"
              "try:\n s.sendall(b'{\"method\":\"org.varlink.service.GetInfo\"}\\0'); data = s.recv(100)\n"
              "except OSError: data = b''\n"
              "print(repr(data))")
    python = os.path.realpath(sys.executable) if os.access("/usr/bin/python3", os.X_OK) is False else "/usr/bin/python3"
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-I", "-c", script,
                           supervisor.socket], capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "b''", done
    assert supervisor.status()["sessions"] == []
