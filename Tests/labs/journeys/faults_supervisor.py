# SPDX-License-Identifier: Apache-2.0
"""Faults of the supervisor, and of what it stands on."""
import contextlib
import os
import random
import signal
import threading
import time

import lab
from crowd import CONFIGURATION, RUNTIME, Crowd, alive, chance, command, pause, prop, systemctl, units, until


@contextlib.contextmanager
def drop_in(section, *lines):
    """Settings of the service while a row runs."""
    folder = f"{lab.HOME}/.config/systemd/user/mcp-supervisor.service.d"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/lab.conf", "w") as file:
        file.write("\n".join([f"[{section}]", *lines, ""]))
    systemctl("daemon-reload")
    try:
        yield
    finally:
        os.remove(f"{folder}/lab.conf")
        systemctl("daemon-reload")


def pids(crowd):
    return sorted(b["pid"] for b in crowd.world.status()["backends"] if b.get("pid"))


def restarted(crowd, old):
    return until(lambda: crowd.supervisor() not in (0, old) and prop("mcp-supervisor.service", "ActiveState") == "active", 30)


def row_5(row):
    """kill -9 of the supervisor with three backends and more, requests in flight; then one backend is killed."""
    with Crowd(row) as crowd:
        before, old = pids(crowd), crowd.supervisor()
        session = crowd.session(name="waits")
        session.initialize()
        session.send(id="w", method="tools/call", params={"name": "swallow", "arguments": {}})
        session.request("ping")
        begun = time.monotonic()
        crowd.breaks(old, signal.SIGKILL)
        answer = session.receive(30)
        took = time.monotonic() - begun
        row.check("a call under way has one error, which says why",
                  answer.get("id") == "w" and answer["error"]["data"]["reason"] == "supervisor_restarted", answer)
        row.check(f"after {took:.2f} s", took < crowd.SOON)
        session.close()
        row.check("it is started again", restarted(crowd, old))
        row.check("within a second or so", time.monotonic() - begun < 5, time.monotonic() - begun)
        crowd.served_again()
        crowd.errors_come_soon()
        row.check("every backend is the same process", set(before) <= set(pids(crowd)), (before, pids(crowd)))
        crowd.breaks(before[0], signal.SIGKILL)
        row.check("a later death is noticed", until(lambda: before[0] not in pids(crowd), 10))
        crowd.served_again()
        crowd.errors_come_soon()


def row_6(row):
    """The supervisor hangs for longer than its watchdog's time."""
    with drop_in("Service", "WatchdogSec=2"), Crowd(row) as crowd:
        before, old = pids(crowd), crowd.supervisor()
        os.kill(old, signal.SIGSTOP)
        row.check("the watchdog ends it, and it is started again", restarted(crowd, old))
        crowd.served_again()
        row.check("every backend is the same process", set(before) <= set(pids(crowd)), (before, pids(crowd)))


def row_7(row):
    """kill -9 of the supervisor at random moments of a backend's start."""
    with Crowd(row, sessions=4) as crowd:
        dice = chance(row)
        for attempt in range(6):
            session = crowd.session("--tag", f"start-{attempt}", name=f"start{attempt}")
            session.send(id=1, method="initialize", params={"protocolVersion": "2025-11-25", "capabilities": {}})
            old = crowd.supervisor()
            time.sleep(dice.uniform(0, 0.12))
            if old:
                os.kill(old, signal.SIGKILL)
            systemctl("reset-failed", "mcp-supervisor.service")
            answer = session.receive(60)
            row.check(f"start {attempt} ends in an answer", answer.get("id") == 1, answer)
            session.close()
        row.check("no gate waits for ever", until(lambda: not gates(), 10), gates())


def gates():
    return command("pgrep", "-u", str(os.getuid()), "-x", "mcp-gate").stdout.split()


def row_8(row):
    """kill -9 of the supervisor when scopes run whose descriptors are not in the store yet."""
    with drop_in("Service", "FileDescriptorStoreMax=0"), Crowd(row) as crowd:
        before, old = pids(crowd), crowd.supervisor()
        crowd.breaks(old, signal.SIGKILL)
        row.check("it is started again", restarted(crowd, old))
        row.check("backends that nobody can talk to are stopped",
                  until(lambda: not any(alive(pid) for pid in before), 30), before)
        crowd.served_again()
        crowd.errors_come_soon()
    with Crowd(row, sessions=0) as crowd:
        kept = 0
        for attempt in range(10):
            systemctl("reset-failed", "mcp-supervisor.service")
            session = crowd.session("--tag", f"fresh-{attempt}", name="fresh")
            session.send(id="i", method="initialize", params={"protocolVersion": "2025-11-25", "capabilities": {}})
            scope_of(session, attempt)
            time.sleep(attempt * 0.002)
            os.kill(crowd.supervisor(), signal.SIGKILL)
            row.check(f"start {attempt} ends in an answer", session.receive(60).get("id") == "i")
            kept += "result" in session.request("tools/call", name="echo", arguments={"text": "on"})
            session.close()
        row.check("and the next call is served", kept == 10, kept)


