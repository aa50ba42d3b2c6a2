# SPDX-License-Identifier: Apache-2.0
"""Tools that change what all sessions of a backend share: whoever calls one gets a backend of its own."""
import os
import signal

import pytest

from harness import processes
from harness.waiting import eventually

CONFIG = '[server.fake]\nprivate_tools = [{ tool = "activate_project", unless = { project = "{repo}" } }]\n'
NAMED = ("--name", "fake")


@pytest.fixture
def moving(start_supervisor):
    return start_supervisor(CONFIG)


@pytest.fixture
def pair(moving, fake, repo):
    """Two sessions that share one backend."""
    agents = [moving.agent(fake.command(), repo, NAMED) for _ in range(2)]
    for agent in agents:
        agent.initialize()
        assert agent.tool("project") == "none"
    assert len(fake.processes) == 1
    return agents


def test_the_one_that_changes_something_moves_and_the_other_notices_nothing(pair, moving, fake, repo):
    one, other = pair
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    assert one.tool("project") == "/mosaic"
    assert other.tool("project") == "none"
    shared, own = fake.processes
    assert len(shared.calls("activate_project")) == 0 and len(own.calls("activate_project")) == 1
    assert own.facts["cwd"] == repo and own.facts["argv"] == shared.facts["argv"]
    mine, theirs = moving.session_of(one)["backend"], moving.session_of(other)["backend"]
    assert mine != theirs
    sessions = {b["id"]: b["sessions"] for b in moving.backends()}
    assert sessions == {mine: 1, theirs: 1}
    one.fence()
    assert not [m for m in one.seen if m.get("method") == "initialize"]
    one.finish()
    fake.wait_ended(own)
    assert other.tool("project") == "none"
    assert eventually(lambda: len(moving.backends()) == 1, "the session's own backend is forgotten")


def test_a_call_that_changes_nothing_stays(pair, moving, fake, repo):
    one, other = pair
    assert one.tool("activate_project", project=repo) == f"{repo} is active"
    assert other.tool("project") == repo
    assert len(fake.processes) == 1


def test_what_is_under_way_is_answered_by_the_one_that_has_it(pair, moving, fake):
    one, other = pair
    waiting = one.call("wait", gate="g", text="from the shared one", token="t")
    fake.wait_call("wait")
    moved = one.call("activate_project", project="/mosaic")
    behind = one.call("project")
    assert one.text(moved) == "/mosaic is active"
    assert one.text(behind) == "/mosaic"
    assert {b["sessions"] for b in moving.backends()} == {1, 2}
    assert one.tool("open", gate="g") == "0", "the gate is the shared backend's"
    assert other.tool("open", gate="g") == "1"
    assert one.text(waiting) == "from the shared one"
    eventually(lambda: {b["sessions"] for b in moving.backends()} == {1}, "the shared backend has lost the session")
    one.fence()
    assert all(len(one.answers(id)) == 1 for id in (waiting, moved, behind))


def test_a_call_under_way_can_be_cancelled_after_the_move(pair, fake):
    one, _ = pair
    waiting = one.call("wait", gate="g")
    fake.wait_call("wait")
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    one.cancel(waiting)
    fake.wait(lambda: fake.processes[0].received("notifications/cancelled"), "the cancellation")
    assert not fake.processes[1].received("notifications/cancelled")
    one.fence()
    assert one.answers(waiting) == []


def test_a_backend_that_does_not_start_leaves_the_session_where_it_is(moving, fake, repo, folder):
    gate = os.path.join(folder, "definitions")
    with open(gate, "w") as file:
        file.write("{}")
    # A program that starts once: the second start finds its file gone.
    command = ["/bin/sh", "-c", f'rm "{gate}" || {{ echo no second one >&2; exit 3; }}; exec "$@"', "sh", *fake.command()]
    one, other = (moving.agent(command, repo, NAMED) for _ in range(2))
    for agent in (one, other):
        agent.initialize()
    assert one.tool("project") == "none"
    moved = one.call("activate_project", project="/mosaic")
    behind = one.call("project")
    result = one.result(moved)
    text = result["content"][0]["text"]
    assert result["isError"] and "could not be started" in text and "no second one" in text, text
    assert one.text(behind) == "none" and other.tool("project") == "none"
    assert fake.only().calls("activate_project") == []
    with open(gate, "w") as file:
        file.write("{}")
    assert one.tool("activate_project", project="/mosaic", timeout=30) == "/mosaic is active"
    assert other.tool("project") == "none"


