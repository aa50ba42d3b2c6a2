# SPDX-License-Identifier: Apache-2.0
"""Deaths: of a backend, of a shim, of the supervisor. Every waiting call is answered once, and the session goes on."""
import os
import signal

import pytest

from harness import processes
from harness.waiting import eventually


@pytest.fixture
def pair(supervisor, fake, repo):
    agents = [supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    return agents


def test_each_call_in_flight_is_answered_once_with_the_reason(pair, supervisor, fake):
    a, b = pair
    for agent in pair:
        for id in (1, 2):
            agent.call("wait", id=id, gate="g")
    fake.wait_call("wait", 4)
    os.kill(fake.only().pid, signal.SIGSEGV)
    for agent in pair:
        for id in (1, 2):
            error = agent.error(id)
            assert error["code"] == -32603 and error["data"]["reason"] == "backend_exit"
            assert "fake_backend" in error["message"] and ("signal" in error["message"] or "killed" in error["message"])
    for agent in pair:
        assert agent.tool("echo", text="same connection") == "same connection"
        agent.fence()
        assert [len(agent.answers(id)) for id in (1, 2)] == [1, 1]
    backend = supervisor.backend()
    assert (backend["generation"], backend["restarts"]) == (2, 1)
    assert (backend["last_exit"]["reason"], backend["last_exit"]["status"]) == ("signal", signal.SIGSEGV)


def test_the_new_process_gets_the_handshake_the_level_and_the_subscriptions(pair, fake):
    a, b = pair
    a.rpc("resources/subscribe", {"uri": "fake:///a"})
    a.rpc("logging/setLevel", {"level": "debug"})
    a.error(a.call("exit", status=3))
    assert b.tool("echo", text="up") == "up"
    second = fake.processes[1]
    methods = [m["method"] for m in second.received() if "method" in m]
    assert methods[:2] == ["initialize", "notifications/initialized"]
    assert {"resources/subscribe", "logging/setLevel"} <= set(methods)
    b.tool("notify", method="notifications/resources/updated", params={"uri": "fake:///a"})
    a.until(lambda m: m.get("method") == "notifications/resources/updated")
    b.fence()
    assert b.notifications("notifications/resources/updated") == []


def test_an_exit_is_told_from_a_signal(pair, supervisor):
    error = pair[0].error(pair[0].call("exit", status=42))
    assert error["data"]["reason"] == "backend_exit" and "42" in error["message"]
    last = eventually(lambda: supervisor.backend()["last_exit"], "the exit is in the status")
    assert (last["reason"], last["status"]) == ("exit", 42) and last["at"].endswith("Z")


def test_closed_stdout_is_death_too(pair, fake):
    error = pair[0].error(pair[0].call("close_stdout"))
    assert error["code"] == -32603
    fake.wait_ended(fake.processes[0])
    assert pair[1].tool("echo", text="new") == "new"


def test_closed_stdin_is_death_too(pair, fake):
    waiting = pair[0].call("wait", gate="never")
    fake.wait_call("wait", 1)
    pair[1].tool("close_stdin")
    error = pair[0].error(waiting)
    assert error["data"]["reason"] == "backend_exit" and "closed its stdin" in error["message"]
    fake.wait_ended(fake.processes[0])
    assert pair[1].tool("echo", text="new") == "new"


def test_a_grandchild_that_holds_stdout_does_not_hide_the_death(pair):
    pair[1].tool("grandchild", holds_stdout=True)
    assert pair[0].error(pair[0].call("exit", status=1))["data"]["reason"] == "backend_exit"
    assert pair[0].tool("echo", text="new") == "new"


def test_a_crash_loop_ends_in_failed_with_the_last_lines_of_stderr(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--exit-at-start", 3, "--stderr", r"first line\nboom: no database\n"), repo)
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    for _ in range(6):
        error = agent.error(agent.request("initialize", params))
        assert error["code"] == -32603 and error["data"]["reason"]
    backend = supervisor.wait_state("failed")
    assert (backend["last_exit"]["reason"], backend["last_exit"]["status"]) == ("exit", 3)
    assert "boom: no database" in backend["last_exit"]["stderr_tail"]
    assert "boom: no database" in supervisor.ctl("status", backend["id"]).stdout
    started = len(fake.processes)
    agent.error(agent.request("initialize", params), timeout=2)
    assert len(fake.processes) == started, "refused at once, without another start"


def test_a_failed_backend_says_when_it_is_tried_again_and_one_request_does(supervisor, fake, repo, tmp_path):
    """Broken until a file is there, as a server whose database is down."""
    repaired = tmp_path / "repaired"
    broken = ["sh", "-c", 'test -e "$1" || { echo no database >&2; exit 3; }; shift; exec "$@"', "server", str(repaired)]
    agent = supervisor.agent([*broken, *fake.command()], repo, options=["--name", "broken"])
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    for _ in range(5):
        agent.error(agent.request("initialize", params))
    supervisor.wait_state("failed")
    error = agent.error(agent.request("initialize", params), timeout=2)
    assert "no database" in error["message"] and "s are over" in error["message"]
    assert "no database" in error["data"]["stderr"]
    repaired.touch()

    def answered():
        return "result" in agent.answer(agent.request("initialize", params))
    eventually(answered, "a request after the pause starts it", 20)
    assert supervisor.backend()["state"] == "ready"


def test_a_restart_by_hand_ends_the_pause_of_a_crash_loop(pair, supervisor, fake):
    a, _ = pair
    for _ in range(5):
        a.error(a.call("exit", status=1))
    supervisor.wait_state("failed")
    assert supervisor.ctl("restart", supervisor.backend()["id"]).returncode == 0
    assert a.tool("echo", text="repaired") == "repaired"


def test_a_shim_killed_in_mid_call_means_cancelled_at_the_backend(pair, supervisor, fake):
    a, b = pair
    a.call("wait", id=1, gate="g")
    [call] = fake.wait_call("wait")
    os.kill(a.pid, signal.SIGKILL)
    [cancelled] = fake.wait_received("notifications/cancelled")
    assert cancelled["params"]["requestId"] == call["id"]
    eventually(lambda: len(supervisor.sessions()) == 1, "one session is left")
    assert b.tool("echo", text="alive") == "alive"


@pytest.fixture
def sessions_without(without_supervisor, fake, repo):
    """A supervisor that a shim started, and two sessions: if it dies they start the next."""
    agents = [without_supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    return without_supervisor, agents


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_session_outlives_its_supervisor(sessions_without, fake, number):
    supervisor, agents = sessions_without
    first = supervisor.pid
    os.kill(first, number)
    eventually(lambda: not processes.is_alive(first), "the supervisor is dead")
    for n, agent in enumerate(agents):
        assert agent.tool("echo", text=f"after {n}", timeout=30) == f"after {n}"
    assert supervisor.pid != first and len(supervisor.sessions()) == 2
    eventually(lambda: len(fake.alive) == 1, "one backend, the new one")
    assert supervisor.sessions()[0]["client"]["name"] == "agent", "the handshake is known without a second one"


def test_what_is_in_flight_when_the_supervisor_is_killed_gets_one_error(sessions_without, fake):
    supervisor, (a, b) = sessions_without
    for id in (1, "two"):
        a.call("wait", id=id, gate="g")
    fake.wait_call("wait", 2)
    os.kill(supervisor.pid, signal.SIGKILL)
    for id in (1, "two"):
        error = a.error(id, timeout=30)
        assert (error["code"], error["data"]["reason"]) == (-32603, "supervisor_restarted")
    assert a.tool("echo", text="on", timeout=30) == "on"
    a.fence()
    assert len(a.answers(1)) == len(a.answers("two")) == 1


def test_a_supervisor_killed_by_its_owner_is_replaced_by_the_next_one_started(start_supervisor, fake, repo):
    """The fixture's own supervisor, SIGKILLed and started again at the same socket."""
    supervisor = start_supervisor()
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    supervisor.kill(signal.SIGKILL)
    assert agent.tool("echo", text="on", timeout=30) == "on"
    assert processes.is_alive(agent.pid)