def scope_of(session, attempt):
    """Returns as soon as the manager has a scope for the last start."""
    transient = f"{RUNTIME}/systemd/transient"
    end = time.monotonic() + 20
    known = set() if attempt == 0 else scope_of.known
    while time.monotonic() < end:
        scope_of.known = {name for name in (os.listdir(transient) if os.path.isdir(transient) else []) if "fresh" in name}
        if scope_of.known - known:
            return


def row_9(row):
    """A backend's process is killed before its scope is there: the user manager is slow."""
    with Crowd(row, sessions=4) as crowd:
        manager = int(command("systemctl", "--user", "show", "-P", "MainPID", "init.scope").stdout or 0) or manager_pid()
        session = crowd.session("--tag", "late", name="late")
        os.kill(manager, signal.SIGSTOP)
        try:
            session.send(id=1, method="initialize", params={"protocolVersion": "2025-11-25", "capabilities": {}})
            waiting = until(gates, 10)
            row.check("the gate waits for its scope", bool(waiting))
            os.kill(int(waiting[0]), signal.SIGKILL)
        finally:
            os.kill(manager, signal.SIGCONT)
        answer = session.receive(60)
        row.check("the client gets an answer", answer.get("id") == 1, answer)
        row.check("no empty scope stays", until(lambda: not any("late" in u for u in units()) or crowd.backend("late")["pid"], 30), units())
        session.close()


def manager_pid():
    """The user manager: the process that started the supervisor."""
    status = open(f"/proc/{prop('mcp-supervisor.service', 'MainPID')}/status").read()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


def row_10(row):
    """systemctl restart of the supervisor under load."""
    with Crowd(row) as crowd:
        before, old = pids(crowd), crowd.supervisor()
        done = command("systemctl", "--user", "restart", "mcp-supervisor.service")
        row.check("the restart succeeds", done.returncode == 0, done.stderr)
        row.check("another process", crowd.supervisor() not in (0, old))
        crowd.served_again()
        row.check("every backend is the same process", set(before) <= set(pids(crowd)), (before, pids(crowd)))
        row.check("no request got an error", row.books.counts["errors"] == 0, row.books.reasons)


def row_11(row):
    """systemctl stop of the supervisor, with sessions attached."""
    with Crowd(row, sessions=0) as crowd:
        session = crowd.session(name="held")
        session.initialize()
        session.call("echo", text="up")
        pid = crowd.backend("held")["pid"]
        systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
        row.check("every scope is stopped", until(lambda: not units(), 20), units())
        row.check("and its process is gone", not alive(pid))
        session.shim.kill()
        systemctl("start", "mcp-supervisor.socket")


def row_12(row):
    """A backend answers and dies while no supervisor runs; once in a restart, once after kill -9."""
    with drop_in("Service", "ExecStartPre=/bin/sleep 2"), Crowd(row) as crowd:
        for kind in ("restart", "kill"):
            fifo = str(crowd.world.host.folder / f"{kind}.fifo")
            os.mkfifo(fifo)
            session = crowd.session("--tag", kind, name="parting")
            session.initialize()
            session.send(id="last", method="tools/call", params={"name": "parting", "arguments": {"fifo": fifo}})
            with open(fifo, "w"):  # Opens when the backend reads: the call is under way.
                pid, old = crowd.backend("parting")["pid"], crowd.supervisor()
                down = threading.Thread(target=lambda: systemctl("restart", "mcp-supervisor.service"))
                if kind == "restart":
                    down.start()
                else:
                    os.kill(old, signal.SIGKILL)
                row.check(f"{kind}: the supervisor is away", until(lambda: not alive(old), 30))
            row.check(f"{kind}: the backend ends meanwhile", until(lambda: not alive(pid), 10))
            row.check(f"{kind}: while it is away", prop("mcp-supervisor.service", "ActiveState") != "active")
            came = [session.receive()]
            while came[-1].get("id") != "last":
                came.append(session.receive())
            if kind == "restart":
                row.check("what it wrote is delivered", "last words" in str(came[-1]), came)
                down.join()
            else:
                row.check("the call has one error", "error" in came[-1] and "supervisor" in str(came[-1]), came)
            answer = session.call("echo", text="on")
            row.check(f"{kind}: the next call has a new process", "on" in str(answer.get("result")), answer)
            if kind == "restart":
                row.check("its death is reported", crowd.backend("parting")["last_exit"], crowd.backend("parting"))
            session.close()
            crowd.world.host.ctl("stop", crowd.backend("parting")["id"], timeout=60)
            until(lambda: crowd.backend("parting") is None or not crowd.backend("parting")["pid"])
        crowd.served_again()