def test_the_end_of_the_session_on_its_way_leaves_nothing(moving, fake, repo, folder):
    fifo = os.path.join(folder, "gate")
    os.mkfifo(fifo)
    agents = [moving.agent(fake.command("--start-gate", fifo), repo, NAMED) for _ in range(2)]
    open_gate = os.open(fifo, os.O_RDWR)
    for agent in agents:
        agent.initialize()
        assert agent.tool("project") == "none"
    os.close(open_gate)
    agents[0].call("activate_project", project="/mosaic")
    fake.wait(lambda: len(fake.processes) == 2, "the start of the other backend")
    agents[0].process.kill()
    fake.wait_ended(fake.processes[1], timeout=30)
    assert agents[1].tool("project") == "none"


def test_the_server_of_its_own_meets_the_client_itself(moving, fake, repo):
    one, other = (moving.agent(fake.command(), repo, NAMED) for _ in range(2))
    one.initialize(capabilities={"elicitation": {}}, name="one")
    other.initialize(name="other")
    assert "Method not found" in one.tool("ask", method="elicitation/create"), "the shared one may not ask"
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    shared, own = ([m["params"] for m in p.received("initialize")] for p in fake.processes)
    assert shared[0]["clientInfo"]["name"] == "mcp-supervisor" and "elicitation" not in shared[0]["capabilities"]
    assert own[0]["clientInfo"]["name"] == "one" and own[0]["capabilities"]["elicitation"] == {}
    asking = one.call("ask", method="elicitation/create", params={"message": "which?"})
    question = one.until(lambda m: m.get("method") == "elicitation/create")
    one.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {}}})
    assert '"accept"' in one.text(asking)


def test_subscriptions_and_the_level_go_along(pair, fake):
    one, _ = pair
    one.rpc("resources/subscribe", {"uri": "fake:///a"})
    one.rpc("logging/setLevel", {"level": "debug"})
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    shared, own = fake.processes
    fake.wait(lambda: own.received("resources/subscribe") and own.received("logging/setLevel"), "both, again")
    fake.wait(lambda: shared.received("resources/unsubscribe"), "the shared one is rid of it")
    one.tool("notify", method="notifications/resources/updated", params={"uri": "fake:///a"})
    assert len(one.notifications("notifications/resources/updated")) == 1


def test_after_a_crash_of_its_own_backend_nothing_is_answered_as_if_nothing_had_been(pair, fake):
    one, other = pair
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    assert "error" in one.answer(one.call("exit", status=9))
    result = one.result(one.call("project"), timeout=30)
    assert result["isError"] and "is lost" in result["content"][0]["text"], result
    assert one.tool("activate_project", project="/mosaic", timeout=30) == "/mosaic is active"
    assert one.tool("project") == "/mosaic"
    assert other.tool("project") == "none"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_session_that_moved_is_not_given_to_the_shared_backend_by_another_supervisor(
    start_supervisor, fake, repo, number
):
    supervisor = start_supervisor(CONFIG, run=False)
    one, other = (supervisor.agent(fake.command(), repo, NAMED) for _ in range(2))
    for agent in (one, other):
        agent.initialize()
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    assert other.tool("project") == "none"
    victim = supervisor.pid
    os.kill(victim, number)
    eventually(lambda: not processes.is_alive(victim), "the supervisor is dead")
    result = one.result(one.call("project"), timeout=30)
    assert result["isError"] and "is lost" in result["content"][0]["text"], result
    assert other.tool("project", timeout=30) == "none"
    assert one.tool("activate_project", project="/mosaic", timeout=30) == "/mosaic is active"
    assert one.tool("project") == "/mosaic" and other.tool("project") == "none"
    assert supervisor.session_of(one)["backend"] != supervisor.session_of(other)["backend"]


def test_why_says_which_tools_move_a_session(pair, moving, repo):
    one, other = pair
    key = moving.ctl_json("why", moving.session_of(one)["id"])["key"]
    assert key["private_tools"] == f"activate_project (unless project = {repo}); configured"
    assert one.tool("activate_project", project="/mosaic") == "/mosaic is active"
    report = moving.ctl_json("why", moving.session_of(one)["id"], moving.session_of(other)["id"])
    assert report["same"] is False and report["differs"] == ["session"]


def test_meta_tools_move_too(moving, fake, repo):
    agents = [moving.agent(fake.command(), repo, (*NAMED, "--meta-tools")) for _ in range(2)]
    for agent in agents:
        agent.initialize()
        agent.rpc("tools/list")
    call = {"name": "activate_project", "arguments": {"project": "/mosaic"}}
    assert agents[0].tool("call_tool", **call) == "/mosaic is active"
    assert agents[0].tool("call_tool", name="project", arguments={}) == "/mosaic"
    assert agents[1].tool("call_tool", name="project", arguments={}) == "none"
