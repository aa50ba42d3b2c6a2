# SPDX-License-Identifier: Apache-2.0
"""Faults that need cgroup v2 and a journal: memory that runs out in four ways, a storm on stderr, no journal."""
import statistics
import sys
import threading
import time

from crowd import Crowd, alive, prop, until
from lab import as_root

# Few: what these rows are run in is ten times slower than a machine.
SESSIONS = 3
UNLIMITED = 'slice_limits = { MemoryMax = "infinity" }\n[defaults]\nMemoryHigh = "infinity"\n'
MIB = 1 << 20
# Beside the server, in its scope: takes memory until it is killed, once the file is there. A new one waits for another.
HELPER = (f'( until rm "$0" 2>/dev/null; do sleep 0.2; done; exec {sys.executable} -I -S -c "b = bytearray(400 << 20)" ) & '
          'exec "$@"')


def small(limit):
    return UNLIMITED + f'[server.small]\nMemoryMax = "{limit}"\nMemorySwapMax = 0\n'


def pids(crowd):
    """The crowd's backends: no fault of another backend may touch them."""
    return {b["pid"] for b in crowd.world.backends()}


def begun(crowd, name, **options):
    session = crowd.session(name=name, **options)
    session.initialize()
    session.call("echo", text="up")
    return session


def untouched(row, crowd, before):
    row.check("every other backend is the same process", before <= pids(crowd), (before, pids(crowd)))


def row_1(row):
    """A backend takes more memory than its own limit."""
    with Crowd(row, small("100M"), SESSIONS) as crowd:
        before = pids(crowd)
        session = begun(crowd, "small")
        start = time.monotonic()
        message = session.call("allocate", bytes=200 * MIB).get("error", {}).get("message", "")
        took = time.monotonic() - start
        row.check("the error names its own limit", "out of memory (limit 100.0M" in message, message)
        row.check("in time", took < 20, took)
        last = crowd.backend("small")["last_exit"]
        row.check("status tells it from other deaths", (last["reason"], last["shortage"]) == ("oom", "own"), last)
        untouched(row, crowd, before)
        row.check("the next call has a new process", "on" in str(session.call("echo", text="on")))
        session.close()
        crowd.served_again()


def row_2(row):
    """A helper of a backend runs out of memory; a call is in flight."""
    with Crowd(row, small("100M"), SESSIONS) as crowd:
        before = pids(crowd)
        trigger = crowd.world.host.folder / "take"
        session = begun(crowd, "small", before=("sh", "-c", HELPER, str(trigger)))
        pid = crowd.backend("small")["pid"]
        session.send(id="held", method="tools/call", params={"name": "wait", "arguments": {"gate": "never"}})
        trigger.touch()
        answer = session.receive(60)
        row.check("the call in flight has its error", answer.get("id") == "held" and "out of memory" in str(answer), answer)
        row.check("the backend went along", not alive(pid))
        last = crowd.backend("small")["last_exit"]
        row.check("status tells it from other deaths", last and last["reason"] == "oom", last)
        untouched(row, crowd, before)
        row.check("the next call has a new process", "on" in str(session.call("echo", text="on")))
        session.close()
        crowd.served_again()


def row_3(row):
    """The limit of all backends together is met by one of them."""
    with Crowd(row, UNLIMITED, SESSIONS) as crowd:
        before = pids(crowd)
        modest, greedy = begun(crowd, "modest"), begun(crowd, "greedy")
        ctl = crowd.world.host.ctl
        done = ctl("limits", "--total", "--set", "MemoryMax=250M", "MemorySwapMax=0", timeout=60)
        row.check("mcpctl limits succeeds", done.returncode == 0, done.stderr)
        message = greedy.call("allocate", bytes=400 * MIB).get("error", {}).get("message", "")
        row.check("the error names the limit of all", "limit of all backends together 250.0M" in message, message)
        row.check("the other backend lives", "on" in str(modest.call("echo", text="on")))
        row.check("as it was", crowd.backend("modest")["generation"] == 1, crowd.backend("modest"))
        untouched(row, crowd, before)
        ctl("limits", "--total", "--set", "MemoryMax=infinity", "MemorySwapMax=infinity", timeout=60)
        greedy.close()
        modest.close()
        crowd.served_again()


