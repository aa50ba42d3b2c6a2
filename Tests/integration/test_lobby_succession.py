# SPDX-License-Identifier: Apache-2.0
"""Sessions that wait for their repository while the supervisor is replaced: each request has one answer."""
import os
import signal

import pytest

from harness import processes
from harness.waiting import eventually
from test_lobby import lost, name_roots


def replace(supervisor, number=signal.SIGKILL):
    victim = supervisor.pid
    os.kill(victim, number)
    eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")


def ping(agent):
    """Everything that was to come before is there."""
    agent.answer(agent.request("ping"), timeout=30)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_refused_is_not_answered_again(without_supervisor, fake, folder, number):
    agent = lost(without_supervisor, fake.command(), folder)
    id = agent.call("echo", text="held")
    name_roots(agent, folder + "/nowhere")
    assert agent.answer(id)["result"]["isError"]
    replace(without_supervisor, number)
    ping(agent)
    assert len(agent.answers(id)) == 1


def test_what_was_refused_is_not_done_later(without_supervisor, fake, folder, repo):
    without_supervisor.configure('roots_timeout = "1s"\n')
    agent = lost(without_supervisor, fake.command(), folder)
    id = agent.call("echo", text="held")
    assert agent.answer(id)["result"]["isError"]
    replace(without_supervisor)
    question = agent.until(lambda m: m.get("method") == "roots/list" and m["id"] != "mcp-supervisor-roots", timeout=30)
    agent.send({"jsonrpc": "2.0", "id": question["id"], "result": {"roots": [{"uri": f"file://{repo}", "name": "n"}]}})
    assert agent.tool("echo", text="served", timeout=30) == "served"
    assert len(agent.answers(id)) == 1
    assert [m["params"]["arguments"]["text"] for m in fake.only().calls("echo")] == ["served"]


def test_what_nobody_has_read_is_answered(without_supervisor, fake, folder):
    agent = lost(without_supervisor, fake.command(), folder)
    name_roots(agent, folder + "/nowhere")
    assert agent.answer(agent.call("echo", text="x"))
    ids = [agent.call("echo", text="x") for _ in range(600)]
    eventually(lambda: without_supervisor.session_of(agent), "it is there")
    replace(without_supervisor)
    for id in ids:
        agent.answer(id, timeout=30)
    ping(agent)
    assert {len(agent.answers(id)) for id in ids} == {1}