def row_13(row):
    """The supervisor exits when idle, while forty clients come at random times."""
    answers = []
    short = 'idle_timeout = "100ms"\nexit_idle_time = "120ms"\n'
    with drop_in("Unit", "StartLimitIntervalSec=0"), Crowd(row, times=short, sessions=0) as crowd:
        dice = random.Random(13)

        def client(after):
            time.sleep(after)
            session = crowd.session(name="passing")
            session.initialize()
            answers.append("text" in str(session.call("echo", text="text")))
            session.close()

        threads = [threading.Thread(target=client, args=(dice.uniform(0, 12),)) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        row.check("forty answers", answers == [True] * 40, answers)


def row_14(row):
    """A supervisor that cannot start any more, with backends of the one before alive."""
    with Crowd(row, sessions=0) as crowd:
        session = crowd.session(name="orphan")
        session.initialize()
        session.call("echo", text="up")
        pid = crowd.backend("orphan")["pid"]
        good = CONFIGURATION.read_text()
        CONFIGURATION.write_text("idel_timeout = 1\n")
        os.kill(crowd.supervisor(), signal.SIGKILL)
        row.check("it fails", until(lambda: prop("mcp-supervisor.service", "ActiveState") == "failed", 30))
        row.check("its backends are stopped", until(lambda: not alive(pid), 30))
        begun = time.monotonic()
        other = crowd.session(name="orphan")
        answer = other.initialize()
        row.check("an agent still gets its server", "result" in answer, answer)
        row.check("soon", time.monotonic() - begun < 15, time.monotonic() - begun)
        other.close()
        session.shim.kill()
        CONFIGURATION.write_text(good)
        systemctl("reset-failed", "mcp-supervisor.service", "mcp-supervisor.socket")
        systemctl("start", "mcp-supervisor.socket")
        again = crowd.session(name="orphan")
        row.check("once put right it works", "result" in again.initialize() and crowd.supervisor() != 0)
        again.close()


def row_22(row):
    """daemon-reload and daemon-reexec of the user manager; then its bus goes away and comes back."""
    with Crowd(row) as crowd:
        before = pids(crowd)
        systemctl("daemon-reload")
        systemctl("daemon-reexec")
        crowd.served_again()
        row.check("every backend is the same process", set(before) <= set(pids(crowd)), (before, pids(crowd)))
        systemctl("restart", "dbus.service")
        crowd.served_again()
        fresh = crowd.session("--tag", "after", name="after")
        row.check("a new backend starts after the bus came back", "result" in fresh.initialize())
        row.check("in a scope", any("after" in unit for unit in units()), units())
        fresh.close()


def row_23(row):
    """No user bus: the direct launcher serves, and says what is missing."""
    with Crowd(row, sessions=0) as crowd:
        environment = {**crowd.world.host.environment(), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
                       "XDG_RUNTIME_DIR": str(crowd.world.host.folder / "runtime"),
                       "MCP_SUPERVISOR_SOCKET": str(crowd.world.host.folder / "runtime/s/io.mcpctl.Supervisor")}
        session = lab.Session(crowd.world.places[0], *crowd.world.command(0), environment=environment)
        row.check("the server answers", "result" in session.initialize())
        row.check("calls too", "hello" in str(session.call("echo", text="hello")))
        shown = command(f"{lab.BIN}/mcpctl", "status", env=environment).stdout
        row.check("status says that limits are not enforced", "not enforced" in shown, shown)
        session.close()


def row_25(row):
    """A hundred backends started at once, then the supervisor is killed, then all are stopped."""
    with Crowd(row, times='idle_timeout = "60s"\n', sessions=0) as crowd:
        sessions = [crowd.session("--tag", f"many-{n}", name="many") for n in range(100)]
        for session in sessions:
            session.send(id="i", method="initialize", params={"protocolVersion": "2025-11-25", "capabilities": {}})
            session.send(method="notifications/initialized")
        row.check("all hundred start", all(s.receive(120).get("id") == "i" for s in sessions))
        row.check("in a hundred scopes", len(units()) == 100, len(units()))
        before, old = pids(crowd), crowd.supervisor()
        os.kill(old, signal.SIGKILL)
        row.check("the supervisor comes back", restarted(crowd, old))
        row.check("all hundred answer", all("x" in str(s.call("echo", text="x")) for s in sessions))
        row.check("the same processes", pids(crowd) == before, len(set(before) & set(pids(crowd))))
        for session in sessions:
            session.shim.stdin.close()
        crowd.world.host.ctl("stop", *sorted({b["id"] for b in crowd.world.backends()}), timeout=120)
        pause(0.2)


ROWS = {5: row_5, 6: row_6, 7: row_7, 8: row_8, 9: row_9, 10: row_10, 11: row_11, 12: row_12, 13: row_13, 14: row_14, 22: row_22, 23: row_23,
        25: row_25}
