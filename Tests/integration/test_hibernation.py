# SPDX-License-Identifier: Apache-2.0
"""An idle backend stands still until something is for it. Here without a cgroup: its processes are stopped."""
import os
import signal
import time

import pytest

from harness import processes
from harness.waiting import eventually


def states(fake):
    return {processes.read(process.pid).state for process in fake.alive}


@pytest.fixture
def agent(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    assert agent.tool("echo", text="up") == "up"
    return agent


def hibernate(supervisor):
    reply = supervisor.ctl_json("hibernate", supervisor.backend()["id"])
    assert reply["backend"]["state"] == "hibernated"
    return reply["backend"]


def test_it_stands_still_and_the_next_call_wakes_it(agent, supervisor, fake):
    backend = hibernate(supervisor)
    assert states(fake) == {"T"}
    assert backend["hibernation"]["reclaimed_bytes"] == 0
    assert "nothing can be reclaimed" in backend["hibernation"]["note"], "it does not pretend"
    assert "hibernated since" in supervisor.ctl("status", backend["id"]).stdout
    assert agent.tool("echo", text="again") == "again"
    assert supervisor.backend()["state"] == "ready" and supervisor.backend()["generation"] == 1
    assert supervisor.backend()["hibernation"] is None


def test_what_is_answered_without_it_does_not_wake_it(agent, supervisor):
    hibernate(supervisor)
    agent.rpc("ping")
    assert supervisor.backend()["state"] == "hibernated"


def test_a_new_session_is_greeted_while_it_sleeps_and_its_call_wakes_it(agent, supervisor, fake, repo):
    hibernate(supervisor)
    other = supervisor.agent(fake.command(), repo)
    other.initialize()
    assert other.tool("echo", text="good morning") == "good morning"
    assert len(fake.processes) == 1


def test_woken_by_hand_it_stays_awake_for_as_long_as_after_a_message(start_supervisor, fake, repo):
    supervisor = start_supervisor('hibernate_after = "1s"\n')
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    agent.tool("echo", text="up")
    eventually(lambda: supervisor.backend()["state"] == "hibernated", "it sleeps by itself")
    began = time.monotonic()
    assert supervisor.ctl_json("wake", supervisor.backend()["id"])["backend"]["state"] == "ready"
    states = [supervisor.backend()["state"] for _ in range(10)]
    if time.monotonic() - began < 0.9:
        assert set(states) == {"ready"}
    eventually(lambda: supervisor.backend()["state"] == "hibernated", "and sleeps again")


def test_with_a_call_in_flight_it_stays_awake(agent, supervisor, fake):
    id = agent.call("wait", gate="g")
    fake.wait_call("wait")
    refused = supervisor.ctl("hibernate", supervisor.backend()["id"])
    assert refused.returncode == 1 and "1 of its calls are in flight" in refused.stderr
    agent.tool("open", gate="g")
    agent.answer(id)
    hibernate(supervisor)


def test_it_can_be_woken_by_hand(agent, supervisor, fake):
    hibernate(supervisor)
    reply = supervisor.ctl_json("wake", supervisor.backend()["id"])
    assert reply["backend"]["state"] == "ready" and "T" not in states(fake)


def test_what_left_its_process_group_stands_still_too(agent, supervisor, fake):
    child = int(agent.tool("grandchild").split()[-1])
    hibernate(supervisor)
    assert processes.read(child).state == "T"
    agent.tool("echo", text="x")
    assert processes.read(child).state != "T"


@pytest.mark.parametrize("command", ["stop", "restart"])
def test_a_sleeping_backend_can_be_ended(agent, supervisor, fake, command):
    backend = hibernate(supervisor)
    assert supervisor.ctl(command, backend["id"]).returncode == 0
    fake.wait_ended(fake.processes[0])
    assert agent.tool("echo", text="on") == "on"


def test_a_kill_in_its_sleep_is_a_death_like_any_other(agent, supervisor, fake):
    hibernate(supervisor)
    os.kill(fake.only().pid, signal.SIGKILL)
    assert eventually(lambda: supervisor.backend()["last_exit"], "the death is noticed")["reason"] == "signal"
    assert agent.tool("echo", text="new") == "new"
    assert supervisor.backend()["generation"] == 2


def test_hibernate_after_sends_it_to_sleep_with_its_sessions_attached(start_supervisor, fake, repo):
    supervisor = start_supervisor('hibernate_after = "300ms"\n')
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    for n in range(3):
        assert agent.tool("echo", text=f"{n}") == f"{n}"
        backend = supervisor.wait_state("hibernated")
        assert backend["sessions"] == 1
    assert supervisor.backend()["generation"] == 1


def test_it_is_stopped_in_its_sleep_when_nobody_has_it_for_long(start_supervisor, fake, repo):
    supervisor = start_supervisor('hibernate_after = "100ms"\nidle_timeout = "1s"\n')
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    agent.tool("echo", text="x")
    supervisor.wait_state("hibernated")
    agent.finish()
    eventually(lambda: not fake.alive, "it is stopped")


def test_only_one_that_runs_can_sleep(agent, supervisor):
    id = supervisor.backend()["id"]
    supervisor.ctl("stop", id)
    refused = supervisor.ctl("hibernate", id)
    assert refused.returncode == 1 and "only one that runs" in refused.stderr


def test_a_server_may_have_its_own_time(start_supervisor, fake, repo):
    supervisor = start_supervisor('hibernate_after = "off"\n[server.fake_backend]\nhibernate_after = "100ms"\n')
    agent = supervisor.agent(fake.command(), repo, options=["--name", "fake_backend"])
    agent.initialize()
    agent.tool("echo", text="x")
    supervisor.wait_state("hibernated")
