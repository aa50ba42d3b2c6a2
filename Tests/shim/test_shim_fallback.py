# SPDX-License-Identifier: Apache-2.0
"""Never worse than without us: what happens when a session cannot be shared."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys

import pytest

from fake_supervisor import LIMIT
from world import BIN

PRINT_STATE = (
    "import os,signal,sys\n"
    "print(sys.argv[1:], os.getcwd(), sorted(os.environ.items()))\n"
    "print(sorted(int(n) for n in os.listdir('/proc/self/fd')))\n"
    "print([n for n in range(1,32) if signal.getsignal(n)==signal.SIG_IGN], signal.pthread_sigmask(0,[]))\n"
    "print([os.get_blocking(n) for n in (0,1)], oct(os.umask(0)), sys.stdin.read())\n"
)


def test_without_a_supervisor_the_command_runs_and_one_line_says_so(world):
    status, out, error = world.run("--", "sh", "-c", "cat; exit 5", input=b"hello")
    assert (status, out) == (5, b"hello")
    assert error.startswith("mcp-shim: cannot start MCP_SUPERVISOR_BIN") and error.count("\n") == 1
    assert error.endswith("running sh unshared\n")


def test_the_command_finds_everything_as_it_was(world, supervisor):
    world.environment["PYTHONUTF8"] = "1"
    command = [sys.executable, "-c", PRINT_STATE, "x", "--y"]
    direct = subprocess.run(command, input=b"in", env=world.environment, capture_output=True, umask=0o013).stdout
    child = world.shim("--", *command, umask=0o013)
    attachment = supervisor.accept()
    for descriptor in (attachment.stdin, attachment.stdout):
        os.set_blocking(descriptor, False)
    attachment.refuse("not today")
    attachment.close()
    out, error = child.communicate(b"in", timeout=LIMIT)
    assert out == direct
    assert error.decode() == f"mcp-shim: not today; running {sys.executable} unshared\n"


def test_ignored_and_blocked_signals_are_passed_on(world):
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    show = "grep -E 'Sig(Blk|Ign)' /proc/self/status"
    direct = subprocess.run(["sh", "-c", show], env=world.environment, preexec_fn=prepare, capture_output=True,
                            restore_signals=False).stdout
    _, out, _ = world.run("--", "sh", "-c", show, preexec_fn=prepare, restore_signals=False)
    assert out == direct


def test_a_reason_stays_one_line(world, supervisor):
    child = world.shim("--", "true")
    supervisor.accept().refuse('a\n"b"\t\x1b[31m\\ ü')
    assert child.stderr.read().decode() == 'mcp-shim: a "b"  [31m\\ ü; running true unshared\n'
    assert child.wait(LIMIT) == 0


def test_an_error_without_a_reason_is_named(world, supervisor):
    child = world.shim("--", "true")
    supervisor.accept().send({"error": "org.varlink.service.MethodNotFound"})
    assert "org.varlink.service.MethodNotFound" in child.stderr.read().decode()


def test_a_supervisor_that_dies_before_its_answer(world, supervisor):
    child = world.shim("--", "echo", "here")
    supervisor.accept().close()
    out, error = child.communicate(timeout=LIMIT)
    assert out == b"here\n" and error.count(b"\n") == 1 and b"went away before it answered" in error


@pytest.mark.parametrize(
    "reply",
    [
        b"hello\0",
        b"\0",
        b'{"continues":true,}\0',
        b'{"continues":true} x\0',
        b'{"continues":tru}\0',
        b'{"parameters":{"resume":"\\x"},"continues":true}\0',
        b'{"parameters":{"resume":7},"continues":true}\0',
        b'{"parameters":{"resume":"a\nb"}}\0',
        b'{"a":01}\0',
        b'{"a":"\xff"}\0',
        b'{"a":' + b"[" * 40 + b"]" * 40 + b"}\0",
        b'{"a":"' + b"x" * 70_000,
    ],
)
def test_what_is_no_reply_is_not_believed(world, supervisor, reply):
    child = world.shim("--", "echo", "here")
    attachment = supervisor.accept()
    try:
        attachment.connection.sendall(reply)
    except (BrokenPipeError, ConnectionResetError):
        pass
    attachment.close()
    out, error = child.communicate(timeout=LIMIT)
    assert out == b"here\n" and error.count(b"\n") == 1, error


def test_damaged_replies_do_no_harm(world, supervisor):
    chance = random.Random(11)
    good = b'{"parameters":{"session":"s7","resume":"\\ud83e\\udd80\\n","n":-1.5e+9},"continues":true,"x":[{},null,false]}'
    for _ in range(150):
        reply = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(reply))
            reply[place : place + chance.randrange(3)] = chance.choice((b"", b'"', b"\\", b"{", b"}", b"9", b"\x80", b"[", b","))
        child = world.shim("--", "true")
        attachment = supervisor.accept()
        attachment.connection.sendall(bytes(reply) + b"\0")
        try:
            attachment.ended()
        except (BrokenPipeError, ConnectionResetError):
            pass  # not believed
        assert child.wait(LIMIT) == 0, reply
        attachment.close()


def test_a_supervisor_that_never_answers_is_not_waited_for_for_ever(world, supervisor):
    child = world.shim("--", "echo", "here")
    attachment = supervisor.accept()
    assert attachment.is_hung_up()
    attachment.close()
    out, error = child.communicate(timeout=LIMIT)
    assert out == b"here\n" and b"gave no answer" in error


def test_a_configured_server_has_nothing_to_fall_back_to(world):
    status, out, error = world.run("serena")
    assert (status, out) == (69, b"") and error.count("\n") == 1


def test_neither_shared_nor_run(world):
    status, _, error = world.run("--", "no-such-command")
    lines = error.splitlines()
    assert status == 69 and len(lines) == 2
    assert lines[1] == "mcp-shim: cannot run no-such-command: No such file or directory"


def test_an_argument_that_is_not_utf8_is_not_changed(world, supervisor):
    status, out, error = world.run("--", "printf", "%s", b"a\xffb")
    assert (status, out) == (0, b"a\xffb")
    assert "argument 2 of the command is not UTF-8" in error and error.count("\n") == 1


@pytest.mark.parametrize("number, name", [(0, "stdin"), (1, "stdout")])
def test_closed_standard_streams_are_left_closed(world, supervisor, number, name):
    code = f"import os,sys; os.close({number}); os.execv(sys.argv[1], sys.argv[1:])"
    child = subprocess.run(
        [sys.executable, "-c", code, str(BIN / "mcp-shim"), "--", "sh", "-c",
         f"test -e /proc/$$/fd/{number} && echo open >&2"],
        env=world.environment, capture_output=True, timeout=LIMIT,
    )
    assert child.stderr.decode() == f"mcp-shim: {name} is closed; running sh unshared\n"


def test_a_stderr_that_nobody_reads_does_not_kill(world):
    reading, writing = os.pipe()
    os.close(reading)
    status, out, _ = world.run("--", "echo", "here", stderr=writing)
    os.close(writing)
    assert (status, out) == (0, b"here\n")


def test_a_directory_of_somebody_else_is_refused(world):
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    folder = world.runtime / "mcp-supervisor"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and "belongs to user 12345" in error and error.count("\n") == 1


def test_a_directory_that_others_may_write_is_refused(world, supervisor):
    os.chmod(world.socket.parent, 0o777)
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and "others may write in" in error


def test_a_link_in_place_of_the_directory_is_refused(world):
    (world.folder / "elsewhere").mkdir(mode=0o700)
    (world.runtime / "mcp-supervisor").symlink_to(world.folder / "elsewhere")
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and "is not a directory" in error


def test_a_listener_of_somebody_else_is_refused(world):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    world.socket.parent.mkdir(mode=0o700)
    code = ("import os,socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\nos.setuid(12345)\n"
            "s.listen(1)\nprint(flush=True)\nc,_=s.accept()\nprint(len(c.recv(9)),flush=True)\n")
    other = subprocess.Popen([sys.executable, "-c", code, str(world.socket)], stdout=subprocess.PIPE)
    world.children.append(other)
    other.stdout.readline()
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and "belongs to user 12345" in error
    assert other.stdout.readline() == b"0\n", "it got nothing of ours"


@pytest.mark.parametrize("value, said", [("relative/path", "not an absolute path"), ("{}/" + "x" * 120, "too long")])
def test_an_impossible_socket_path_is_named(world, value, said):
    world.environment["MCP_SUPERVISOR_SOCKET"] = value.format(world.runtime)
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and said in error and error.count("\n") == 1


def test_a_runtime_directory_that_is_not_there_is_named(world):
    world.environment |= {"XDG_RUNTIME_DIR": str(world.folder / "nowhere"), "MCP_SUPERVISOR_BIN": "/bin/false"}
    status, out, error = world.run("--", "echo", "here")
    assert (status, out) == (0, b"here\n") and "cannot create" in error


def can_trace():
    """Whether strace may trace here, and knows the system call: where there is no poll(2) there is ppoll(2) only."""
    return shutil.which("strace") and subprocess.run(
        ["strace", "-o", os.devnull, "-e", "trace=poll", "true"], stderr=subprocess.DEVNULL).returncode == 0


needs_strace = pytest.mark.skipif(not can_trace(), reason="strace cannot trace poll(2) here")


def traced(world, trace, *injections):
    """A shim whose system calls are told, and made to go as they go once in a blue moon."""
    options = [word for injection in injections for word in ("-e", f"inject={injection}")]
    child = subprocess.Popen(["strace", "-qq", "-f", "-o", trace, "-e", "trace=poll,shutdown", *options,
                              str(BIN / "mcp-shim"), "--", "cat"], env=world.environment,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    world.children.append(child)
    return child


@needs_strace
@pytest.mark.parametrize("moment", ["before it looks", "before it hears no more"])
def test_an_answer_at_the_last_moment_is_either_taken_or_known_not_to_be(world, supervisor, moment):
    """A supervisor that was told `attached` may read the agent; so the command must not read beside it. The kernel says
    that the time is over, and the answer comes before the shim acts on it."""
    looks = moment == "before it looks"
    child = traced(world, os.devnull, *(
        ["poll:retval=0:delay_exit=4000000:when=1"] if looks
        else ["poll:retval=0:when=1..2", "shutdown:delay_enter=4000000:when=1"]))
    attachment = supervisor.accept()
    attachment.attached()
    if looks:
        again = attachment
    else:
        again = supervisor.accept()
        assert again.parameters["resume"] is None and attachment.is_hung_up()
        again.attached()
    child.stdin.write(b"hello")
    child.stdin.flush()
    assert again.read(5) == b"hello", "there is no second reader"
    again.ended()
    assert child.wait(LIMIT) == 0


@needs_strace
def test_a_session_that_goes_on_is_waited_for(world, supervisor, tmp_path):
    """There is nobody else who could serve it; one that begins has its command."""
    trace = tmp_path / "trace"
    child = traced(world, str(trace))
    first = supervisor.accept()
    first.attached(resume="kept")
    first.close()
    again = supervisor.accept()
    again.attached()
    again.ended()
    assert child.wait(LIMIT) == 0
    waits = re.findall(r"poll\(.*?\], 1, (\d+)", trace.read_text())
    assert "10000" in waits and "60000" in waits, trace.read_text()
