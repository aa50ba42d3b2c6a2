# SPDX-License-Identifier: Apache-2.0
"""One backend, many who send: whole messages, everybody in turn, and so many at once."""
import os
import signal

import pytest

from harness.waiting import eventually


@pytest.fixture
def stopped(supervisor, fake, repo):
    """Two sessions, and a backend that reads nothing until `SIGCONT`."""
    agents = [supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
        agent.tool("echo", text="up")
    pid = fake.only().pid
    os.kill(pid, signal.SIGSTOP)
    yield agents
    os.kill(pid, signal.SIGCONT)


def in_flight(supervisor, agent):
    return next(session["in_flight"] for session in supervisor.sessions() if session["pid"] == agent.pid)


def order(fake):
    """The first letters of what arrived; of a large message the record has no parameters."""
    calls = fake.only().received("tools/call")[2:]
    return [m["params"]["arguments"]["text"][0] if "params" in m else "L" for m in calls]


@pytest.mark.timeout(120)
def test_a_small_call_goes_between_two_large_ones(stopped, supervisor, fake):
    large, small = stopped
    for id in (1, 2):
        large.call("length", id=id, text="L" * 12_000_000)
    eventually(lambda: in_flight(supervisor, large) == 2, "both are read")
    small.call("echo", id=1, text="s")
    eventually(lambda: in_flight(supervisor, small) == 1, "and so is the small one")
    os.kill(fake.only().pid, signal.SIGCONT)
    assert small.text(1, timeout=60) == "s"
    assert [large.text(id, timeout=60) for id in (1, 2)] == ["12000000"] * 2, "and each arrives whole"
    assert order(fake) == ["L", "s", "L"]


@pytest.mark.timeout(120)
def test_a_flood_of_one_session_does_not_keep_back_another(stopped, supervisor, fake):
    flood, small = stopped
    for id in range(20):
        flood.call("length", id=id, text="f" * 60_000)
    eventually(lambda: in_flight(supervisor, flood) > 15, "the flood is read")
    small.call("echo", id=1, text="s")
    eventually(lambda: in_flight(supervisor, small) == 1, "and so is the small one")
    os.kill(fake.only().pid, signal.SIGCONT)
    assert small.text(1, timeout=60) == "s"
    assert [flood.text(id, timeout=60) for id in range(20)] == ["60000"] * 20
    assert order(fake).index("s") < 6, "but for what the pipe had taken already"


def test_a_backend_has_so_many_calls_at_once_and_the_rest_in_turn(start_supervisor, fake, repo):
    supervisor = start_supervisor("[server.narrow]\nbackend_requests_max = 2\n")
    agents = [supervisor.agent(fake.command(), repo, ["--name", "narrow"]) for _ in range(2)]
    for agent in agents:
        agent.initialize()
        agent.rpc("tools/list")
    greedy, other = agents
    for id in range(5):
        greedy.call("echo" if id > 1 else "swallow", id=id, text=f"g{id}")
    fake.wait_call("swallow", 2)
    other.call("echo", id=1, text="o1")
    for agent in agents:
        agent.fence()
    assert fake.only().calls("echo") == [], "there is no room"
    greedy.cancel(0)
    assert other.text(1) == "o1"
    assert [greedy.text(id) for id in (2, 3, 4)] == ["g2", "g3", "g4"]
    assert [m["params"]["arguments"]["text"] for m in fake.only().calls("echo")] == ["g2", "o1", "g3", "g4"]


def test_a_session_has_as_many_calls_at_once_as_the_configuration_says(start_supervisor, fake, repo):
    supervisor = start_supervisor("session_requests_max = 1\n")
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    agent.call("wait", id=1, gate="g")
    fake.wait_call("wait")
    agent.call("echo", id=2, text="later")
    agent.fence()
    assert fake.only().calls("echo") == []
    agent.cancel(1)
    assert agent.text(2) == "later"
