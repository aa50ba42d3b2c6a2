# SPDX-License-Identifier: Apache-2.0
"""A backend's life: started by need, stopped by idleness or by order, and gone for good when it is gone."""
import os
import signal
import subprocess

import pytest

from harness import processes
from harness.supervisor import BINARIES
from harness.waiting import eventually


def session(supervisor, fake, repo, *flags, **more):
    agent = supervisor.agent(fake.command(*flags), repo, **more)
    agent.initialize()
    return agent


def running(supervisor):
    """The backends that have a process; one that is stopped and that nobody refers to need not be listed."""
    return [b for b in supervisor.backends() if b["pid"]]


def test_an_idle_backend_is_stopped_and_comes_back_when_needed(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    first = session(supervisor, fake, repo)
    first.tool("echo", text="x")
    first.finish()
    fake.wait_ended(fake.only())
    assert fake.only().has("eof"), "it was asked by the end of its input first"
    eventually(lambda: running(supervisor) == [], "the supervisor knows that it is gone")
    second = session(supervisor, fake, repo)
    assert second.tool("echo", text="again") == "again"
    assert len(fake.processes) == 2 and len(running(supervisor)) == 1


def test_a_call_that_comes_while_an_idle_backend_ends_waits_for_the_next_one(start_supervisor, fake, repo):
    """Its slow end makes the moment long: it ignores the end of its input, and SIGTERM."""
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    session(supervisor, fake, repo, "--ignore-eof", "--ignore-term").finish()
    fake.wait(lambda: fake.only().has("eof"), "the stop has begun")
    second = session(supervisor, fake, repo, "--ignore-eof", "--ignore-term")
    assert second.tool("echo", text="not refused") == "not refused"
    assert len(fake.processes) == 2


def test_a_slow_end_of_a_backend_of_one_s_own_costs_the_supervisor_nothing(start_supervisor, fake, repo):
    """Nobody can come back to it, so its patience is zero; the order to stop it is given once."""
    supervisor = start_supervisor('stop_timeout = "8s"\n')
    session(supervisor, fake, repo, "--ignore-eof", options=["--share", "session"]).finish()
    fake.wait(lambda: fake.only().has("eof"), "the stop has begun")
    before = processes.rests(supervisor.pid)
    assert supervisor.status()["backends"][0]["state"] == "stopping"
    fake.wait_ended(fake.only())
    assert processes.rests(supervisor.pid) - before < 200
    eventually(lambda: supervisor.backends() == [], "it is forgotten")


def test_a_handshake_from_the_snapshot_starts_no_backend(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    first = session(supervisor, fake, repo)
    tools = first.rpc("tools/list")
    first.finish()
    fake.wait_ended(fake.only())
    eventually(lambda: running(supervisor) == [], "the supervisor knows that it is gone")
    second = session(supervisor, fake, repo)
    assert second.rpc("tools/list") == tools
    assert len(fake.processes) == 1, "nothing needed the backend"
    assert second.tool("echo", text="now") == "now"
    assert len(fake.processes) == 2


def test_a_backend_with_a_session_is_not_idle(start_supervisor, fake, repo):
    """Whatever the timeout: proved by another that goes after the same time."""
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    agent = session(supervisor, fake, repo)
    agent.call("wait", id=1, gate="g")
    fake.wait_call("wait")
    other = session(supervisor, fake, repo, "--tag", "clock")
    other.finish()
    eventually(lambda: len(fake.alive) == 1, "the other has been stopped")
    agent.call("open", id=2, gate="g")
    assert agent.text(1) == "opened" and fake.processes[0].is_alive()


def test_stop_ends_the_backend_and_the_next_call_starts_it(supervisor, fake, repo):
    agent = session(supervisor, fake, repo)
    done = supervisor.ctl("stop", supervisor.backend()["id"])
    assert done.returncode == 0, done
    assert not fake.processes[0].is_alive()
    assert supervisor.backend()["state"] == "stopped"
    assert agent.tool("echo", text="back") == "back"
    assert supervisor.backend()["generation"] == 2


def test_stop_answers_what_is_in_flight_with_the_reason(supervisor, fake, repo):
    agent = session(supervisor, fake, repo)
    agent.call("wait", id=1, gate="g")
    fake.wait_call("wait")
    assert supervisor.ctl("stop", supervisor.backend()["id"]).returncode == 0
    error = agent.error(1)
    assert error["code"] == -32603 and error["data"]["reason"] == "stopped"


def test_restart_makes_a_new_generation(supervisor, fake, repo):
    agent = session(supervisor, fake, repo)
    assert supervisor.ctl("restart", supervisor.backend()["id"]).returncode == 0
    backend = supervisor.wait_state("ready")
    assert backend["generation"] == 2 and backend["pid"] != fake.processes[0].pid
    assert agent.tool("echo", text="same session") == "same session"
    assert len(fake.alive) == 1


def test_request_holds_a_backend_without_a_session_until_release(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    done = supervisor.ctl("request", "--repo", repo, "--", *fake.command())
    assert done.returncode == 0, done
    assert supervisor.wait_state("ready")["holds"] == 1
    agent = session(supervisor, fake, repo)
    assert agent.tool("echo", text="x") == "x"
    assert len(fake.processes) == 1, "the session found the backend that was asked for"
    agent.finish()
    other = session(supervisor, fake, repo, "--tag", "clock")
    other.finish()
    eventually(lambda: len(fake.alive) == 1, "the other has been stopped")
    [held] = running(supervisor)
    assert held["pid"] == fake.processes[0].pid and fake.processes[0].is_alive()
    assert supervisor.ctl("release", held["id"], "--now").returncode == 0
    fake.wait_ended(fake.processes[0])


def test_a_hold_with_a_duration_ends_by_itself(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    assert supervisor.ctl("request", "--repo", repo, "--hold", "1s", "--", *fake.command()).returncode == 0
    fake.wait_ended(fake.only())
    eventually(lambda: running(supervisor) == [] and not any(b["holds"] for b in supervisor.backends()), "no hold is left")


def test_a_backend_that_ignores_everything_polite_is_killed(supervisor, fake, repo):
    session(supervisor, fake, repo, "--ignore-eof", "--ignore-term")
    backend = supervisor.backend()
    done = supervisor.ctl("stop", backend["id"], timeout=40)
    assert done.returncode == 0, done
    process = fake.only()
    fake.wait_ended(process)
    assert process.has("eof") and process.has("terminated"), "asked by the end of its input, then by SIGTERM"


def test_processes_in_sessions_of_their_own_go_with_their_backend(supervisor, fake, repo):
    agent = session(supervisor, fake, repo, "--grandchild")
    pids = [next(e["pid"] for e in fake.only().entries if e["kind"] == "grandchild"),
            int(agent.tool("grandchild")), int(agent.tool("grandchild", holds_stdout=True))]
    assert all(processes.is_alive(pid) for pid in pids)
    assert supervisor.ctl("stop", supervisor.backend()["id"], timeout=40).returncode == 0
    eventually(lambda: not any(processes.read(pid) for pid in pids), "the grandchildren are gone")


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_processes_without_our_mark_go_with_their_backend(supervisor, fake, repo, end):
    """A session of its own, an empty environment, another stderr; while its parent lives it is below the backend."""
    agent = session(supervisor, fake, repo)
    marked, bare = int(agent.tool("grandchild")), int(agent.tool("grandchild", bare=True))
    # Seen once, it stays the backend's when its parent is gone.
    assert supervisor.backend()["memory"]["pss_bytes"]
    if end == "stopped":
        assert supervisor.ctl("stop", supervisor.backend()["id"], timeout=40).returncode == 0
    else:
        os.kill(supervisor.backend()["pid"], signal.SIGKILL)
    eventually(lambda: not processes.read(marked) and not processes.read(bare), "the grandchildren are gone")


def test_memory_is_reported_for_the_whole_tree(supervisor, fake, repo):
    agent = session(supervisor, fake, repo)
    before = supervisor.backend()["memory"]["pss_bytes"]
    agent.tool("allocate", bytes=60_000_000)
    eventually(lambda: supervisor.backend()["memory"]["pss_bytes"] > before + 50_000_000, "60 MB more are seen")


def test_a_stderr_storm_stops_nobody(supervisor, fake, repo):
    agent = session(supervisor, fake, repo, "--stderr-storm", 50_000)
    assert agent.tool("echo", text="heard") == "heard"
    assert supervisor.status()["supervisor"]["memory"]["pss_bytes"] < 100_000_000


def test_a_supervisor_with_nothing_to_do_ends_by_itself(start_supervisor, fake, repo):
    """Only one that somebody can start again: by its socket, or as here by the next shim."""
    supervisor = start_supervisor('idle_timeout = "1s"\nexit_idle_time = "1s"\n', run=False)
    agent = session(supervisor, fake, repo)
    pid = supervisor.pid
    assert agent.finish() == 0
    eventually(lambda: not processes.is_alive(pid), "the supervisor has ended")
    again = session(supervisor, fake, repo)
    assert again.tool("echo", text="anew") == "anew" and supervisor.pid != pid


def test_sigterm_ends_the_supervisor_cleanly(supervisor, fake, repo):
    session(supervisor, fake, repo)
    assert supervisor.kill(signal.SIGTERM) == 0, supervisor.log()
    fake.wait_ended(fake.only())


def test_without_systemd_nothing_is_started_with_it(without_supervisor):
    done = subprocess.run(
        [BINARIES / "mcp-supervisor", "--launcher", "systemd"], env=without_supervisor.environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert "cannot start backends with systemd" in line and "--launcher auto" in line and "process ended" not in line
