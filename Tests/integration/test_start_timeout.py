# SPDX-License-Identifier: Apache-2.0
"""A backend that does not get through its handshake has a limit: `start_timeout`."""
import time

from harness import processes
from harness.waiting import eventually

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}


def test_who_waits_is_told_so_with_the_last_words_and_the_process_is_ended(start_supervisor, fake, repo):
    supervisor = start_supervisor('[server.slow]\nstart_timeout = "5s"\n')
    command = fake.command("--mute", "--stderr", r"waiting for the lock\n")
    agents = [supervisor.agent(command, repo, ["--name", "slow"]) for _ in range(2)]
    begun = time.monotonic()
    waiting = [agent.request("initialize", HELLO) for agent in agents]
    for agent, id in zip(agents, waiting):
        error = agent.error(id)
        assert error["code"] == -32603 and error["data"]["reason"] == "start_timeout"
        for words in ("5 s", "waiting for the lock", "start_timeout"):
            assert words in error["message"], error
        assert error["data"]["stderr"] == ["waiting for the lock"]
    assert 4.9 < time.monotonic() - begun < 30
    eventually(lambda: not any(map(processes.is_alive, [p.pid for p in fake.processes])), "the process is gone")
    assert supervisor.backend()["last_exit"]["reason"] == "timeout"


def test_a_handshake_in_time_is_not_touched(start_supervisor, fake, repo):
    supervisor = start_supervisor('start_timeout = "6s"\n[server.fast]\nstart_timeout = "off"\n')
    for name in ("plain", "fast"):
        agent = supervisor.agent(fake.command(), repo, ["--name", name])
        agent.initialize()
        time.sleep(6.2 if name == "plain" else 0)  # Past the limit: it is over with the handshake.
        assert agent.tool("echo", text=name) == name


def test_a_reload_gives_the_next_start_another_limit(start_supervisor, fake, repo):
    supervisor = start_supervisor('start_timeout = "1h"\n')
    command = fake.command("--mute")
    agent = supervisor.agent(command, repo)
    supervisor.configure('start_timeout = "300ms"\n')
    assert supervisor.ctl("reload").returncode == 0
    assert "300 ms" in agent.error(agent.request("initialize", HELLO))["message"]