def row_4(row):
    """MemoryMax is lowered below what a backend cannot give back."""
    with Crowd(row, UNLIMITED, SESSIONS) as crowd:
        before = pids(crowd)
        session = begun(crowd, "small")
        session.call("allocate", bytes=100 * MIB)
        held = crowd.backend("small")
        events = f"/sys/fs/cgroup{prop(held['unit'], 'ControlGroup')}/memory.events"
        start, done = time.monotonic(), []
        change = threading.Thread(target=lambda: done.append(crowd.world.host.ctl(
            "limits", held["id"], "--set", "MemoryMax=60M", "MemorySwapMax=0", timeout=60)))
        change.start()
        row.check("MemoryHigh is there first", until(lambda: prop(held["unit"], "MemoryHigh") == str(60 * MIB), 10))
        row.check("it kills nobody", "oom_kill 0" in open(events).read() and alive(held["pid"]))
        until(lambda: not alive(held["pid"]), 60)
        row.check("and nothing does before its time is up", time.monotonic() - start > 4.5, time.monotonic() - start)
        change.join()
        row.check("mcpctl limits succeeds", done[0].returncode == 0, done[0].stderr)
        last = until(lambda: crowd.backend("small")["last_exit"], 30)
        row.check("the end is reported as out of memory", last and last["reason"] == "oom", last)
        row.check("with the limit that was set", last and last["limit_bytes"] == 60 * MIB, last)
        untouched(row, crowd, before)
        row.check("the next call has a new process", "on" in str(session.call("echo", text="on")))
        session.close()
        crowd.served_again()


def latencies(session, until_true):
    """How long calls take, one after the other, until something is true; in seconds."""
    taken = []
    while not until_true(len(taken)):
        start = time.monotonic()
        session.call("echo", text="tick")
        taken.append(time.monotonic() - start)
    return taken


def row_20(row):
    """A storm of 100 000 lines on stderr; last words after it."""
    with Crowd(row, UNLIMITED, SESSIONS) as crowd:
        other, loud = begun(crowd, "calm"), begun(crowd, "loud")
        calm = latencies(other, lambda count: count >= 30)
        loud.send(id="storm", method="tools/call", params={"name": "stderr", "arguments": {
            "lines": 100_000, "text": "a line of the storm"}})
        storm = latencies(other, lambda count: loud.has_line() or count > 5000)
        row.check("the storm ends", loud.receive(120).get("id") == "storm")
        print(f"        {len(storm)} calls of another session meanwhile: median {statistics.median(calm) * 1000:.1f} ms "
              f"before, {statistics.median(storm) * 1000:.1f} ms during, {max(storm) * 1000:.0f} ms at most")
        row.check("others wait no longer than for a busy processor",
                  statistics.median(storm) < 5 * statistics.median(calm) + 0.05, statistics.median(storm))
        backend = crowd.backend("loud")["id"]

        def shown(text):
            return text in crowd.world.host.ctl("logs", backend, "-n", "20", timeout=60).stdout

        # journald itself drops what is too much in 30 s (RateLimitBurst=), so what follows is said when it listens again.
        row.check("the journal takes lines again", until(
            lambda: loud.call("stderr", text="after the storm") and shown("after the storm"), 60))
        loud.call("stderr", text="last words: no space left for the index")
        loud.call("exit", status=3)
        row.check("mcpctl logs has its last words", until(lambda: shown("last words"), 30))
        other.close()
        loud.close()
        crowd.served_again()


def row_21(row):
    """journald is restarted under its writers; then the journal cannot be read."""
    with Crowd(row, UNLIMITED, SESSIONS) as crowd:
        session = begun(crowd, "writer")
        before, backend = pids(crowd), crowd.backend("writer")["id"]

        def logs():
            return crowd.world.host.ctl("logs", backend, "-n", "20", timeout=60)

        session.call("stderr", text="before journald went away")
        row.check("its lines are in the journal", until(lambda: "before journald" in logs().stdout, 60))
        row.check("journald is restarted", as_root("systemctl restart systemd-journald.service"))
        session.call("stderr", text="after it came back")
        row.check("later lines arrive", until(lambda: "after it came back" in logs().stdout, 60), logs())
        row.check("earlier ones are still there", "before journald" in logs().stdout, logs())
        untouched(row, crowd, before)
        row.check("it goes on", "on" in str(session.call("echo", text="on")))
        row.check("the journal is closed to us", as_root("chmod 700 /var/log/journal/* /run/log/journal/* || true"))
        shown = logs()
        row.check("mcpctl says why it can show nothing", shown.returncode != 0 and "journal" in shown.stderr, shown)
        row.check("in one line", shown.stderr.count("\n") == 1, shown)
        row.check("nobody minds", "on" in str(session.call("echo", text="on")))
        as_root("chmod 755 /var/log/journal/* /run/log/journal/* || true")
        row.check("and shows it again", until(lambda: "after it came back" in logs().stdout, 60), logs())
        session.close()
        crowd.served_again()


ROWS = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 20: row_20, 21: row_21}
