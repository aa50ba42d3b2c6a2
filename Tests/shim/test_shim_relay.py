# SPDX-License-Identifier: Apache-2.0
"""Terminals and files are relayed: their open file descriptions belong to others too."""

import os
import pty
import random
import signal
import subprocess
import termios
import threading

from fake_supervisor import LIMIT


def raw_terminal():
    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[0] = attributes[1] = attributes[3] = 0
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, theirs


def test_a_terminal_is_relayed_both_ways(world, supervisor):
    ours, theirs = raw_terminal()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    os.close(theirs)
    attachment = supervisor.accept().attached()
    assert not os.isatty(attachment.stdin) and not os.isatty(attachment.stdout)
    os.write(ours, b"question\n")
    assert attachment.read(9) == b"question\n"
    attachment.write(b"answer\n")
    assert os.read(ours, 100) == b"answer\n"
    attachment.ended()
    assert child.wait(LIMIT) == 0
    os.close(ours)


def test_a_terminal_that_goes_away_ends_the_shim(world, supervisor):
    ours, theirs = raw_terminal()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    os.close(theirs)
    attachment = supervisor.accept().attached()
    os.close(ours)
    assert child.wait(LIMIT) == 0
    assert attachment.is_hung_up()


def test_files_are_relayed_and_the_end_of_stdin_is_passed_on(world, supervisor):
    question = random.Random(1).randbytes(1_000_000)
    answer = random.Random(2).randbytes(2_000_000)
    (world.folder / "in").write_bytes(question)
    with open(world.folder / "in", "rb") as source, open(world.folder / "out", "wb") as sink:
        child = world.shim("--", "cat", stdin=source, stdout=sink)
    attachment = supervisor.accept().attached()
    assert attachment.read(len(question) + 1) == question
    attachment.write(answer)
    attachment.ended()
    assert child.wait(LIMIT) == 0
    assert (world.folder / "out").read_bytes() == answer, "all that was sent before the end arrives"


def test_both_directions_flow_at_once(world, supervisor):
    ours, theirs = raw_terminal()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    os.close(theirs)
    attachment = supervisor.accept().attached()
    question, answer = random.Random(3).randbytes(300_000), random.Random(4).randbytes(300_000)
    got = bytearray()

    def write():
        rest = question
        while rest:
            rest = rest[os.write(ours, rest[:1000]) :]

    def read():
        while len(got) < len(answer):
            got.extend(os.read(ours, 65536))

    threads = [threading.Thread(target=work) for work in (write, read, lambda: attachment.write(answer))]
    for thread in threads:
        thread.start()
    assert attachment.read(len(question)) == question
    for thread in threads:
        thread.join(LIMIT)
    assert bytes(got) == answer
    attachment.ended()
    assert child.wait(LIMIT) == 0
    os.close(ours)


def test_null_devices_are_relayed(world, supervisor):
    child = world.shim("--", "cat", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    attachment = supervisor.accept().attached()
    assert attachment.read(1) == b""
    attachment.write(b"to nobody")
    attachment.ended()
    assert child.wait(LIMIT) == 0


def test_only_what_cannot_be_handed_over_is_relayed(world, supervisor):
    (world.folder / "in").write_bytes(b"question")
    with open(world.folder / "in", "rb") as source:
        child = world.shim("--", "cat", stdin=source)
    attachment = supervisor.accept().attached()
    assert os.fstat(attachment.stdout).st_ino == os.fstat(child.stdout.fileno()).st_ino
    assert attachment.read(9) == b"question"
    attachment.write(b"answer")
    attachment.ended()
    attachment.close()
    assert child.communicate(timeout=LIMIT)[0] == b"answer"


def test_a_pipe_in_and_a_file_out(world, supervisor):
    with open(world.folder / "out", "wb") as sink:
        child = world.shim("--", "cat", stdout=sink)
    attachment = supervisor.accept().attached()
    assert os.fstat(attachment.stdin).st_ino == os.fstat(child.stdin.fileno()).st_ino
    attachment.write(b"answer")
    attachment.ended()
    assert child.wait(LIMIT) == 0
    assert (world.folder / "out").read_bytes() == b"answer"


def test_nothing_is_read_before_the_session_is_attached(world, supervisor):
    (world.folder / "in").write_bytes(b"question")
    with open(world.folder / "in", "rb") as source:
        child = world.shim("--", "cat", stdin=source)
    attachment = supervisor.accept()
    attachment.refuse("no")
    attachment.close()
    assert child.communicate(timeout=LIMIT)[0] == b"question", "the command gets it all"


def test_what_was_not_read_is_there_after_a_reconnection(world, supervisor):
    ours, theirs = raw_terminal()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    os.close(theirs)
    first = supervisor.accept().attached(resume="r1")
    os.write(ours, b"one\ntwo\n")
    assert first.read(4) == b"one\n"
    first.close()
    second = supervisor.accept().attached()
    assert second.parameters["resume"] == "r1"
    assert second.read(4) == b"two\n"
    second.write(b"answer\n")
    assert os.read(ours, 100) == b"answer\n"
    second.ended()
    assert child.wait(LIMIT) == 0
    os.close(ours)


def test_a_stopped_relay_goes_on(world, supervisor):
    ours, theirs = raw_terminal()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    os.close(theirs)
    attachment = supervisor.accept().attached()
    child.send_signal(signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    os.write(ours, b"question\n")
    child.send_signal(signal.SIGCONT)
    assert attachment.read(9) == b"question\n"
    attachment.ended()
    assert child.wait(LIMIT) == 0
    os.close(ours)
