# SPDX-License-Identifier: Apache-2.0
"""A shim that finds no supervisor starts one; many at once start one."""

import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess

import pytest

from fake_supervisor import LIMIT
from world import BIN


@pytest.mark.parametrize("count", [10, 64])
def test_many_shims_start_one_supervisor(world, events, count):
    children = [world.shim("--", "cat") for _ in range(count)]
    pid = events.next("started")["pid"]
    attached = [events.next("attached") for _ in children]
    assert {told["pid"] for told in attached} == {pid}
    assert {told["shim"] for told in attached} == {child.pid for child in children}
    for child in children:
        child.stdin.close()
    for child in children:
        assert child.wait(LIMIT) == 0 and child.stderr.read() == b""
    assert events.rest() == []


def test_the_supervisor_is_a_daemon_with_a_socket(world, events):
    def prepare():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    world.environment |= {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "LISTEN_PID": "1", "LISTEN_FDS": "9"}
    reading, writing = os.pipe()
    child = world.shim("--", "cat", preexec_fn=prepare, pass_fds=[writing])
    os.close(writing)
    told = events.next("started")
    assert told["session"] not in (os.getsid(0), told["pid"]) and told["parent"] != child.pid
    assert told["cwd"] == "/" and told["personal"] == []
    assert told["listen"] == {
        "LISTEN_PID": str(told["pid"]), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "mcp-supervisor",
    }
    # 4 is its own socket to the test, 5 the folder it reads.
    assert told["descriptors"][:5] == [0, 1, 2, 3, 4] and len(told["descriptors"]) == 6
    log = world.home / ".local" / "state" / "mcp-supervisor" / "supervisor.log"
    assert told["targets"] == ["/dev/null", "/dev/null", str(log)]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert signal.SIGHUP not in told["ignored"] and told["blocked"] == []
    events.next("attached")
    child.kill()
    child.wait()
    assert os.read(reading, 1) == b"", "the daemon holds nothing of the agent's"
    os.close(reading)


def test_socket_and_directory_are_for_us_only(world, events):
    world.shim("--", "cat", umask=0)
    events.next("attached")
    assert stat.S_IMODE(world.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.socket.parent.stat().st_mode) == 0o700


def test_a_strange_umask_does_not_lock_us_out(world, events):
    children = [world.shim("--", "cat", umask=0o777) for _ in range(3)]
    assert {events.next("attached")["shim"] for _ in children} == {child.pid for child in children}
    assert stat.S_IMODE(world.socket.parent.stat().st_mode) == 0o700


def test_a_stale_socket_is_replaced(world, events):
    world.socket.parent.mkdir(mode=0o700)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(world.socket))
    stale.close()
    child = world.shim("--", "cat")
    events.next("attached")
    child.stdin.close()
    assert child.wait(LIMIT) == 0


def test_a_socket_whose_owner_does_not_listen_is_replaced(world, events):
    world.socket.parent.mkdir(mode=0o700)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(world.socket))
    world.shim("--", "cat")
    events.next("attached")
    dead.close()


def test_a_supervisor_that_dies_at_once_leads_to_the_command(world, events):
    world.environment["FAKE_DIES"] = "1"
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and error.count("\n") == 1
    assert len([told for told in events.rest() if told["event"] == "started"]) == 1


@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), lambda path: path.mkdir()])
def test_a_program_that_cannot_be_executed_is_named(world, make):
    program = world.folder / "no-supervisor"
    make(program)
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n")
    assert f"cannot start {program}: Permission denied" in error and error.count("\n") == 1
    assert not world.socket.exists(), "no socket is left that nobody serves"


@pytest.mark.parametrize("shim, supervisor", [
    ("a/mcp-shim", "a/mcp-supervisor"), ("bin/mcp-shim", "libexec/mcp-supervisor"), ("x/mcp-shim", "bin/mcp-supervisor"),
])
def test_the_supervisor_is_found_from_the_shims_place(world, events, shim, supervisor):
    for place in (shim, supervisor):
        (world.folder / place).parent.mkdir(exist_ok=True)
    shutil.copy(BIN / "mcp-shim", world.folder / shim)
    shutil.copy(world.environment.pop("MCP_SUPERVISOR_BIN"), world.folder / supervisor)
    world.shim("--", "cat", executable=str(world.folder / shim))
    events.next("attached")


def test_the_supervisor_is_found_in_path(world, events):
    shutil.copy(BIN / "mcp-shim", world.folder / "copy")
    program = world.environment.pop("MCP_SUPERVISOR_BIN")
    (world.folder / "p").mkdir()
    shutil.move(program, world.folder / "p" / "mcp-supervisor")
    world.environment["PATH"] = f"relative::/nowhere:{world.folder / 'p'}:/usr/bin:/bin"
    world.shim("--", "cat", executable=str(world.folder / "copy"))
    events.next("attached")


def test_the_socket_of_the_environment_is_used(world, events):
    world.environment["MCP_SUPERVISOR_SOCKET"] = str(world.folder / "deep" / "s")
    world.shim("--", "cat")
    events.next("attached")
    assert (world.folder / "deep" / "s").is_socket()


def test_a_lock_that_is_held_does_not_hide_a_supervisor(world):
    world.environment["MCP_SUPERVISOR_BIN"] = "/bin/false"
    world.socket.parent.mkdir(mode=0o700)
    with open(f"{world.socket}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = world.shim("--", "cat")
        supervisor = world.supervisor()
        supervisor.accept().attached().ended()
        assert child.wait(LIMIT) == 0


def test_without_a_runtime_directory_another_is_used(world, events):
    """The place is the same for everybody of a user, so this only looks at where the shim would connect."""
    del world.environment["XDG_RUNTIME_DIR"]
    uid = os.getuid()
    login = f"/run/user/{uid}"
    expected = f"{login}/mcp-supervisor" if os.path.isdir(login) else f"/tmp/mcp-supervisor-{uid}"
    if shutil.which("strace") is None or os.path.exists(f"{expected}/io.mcpctl.Supervisor"):
        pytest.skip("needs strace, and no supervisor of this user's own")
    world.environment["MCP_SUPERVISOR_BIN"] = "/nowhere"
    trace = subprocess.run(["strace", "-e", "trace=file", str(BIN / "mcp-shim"), "--", "true"], env=world.environment,
                           capture_output=True).stderr.decode()
    assert f'"{expected}"' in trace
