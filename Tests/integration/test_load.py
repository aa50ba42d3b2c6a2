# SPDX-License-Identifier: Apache-2.0
"""Many sessions, short ones, and ones that do not read."""
import os
import signal
import threading
import time

import pytest

from harness import processes
from harness.waiting import eventually


@pytest.mark.timeout(120)
def test_sixty_four_shims_at_once_make_one_supervisor_and_one_backend(without_supervisor, fake, repo):
    supervisor = without_supervisor
    agents = [supervisor.agent(fake.command(), repo) for _ in range(64)]
    ids = [agent.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                        "clientInfo": {"name": f"a{n}", "version": "1"}}) for n, agent in enumerate(agents)]
    for agent, id in zip(agents, ids):
        agent.result(id, timeout=60)
        agent.notify("notifications/initialized")
    for n, agent in enumerate(agents):
        agent.call("echo", id=1, text=f"t{n}")
    assert [agent.text(1) for agent in agents] == [f"t{n}" for n in range(64)]
    assert len(fake.processes) == 1 and len(fake.only().received("initialize")) == 1
    assert len(supervisor.backends()) == 1 and len(supervisor.sessions()) == 64
    running = [p for p in processes.marked(supervisor.marker) if p.name.startswith("mcp-supervisor")]
    assert len(running) == 1


def test_an_agent_that_is_gone_at_once_leaves_nothing(supervisor, fake, repo):
    for _ in range(20):
        agent = supervisor.agent(fake.command(), repo)
        agent.end_input()
    for _ in range(20):
        agent = supervisor.agent(fake.command(), repo)
        os.kill(agent.pid, signal.SIGKILL)
    eventually(lambda: supervisor.sessions() == [], "no session is left")
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    assert agent.tool("echo", text="works") == "works"


@pytest.mark.timeout(120)
def test_an_agent_that_never_reads_does_not_hold_up_the_others(supervisor, fake, repo):
    deaf, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for agent in (deaf, other):
        agent.initialize()
    for _ in range(40):
        deaf.call("big", bytes=1_000_000)
    for n in range(50):
        assert other.tool("echo", text=str(n)) == str(n)
    assert supervisor.status()["supervisor"]["memory"]["pss_bytes"] < 200_000_000


@pytest.mark.timeout(120)
def test_small_calls_go_through_while_a_large_one_is_on_its_way(supervisor, fake, repo):
    large, small = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for agent in (large, small):
        agent.initialize()
    large.call("length", id=1, text="y" * 12_000_000)
    for n in range(50):
        assert small.tool("echo", text=str(n)) == str(n)
    assert large.text(1, timeout=60) == "12000000"


@pytest.mark.timeout(180)
def test_a_large_message_delays_a_small_call_by_less_than_its_own_transfer(supervisor, fake, repo):
    """Twelve megabytes each way, while another session makes calls of a kilobyte."""
    large, small = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for agent in (large, small):
        agent.initialize()
    delays, spans = [], []

    def transfer():
        begun = time.monotonic()
        large.call("echo", id=1, text="y" * 12_000_000)
        assert len(large.text(1, timeout=120)) == 12_000_000
        spans.append(time.monotonic() - begun)

    moving = threading.Thread(target=transfer)
    moving.start()
    while moving.is_alive():
        begun = time.monotonic()
        small.tool("echo", timeout=120, text="x" * 1024)
        delays.append(time.monotonic() - begun)
    moving.join()
    assert len(delays) > 1 and max(delays) < spans[0], (spans, sorted(delays)[-3:])


def test_more_calls_than_a_session_may_have_in_flight_wait_their_turn(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    for n in range(300):
        agent.call("echo", id=n, text=str(n))
    assert [agent.text(n) for n in range(300)] == [str(n) for n in range(300)]


def test_the_end_of_a_shims_process_group_does_not_touch_the_supervisor(without_supervisor, fake, repo):
    supervisor = without_supervisor
    first = supervisor.agent(fake.command(), repo)
    first.initialize()
    other = supervisor.agent(fake.command(), repo)
    other.initialize()
    pid = supervisor.status()["supervisor"]["pid"]
    os.killpg(first.pid, signal.SIGKILL)
    assert other.tool("echo", text="alive") == "alive"
    assert supervisor.status()["supervisor"]["pid"] == pid
