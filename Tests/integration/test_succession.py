# SPDX-License-Identifier: Apache-2.0
"""Supervisors that are killed under load: every request is answered once, by whoever is there."""
import os
import random
import shutil
import signal

import pytest

from harness import processes
from test_lobby import lost, name_roots
from harness.waiting import eventually

SESSIONS = 6
ROUNDS = 8


@pytest.fixture
def crowd(without_supervisor, fake, repo):
    agents = [without_supervisor.agent(fake.command(), repo) for _ in range(SESSIONS)]
    for agent in agents:
        agent.initialize()
    return without_supervisor, agents


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_under_load_each_request_is_answered_once(crowd, number):
    supervisor, agents = crowd
    chance = random.Random(number)
    sent = {agent.pid: [] for agent in agents}
    for _ in range(ROUNDS):
        victim = supervisor.pid
        for _ in range(60 + chance.randrange(60)):
            for agent in agents:
                sent[agent.pid].append(agent.call("echo", text="x" * chance.choice((1, 300, 5000))))
        os.kill(victim, number)
        eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")
        for agent in agents:
            assert agent.tool("echo", text="there", timeout=30) == "there"
    lost = 0
    for agent in agents:
        for id in sent[agent.pid]:
            answer = agent.answer(id, timeout=30)
            if "error" in answer:
                assert answer["error"]["data"]["reason"] in ("supervisor_restarted", "stopped"), answer
                lost += 1
        agent.fence()
        wrong = {id: agent.answers(id) for id in sent[agent.pid] if len(agent.answers(id)) != 1}
        assert not wrong, list(wrong.items())[:3]
    assert lost > 0, "nothing was under way, so this proves nothing"


def test_what_is_owed_to_one_that_cannot_come_back_reaches_nobody_else(without_supervisor, fake, git_repo, folder):
    supervisor, worktree = without_supervisor, git_repo("worktree")
    owed = lost(supervisor, fake.command("--tag", "owed"), folder)
    name_roots(owed, worktree)
    owed.tool("echo", text="up")
    other = supervisor.agent(fake.command(), git_repo("other"))
    other.initialize()
    # More than its pipe takes while it does not read.
    owed.call("echo", text="SECRET" * 100_000)
    other.tool("echo", text="up")
    eventually(lambda: supervisor.session_of(owed)["in_flight"] == 0, "the answer waits for its reader")
    victim = supervisor.pid
    # Before the next one can look for it.
    shutil.rmtree(worktree)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")
    assert other.tool("echo", text="on", timeout=30) == "on"
    successor = supervisor.pid
    assert owed.process.wait(timeout=30) != 0
    assert other.tool("echo", text="still", timeout=30) == "still"
    assert supervisor.pid == successor, "it went on"
    assert not [line for line in other.seen if "SECRET" in str(line)]


def test_answers_that_nobody_has_read_outlive_one_supervisor_after_another(crowd):
    supervisor, (agent, other, *_) = crowd
    # Their pipe takes a part of the first.
    ids = [agent.call("echo", text=str(number) * 200_000) for number in range(4)]
    eventually(lambda: supervisor.session_of(agent)["in_flight"] == 0, "the answers wait for their reader")
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        victim = supervisor.pid
        os.kill(victim, number)
        eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")
        assert other.tool("echo", text="on", timeout=30) == "on"
        eventually(lambda: supervisor.session_of(agent), "the session is back")
    for number, id in enumerate(ids):
        assert agent.text(id, timeout=30) == str(number) * 200_000
    agent.fence()
    assert [len(agent.answers(id)) for id in ids] == [1] * len(ids)


def test_a_request_that_was_half_read_is_answered_once_it_is_whole(crowd):
    supervisor, (agent, *_) = crowd
    line = b'{"jsonrpc":"2.0","id":"half","method":"tools/call","params":{"name":"echo","arguments":{"text":"ab"}}}\n'
    agent.send_bytes(line[:60])
    victim = supervisor.pid
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")
    agent.send_bytes(line[60:])
    assert agent.text("half", timeout=30) == "ab"


def test_a_handshake_under_way_is_had_again(without_supervisor, fake, repo, tmp_path):
    """It changes nothing at the server, and a client whose handshake fails gives up."""
    fifo = tmp_path / "gate"
    os.mkfifo(fifo)
    agent = without_supervisor.agent(fake.command("--start-gate", fifo), repo)
    id = agent.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                      "clientInfo": {"name": "agent", "version": "1"}})
    eventually(lambda: fake.alive, "the backend waits at its gate")
    first = without_supervisor.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not processes.is_alive(first), "the supervisor is dead")
    eventually(lambda: fake.alive, "another one does")
    with open(fifo, "w"):
        assert "result" in agent.answer(id, timeout=30)
    agent.notify("notifications/initialized")
    assert agent.tool("echo", text="on", timeout=30) == "on"
