# SPDX-License-Identifier: Apache-2.0
"""A supervisor may go away; the agent does not notice."""

import os
import signal

import pytest

from fake_supervisor import LIMIT


def test_the_descriptors_are_handed_over_again_with_the_last_resume(world, supervisor):
    child = world.shim("--", "cat")
    first = supervisor.accept().attached(resume="one")
    first.send({"parameters": {"session": "s7", "resume": 'two "\\ \n ü \U0001f980'}, "continues": True})
    first.send({"parameters": {"session": "s7"}, "continues": True})
    child.stdin.write(b"kept\n")
    child.stdin.flush()
    first.close()
    second = supervisor.accept()
    assert second.parameters["resume"] == 'two "\\ \n ü \U0001f980'
    assert second.parameters["pid"] == child.pid and second.parameters["argv"] == ["cat"]
    second.attached()
    assert second.read(5) == b"kept\n"
    second.write(b"answer\n")
    assert child.stdout.readline() == b"answer\n"
    second.close()
    third = supervisor.accept().attached()
    assert third.parameters["resume"] == 'two "\\ \n ü \U0001f980', "null does not forget"
    third.ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


@pytest.mark.parametrize("size", [1, 4095, 8192])
def test_a_resume_of_any_size_comes_back(world, supervisor, size):
    child = world.shim("--", "cat")
    first = supervisor.accept().attached(resume="ü" * size)
    first.close()
    second = supervisor.accept().attached()
    assert second.parameters["resume"] == "ü" * size
    second.ended()
    assert child.wait(LIMIT) == 0


@pytest.mark.parametrize("escape, text", [
    (r"\ud83e\udd80", "\U0001f980"), (r"\u00fc\/\b\f", "ü/\b\f"), (r"\ud800", "\ufffd"),
    (r"\ud800x\ud83e\udd80", "\ufffdx\U0001f980"), (r"\ud800\ud83e\udd80", "\ufffd\U0001f980"),
    (r"\udc00\n", "\ufffd\n"), (r"\ud800\n", "\ufffd\n"),
])
def test_escapes_in_a_resume(world, supervisor, escape, text):
    child = world.shim("--", "cat")
    first = supervisor.accept()
    first.connection.sendall(b'{"parameters":{"resume":"' + escape.encode() + b'"},"continues":true}\0')
    first.close()
    second = supervisor.accept().attached()
    assert second.parameters["resume"] == text
    second.ended()
    assert child.wait(LIMIT) == 0


def test_draining_before_the_session_is_waited_for(world, supervisor):
    child = world.shim("--", "cat")
    for _ in range(3):
        supervisor.accept().refuse("going", "io.mcpctl.Supervisor.Draining")
    supervisor.accept().attached().ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_draining_in_mid_session_is_a_reconnection(world, supervisor):
    child = world.shim("--", "cat")
    first = supervisor.accept().attached(resume="r")
    first.refuse("going", "io.mcpctl.Supervisor.Draining")
    assert first.is_hung_up(), "before the next attempt"
    second = supervisor.accept()
    assert second.parameters["resume"] == "r"
    second.attached().ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_an_error_in_mid_session_ends_it(world, supervisor):
    child = world.shim("--", "cat")
    supervisor.accept().attached().refuse("enough")
    assert child.wait(LIMIT) == 69
    assert child.stderr.read() == b"mcp-shim: enough; the session is lost\n"


def test_a_refused_reconnection_ends_it(world, supervisor):
    child = world.shim("--", "echo", "never")
    supervisor.accept().attached().close()
    second = supervisor.accept()
    second.refuse("no such backend")
    second.close()
    assert child.wait(LIMIT) == 69
    assert child.stderr.read() == b"mcp-shim: no such backend; the session is lost\n"
    assert child.stdout.read() == b"", "the command is not run in mid-session"


def test_connections_that_break_again_and_again_are_retried(world, supervisor):
    child = world.shim("--", "cat")
    supervisor.accept().attached(resume="r").close()
    for _ in range(4):
        supervisor.accept().close()
    last = supervisor.accept()
    assert last.parameters["resume"] == "r"
    last.attached().ended()
    assert child.wait(LIMIT) == 0


def test_without_a_supervisor_for_ten_seconds_the_session_is_lost(world, supervisor):
    child = world.shim("--", "echo", "never")
    attachment = supervisor.accept().attached()
    supervisor.close()
    os.unlink(world.socket)
    attachment.close()
    assert child.wait(2 * LIMIT) == 69
    assert child.stderr.read().decode().endswith("the session is lost\n") and child.stdout.read() == b""


def test_a_killed_supervisor_is_started_again_by_the_shim(world, events):
    child = world.shim("--", "cat")
    pids = []
    for turn in range(3):
        pid = events.next("started")["pid"]
        told = events.next("attached")
        assert told["pid"] == pid and told["shim"] == child.pid
        assert told["resume"] == (f"{pids[-1]}/1" if pids else None)
        child.stdin.write(b"question\n")
        child.stdin.flush()
        assert child.stdout.readline() == f"{pid} question\n".encode()
        pids.append(pid)
        if turn < 2:
            os.kill(pid, signal.SIGKILL)
    assert len(set(pids)) == 3
    child.stdin.close()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_ten_shims_of_a_killed_supervisor_come_back_to_one(world, events):
    children = [world.shim("--", "cat") for _ in range(10)]
    old = events.next("started")["pid"]
    for _ in children:
        events.next("attached")
    os.kill(old, signal.SIGKILL)
    new = events.next("started")["pid"]
    resumed = {events.next("attached")["resume"] for _ in children}
    assert resumed == {f"{old}/{number}" for number in range(1, 11)}
    for child in children:
        child.stdin.write(b"q\n")
        child.stdin.close()
        assert child.stdout.readline() == f"{new} q\n".encode()
        assert child.wait(LIMIT) == 0
    assert not [told for told in events.rest() if told["event"] == "started"]
