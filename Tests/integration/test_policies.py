# SPDX-License-Identifier: Apache-2.0
"""What the configuration says of a server: roots, requests that nobody knows, calls that a death interrupted."""
import json
import os
import signal

import pytest

from harness.waiting import eventually


def server(start_supervisor, fake, repo, line, *flags, sessions=1):
    supervisor = start_supervisor(f"[server.it]\n{line}\n")
    agents = [supervisor.agent(fake.command(*flags), repo, ["--name", "it"]) for _ in range(sessions)]
    return agents if sessions > 1 else agents[0]


def places(agent):
    """What the server is told when it asks for the roots."""
    answer = json.loads(agent.tool("ask", method="roots/list"))
    return [root["uri"] for root in answer["result"]["roots"]] if "result" in answer else answer["error"]["code"]


def open_with_roots(agent, uri):
    agent.initialize(capabilities={"roots": {"listChanged": True}})
    question = agent.until(lambda m: m.get("method") == "roots/list")
    agent.send({"jsonrpc": "2.0", "id": question["id"], "result": {"roots": [{"uri": uri, "name": "n"}]}})


def test_the_union_of_roots_is_told_and_shrinks_with_the_sessions(start_supervisor, fake, repo):
    first, second = server(start_supervisor, fake, repo, 'roots = "union"', sessions=2)
    open_with_roots(first, "file:///one")
    open_with_roots(second, "file:///two")
    first.fence()
    second.fence()
    # In the order in which they attached, and nobody waits for the first before the second starts.
    repository, *others = places(second)
    assert repository == f"file://{os.path.realpath(repo)}" and sorted(others) == ["file:///one", "file:///two"]
    assert fake.only().received("initialize")[0]["params"]["capabilities"]["roots"] == {"listChanged": True}
    before = len(fake.only().received("notifications/roots/list_changed"))
    first.finish()
    fake.wait_received("notifications/roots/list_changed", before + 1)
    assert places(second) == [f"file://{os.path.realpath(repo)}", "file:///two"]


def test_without_roots_the_server_is_told_that_there_are_none(start_supervisor, fake, repo):
    agent = server(start_supervisor, fake, repo, 'roots = "off"')
    agent.initialize(capabilities={"roots": {}})
    assert places(agent) == -32601
    assert "roots" not in fake.only().received("initialize")[0]["params"]["capabilities"]


def test_requests_that_nobody_knows_are_refused_where_that_is_configured(start_supervisor, fake, repo):
    agent = server(start_supervisor, fake, repo, 'unknown_requests = "refuse"')
    agent.initialize()
    error = agent.error(agent.request("vendor/do", {}))
    assert (error["code"], error["message"]) == (-32601, "Method not found: vendor/do")
    assert agent.tool("echo", text="x") == "x"
    assert fake.only().received("vendor/do") == []


@pytest.mark.parametrize("policy, hearers", [("drop", [False, False, False]), ("broadcast", [True, True, True])])
def test_who_hears_what_could_be_anyones(start_supervisor, fake, repo, policy, hearers):
    agents = server(start_supervisor, fake, repo, f'unattributed_notifications = "{policy}"', sessions=3)
    for agent in agents:
        agent.initialize()
    agents[0].call("wait", id=1, gate="g", text="it runs meanwhile")
    fake.wait_call("wait", 1)
    for method in ("notifications/message", "notifications/vendor"):
        agents[1].tool("notify", method=method, params={"level": "error", "data": "whose?"})
        for agent in agents:
            agent.fence()
        assert [len(agent.notifications(method)) == 1 for agent in agents] == hearers
    agents[1].tool("open", gate="g")
    assert agents[0].text(1) == "it runs meanwhile"


def interrupted(fake, agent, times):
    """A call that the server's death interrupts so many times."""
    agent.initialize()
    agent.rpc("tools/list")
    agent.call("wait", id=1, gate="g", text="after all")
    for death in range(times):
        fake.wait_call("wait", death + 1)
        os.kill(fake.processes[-1].pid, signal.SIGKILL)


def test_a_call_that_only_reads_is_made_again(start_supervisor, fake, repo):
    agent = server(start_supervisor, fake, repo, 'retry_tools = "annotated"', "--read-only")
    interrupted(fake, agent, 1)
    fake.wait_call("wait", 2)
    assert agent.tool("open", gate="g") == "1"
    assert agent.text(1) == "after all"


def test_a_call_of_two_deaths_is_not_and_says_so(start_supervisor, fake, repo):
    agent = server(start_supervisor, fake, repo, 'retry_tools = "annotated"', "--read-only")
    interrupted(fake, agent, 2)
    error = agent.error(1)
    assert "under way in 2 deaths" in error["message"] and error["data"]["retryable"] is False
    assert agent.tool("echo", text="serves on") == "serves on"
    assert len(fake.wait_call("wait", 2)) == 2


def test_a_call_that_may_write_is_never_made_again(start_supervisor, fake, repo):
    agent = server(start_supervisor, fake, repo, 'retry_tools = "annotated"')
    interrupted(fake, agent, 1)
    assert agent.error(1)["data"]["reason"] == "backend_exit"
    assert agent.tool("echo", text="x") == "x"
    assert len(fake.wait_call("wait")) == 1


def test_the_calls_of_on_start_go_before_what_waits_after_each_start(start_supervisor, fake, repo):
    supervisor = start_supervisor(
        '[server.it]\non_start = [{ tool = "echo", arguments = { text = "first" } }, "no_such_tool"]\n')
    agent = supervisor.agent(fake.command(), repo, ["--name", "it"])
    for start in range(2):
        handshake = agent.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                                 "clientInfo": {"name": "agent", "version": "1"}})
        call = agent.call("echo", text="mine")
        assert "result" in agent.answer(handshake)
        assert agent.answer(call)["result"]["content"][0]["text"] == "mine"
        process = fake.processes[start]
        called = process.received("tools/call")
        assert [c["params"]["name"] for c in called] == ["echo", "no_such_tool", "echo"]
        assert called[0]["params"]["arguments"] == {"text": "first"}
        assert [c["id"] for c in called] == sorted(c["id"] for c in called)
        os.kill(process.pid, signal.SIGKILL)
        supervisor.wait_state("stopped")
        eventually(lambda: supervisor.log().count("on_start call no_such_tool failed") == start + 1, "it is logged")
