# SPDX-License-Identifier: Apache-2.0
"""What a shim tells and hands over, and what it does until the session is over."""

import fcntl
import os
import random
import socket
import subprocess
import sys

from fake_supervisor import LIMIT
from world import BIN


def test_the_call_says_who_and_where(world, supervisor):
    place = world.folder / "place"
    place.mkdir()
    child = world.shim("--", "serena", "start", cwd=place, umask=0o027)
    attachment = supervisor.accept()
    sent = attachment.parameters
    assert sent["argv"] == ["serena", "start"]
    assert sent["pid"] == child.pid and sent["umask"] == 0o027
    assert all(sent[key] is None for key in ("name", "repo", "share", "meta_tools", "resume"))
    assert sorted(sent["environment"]) == sorted(f"{key}={value}" for key, value in world.environment.items())
    assert sent["raw_environment"] == []
    assert os.readlink(f"/proc/self/fd/{attachment.cwd}") == str(place)


def test_the_agents_pipes_are_handed_over(world, supervisor):
    child = world.shim("--", "cat")
    attachment = supervisor.accept().attached()
    assert os.fstat(attachment.stdin).st_ino == os.fstat(child.stdin.fileno()).st_ino
    assert os.fstat(attachment.stdout).st_ino == os.fstat(child.stdout.fileno()).st_ino
    child.stdin.write(b"question\n")
    child.stdin.flush()
    assert attachment.read(9) == b"question\n"
    attachment.write(b"answer\n")
    assert child.stdout.readline() == b"answer\n"
    attachment.ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_sockets_are_handed_over(world, supervisor):
    ours, theirs = socket.socketpair()
    child = world.shim("--", "cat", stdin=theirs, stdout=theirs)
    theirs.close()
    attachment = supervisor.accept().attached()
    ours.sendall(b"question")
    assert attachment.read(8) == b"question"
    attachment.write(b"answer")
    assert ours.recv(6) == b"answer"
    attachment.ended()
    assert child.wait(LIMIT) == 0
    ours.close()


def test_the_end_of_stdin_is_seen_by_the_supervisor(world, supervisor):
    child = world.shim("--", "cat")
    attachment = supervisor.accept().attached()
    child.stdin.close()
    assert attachment.read(1) == b""
    attachment.ended()
    assert child.wait(LIMIT) == 0


def test_inherited_descriptors_stay_blocking(world, supervisor):
    child = world.shim("--", "cat")
    attachment = supervisor.accept().attached()
    for descriptor in (attachment.stdin, attachment.stdout):
        assert fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK == 0
        os.set_blocking(descriptor, False)
    attachment.ended()
    assert child.wait(LIMIT) == 0
    for descriptor in (attachment.stdin, attachment.stdout):
        assert os.get_blocking(descriptor), "the shim leaves the pipe as it was found"


def test_strings_are_escaped_exactly(world, supervisor):
    odd = ['"\\/\b\f\n\r\t\x01\x1f\x7f', "grüße 漢字 🦀 \u2028\ufeff", "", " "]
    world.environment["ODD"] = odd[0] + odd[1]
    world.shim("--name", odd[1], "--", *odd)
    sent = supervisor.accept().parameters
    assert sent["argv"] == odd and sent["name"] == odd[1]
    assert "ODD=" + odd[0] + odd[1] in sent["environment"]


def test_random_bytes_in_the_environment_arrive(world, supervisor):
    chance = random.Random(7)
    wanted = {}
    for number in range(300):
        size = chance.randrange(12)
        wanted[f"R{number}".encode()] = bytes(
            chance.choice((chance.randrange(1, 256), 0xE2, 0x82, 0xAC, 0xF0, 0xED, 0xA0, 0x41)) for _ in range(size)
        )
    environment = {os.fsencode(key): os.fsencode(value) for key, value in world.environment.items()} | wanted
    world.shim("--", "cat", environment=environment)
    sent = supervisor.accept().parameters
    plain = [entry.encode() for entry in sent["environment"]]
    raw = [bytes.fromhex(entry) for entry in sent["raw_environment"]]
    assert sorted(plain + raw) == sorted(key + b"=" + value for key, value in environment.items())
    for entry in raw:
        try:
            entry.decode()
        except UnicodeDecodeError:
            continue
        raise AssertionError(f"{entry!r} is UTF-8")


def test_a_huge_environment_arrives(world, supervisor):
    for number in range(20):
        world.environment[f"HUGE{number}"] = f"{number}\n\"" * 2500
    world.environment["ONE"] = "x" * 120_000
    child = world.shim("--", "cat")
    attachment = supervisor.accept().attached()
    assert len("".join(attachment.parameters["environment"])) > 200_000
    assert attachment.chunks > 1
    attachment.ended()
    assert child.wait(LIMIT) == 0


def test_an_empty_environment_is_sent_as_such(world):
    world.socket = world.folder / "s"
    supervisor = world.supervisor()
    world.shim("--", "cat", environment={"MCP_SUPERVISOR_SOCKET": str(world.socket)})
    assert len(supervisor.accept().parameters["environment"]) == 1


def test_replies_may_come_a_byte_at_a_time(world, supervisor):
    child = world.shim("--", "cat")
    attachment = supervisor.accept()
    reply = b'{ "extra" : [1, -0.5e+3, {"a":"\\ud83e\\udd80"}, true], "continues" : true , "parameters":{"session":"s1"}}\0'
    for byte in reply:
        attachment.connection.sendall(bytes([byte]))
    for byte in b'{"parameters":{"session":"s1","resume":"x"},"continues":true}\0{"parameters":{"ended":true}}\0':
        attachment.connection.sendall(bytes([byte]))
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_a_session_that_is_over_at_once_is_no_error(world, supervisor):
    child = world.shim("--", "false")
    supervisor.accept().ended()
    assert child.wait(LIMIT) == 0 and child.stderr.read() == b""


def test_closed_stderr_harms_nothing(world, supervisor):
    code = 'import os,sys; os.close(2); os.execv(sys.argv[1], sys.argv[1:])'
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(BIN / "mcp-shim"), "--", "cat"],
        env=world.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    world.children.append(child)
    attachment = supervisor.accept().attached()
    assert not os.path.exists(f"/proc/{child.pid}/fd/2"), "nothing of ours takes the number of stderr"
    attachment.ended()
    assert child.wait(LIMIT) == 0
