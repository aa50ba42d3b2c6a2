# SPDX-License-Identifier: Apache-2.0
"""Faults of backends: that will not end, hang, multiply, or die at once."""
import time

from crowd import HAS_JOURNAL, Crowd, alive, numbers, pause, units, until


def row_15(row):
    """A backend ignores EOF and SIGTERM, and has grandchildren in sessions of their own."""
    with Crowd(row) as crowd:
        session = crowd.session("--ignore-eof", "--ignore-term", "--grandchild", name="stubborn")
        session.initialize()
        grandchild = numbers(str(session.call("grandchild")))[-1]
        backend = crowd.backend("stubborn")
        begun = time.monotonic()
        done = crowd.world.host.ctl("stop", backend["id"], timeout=60)
        row.check("mcpctl stop succeeds", done.returncode == 0, done.stderr)
        row.check("within its three steps", time.monotonic() - begun < 15)
        row.check("backend and grandchildren are gone", until(lambda: not alive(backend["pid"]) and not alive(grandchild)))
        row.check("it is stopped", crowd.backend("stubborn")["state"] == "stopped", crowd.backend("stubborn"))
        row.check("a call starts it again", "back" in str(session.call("echo", text="back")))
        session.close()
        crowd.served_again()


def row_16(row):
    """A backend stops itself (SIGSTOP), then is stopped."""
    with Crowd(row) as crowd:
        session = crowd.session(name="asleep")
        session.initialize()
        session.call("echo", text="up")
        backend = crowd.backend("asleep")
        session.send(id="s", method="tools/call", params={"name": "die", "arguments": {"signal": 19}})
        until(lambda: "T" in open(f"/proc/{backend['pid']}/stat").read().rsplit(")", 1)[1].split()[0])
        begun = time.monotonic()
        done = crowd.world.host.ctl("stop", backend["id"], timeout=60)
        row.check("mcpctl stop succeeds", done.returncode == 0, done.stderr)
        row.check("and it is gone", until(lambda: not alive(backend["pid"]), 10) and time.monotonic() - begun < 12)
        answer = session.receive(20)
        row.check("its call is answered with the reason", answer.get("id") == "s" and "error" in answer, answer)
        session.close()


def row_17(row):
    """A backend forks without end."""
    with Crowd(row, '[server.rabbit]\nTasksMax = 40\n') as crowd:
        session = crowd.session(name="rabbit")
        session.initialize()
        born = numbers(str(session.call("multiply", most=400)["result"]["content"]))[0]
        row.check("TasksMax holds", 10 < born < 45, born)
        begun = time.monotonic()
        crowd.world.status()
        row.check("the supervisor answers meanwhile", time.monotonic() - begun < 5)
        backend = crowd.backend("rabbit")
        done = crowd.world.host.ctl("stop", backend["id"], timeout=60)
        row.check("all of it is stopped", done.returncode == 0 and until(
            lambda: not any("rabbit" in unit for unit in units())), units())
        session.close()
        crowd.served_again()


def row_18(row):
    """A backend that dies as soon as it starts."""
    with Crowd(row) as crowd:
        session = crowd.session("--exit-at-start", "3", "--stderr", "cannot find its index\\n", name="doomed")
        answers = [session.initialize() for _ in range(6)]
        row.check("every request is answered", all("error" in a for a in answers), answers)
        row.check("with its last words", not HAS_JOURNAL or "cannot find its index" in str(answers[-1]), answers)
        row.check("then it is failed", until(lambda: crowd.backend("doomed")["state"] == "failed", 40),
                  crowd.backend("doomed"))
        # The first may be the one try that a pause ends in; right behind it there is none.
        session.initialize()
        begun = time.monotonic()
        answer = session.initialize()
        row.check("and refuses at once", time.monotonic() - begun < 10 and "not started again" in str(answer), answer)
        session.close()
        crowd.served_again()
        crowd.world.host.ctl("stop", "doomed", timeout=60)


def row_19(row):
    """A backend hangs in initialize."""
    with Crowd(row, '[server.mute]\nstart_timeout = "3s"\n') as crowd:
        session = crowd.session("--mute", "--stderr", "waiting for a lock\\n", name="mute")
        begun = time.monotonic()
        answer = session.initialize()
        row.check("its start has a limit", "error" in answer and time.monotonic() - begun < 30, answer)
        row.check("the error names its last words or the time", "did not" in str(answer) or "waiting" in str(answer), answer)
        session.close()
        crowd.served_again()
        crowd.world.host.ctl("stop", "mute", timeout=60)


def row_24(row):
    """Two shims of one repository at once; one killed in the middle of a message; one from a deleted directory."""
    with Crowd(row) as crowd:
        left, right = crowd.session(name="twin"), crowd.session(name="twin")
        left.initialize()
        right.initialize()
        row.check("one backend", len([u for u in units() if "twin" in u]) <= 1)
        left.shim.stdin.write(b'{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"ec')
        left.shim.stdin.flush()
        left.shim.kill()
        row.check("the other goes on", "on" in str(right.call("echo", text="on")))
        gone = crowd.world.host.folder / "gone"
        gone.mkdir()
        lost = crowd.session(name="lost", cwd=gone, repository=crowd.world.host.folder / "beside")
        gone.rmdir()
        try:
            told = str(lost.initialize())
        except EOFError as end:  # The server itself may not start there: without us it would not, either.
            told = str(end)
        row.check("a session of a deleted directory is told why it does not share", "was deleted" in told, told)
        lost.shim.kill()
        right.close()
        pause(0.5)


ROWS = {15: row_15, 16: row_16, 17: row_17, 18: row_18, 19: row_19, 24: row_24}
