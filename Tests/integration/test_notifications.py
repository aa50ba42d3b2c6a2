# SPDX-License-Identifier: Apache-2.0
"""What a server sends by itself: to whom it goes, and what is answered for the agents."""
import json

import pytest


@pytest.fixture
def pair(supervisor, fake, repo):
    agents = [supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    return agents


def levels(fake):
    return [m["params"]["level"] for m in fake.only().received("logging/setLevel")]


def test_list_changed_goes_to_every_session_and_the_next_list_is_new(pair, fake):
    a, b = pair
    for agent in pair:
        assert "later" not in [t["name"] for t in agent.rpc("tools/list")["tools"]]
    a.tool("change", tool="later")
    for agent in pair:
        agent.until(lambda m: m.get("method") == "notifications/tools/list_changed")
        assert "later" in [t["name"] for t in agent.rpc("tools/list")["tools"]]


def test_a_list_is_asked_for_once_for_all_sessions(pair, fake):
    lists = [agent.rpc("tools/list") for agent in pair for _ in range(3)]
    assert all(l == lists[0] for l in lists)
    assert len(fake.only().received("tools/list")) == 1


def test_list_changed_is_always_declared(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--no-list-changed"), repo)
    assert agent.initialize()["capabilities"]["tools"]["listChanged"] is True


def test_a_storm_of_list_changed_is_thinned(pair):
    a, b = pair
    a.tool("notify", method="notifications/tools/list_changed", times=500)
    b.until(lambda m: m.get("method") == "notifications/tools/list_changed")
    b.fence()
    assert len(b.notifications("notifications/tools/list_changed")) < 20


def test_updates_go_to_subscribers_only_and_subscriptions_are_counted(pair, fake):
    a, b = pair
    update = {"method": "notifications/resources/updated", "params": {"uri": "fake:///a"}}
    for _ in range(2):
        a.rpc("resources/subscribe", {"uri": "fake:///a"})
    b.tool("notify", **update)
    a.until(lambda m: m.get("method") == update["method"])
    b.fence()
    assert b.notifications(update["method"]) == []
    b.rpc("resources/subscribe", {"uri": "fake:///a"})
    assert len(fake.only().received("resources/subscribe")) == 1
    a.rpc("resources/unsubscribe", {"uri": "fake:///a"})
    b.fence()
    assert fake.only().received("resources/unsubscribe") == []
    b.tool("notify", **update)
    b.until(lambda m: m.get("method") == update["method"])
    b.finish()
    assert fake.wait_received("resources/unsubscribe")[0]["params"]["uri"] == "fake:///a"


def test_the_backend_logs_at_the_most_verbose_level_that_a_session_wants(pair, fake):
    a, b = pair
    a.rpc("logging/setLevel", {"level": "error"})
    b.rpc("logging/setLevel", {"level": "debug"})
    fake.wait(lambda: "debug" in levels(fake), "debug at the backend")
    b.finish()
    fake.wait(lambda: levels(fake)[-1] == "error", "error at the backend")


def test_a_log_message_goes_to_the_session_that_caused_it_and_by_its_level(pair):
    a, b = pair
    a.rpc("logging/setLevel", {"level": "debug"})
    b.rpc("logging/setLevel", {"level": "warning"})
    for level in ("debug", "error"):
        for agent in pair:
            agent.tool("notify", method="notifications/message", params={"level": level, "data": "x"})
    for agent in pair:
        agent.fence()
    got = [[m["params"]["level"] for m in agent.notifications("notifications/message")] for agent in pair]
    assert got == [["debug", "error"], ["error"]]


def test_progress_with_a_token_nobody_gave_reaches_nobody(pair):
    for agent in pair:
        agent.tool("notify", method="notifications/progress", params={"progressToken": 1, "progress": 1})
    for agent in pair:
        agent.fence()
        assert agent.notifications("notifications/progress") == []


@pytest.mark.parametrize("token", ["text", 7, "7"])
def test_a_progress_token_comes_back_as_it_was(pair, token):
    a, _ = pair
    a.answer(a.call("progress", token=token, steps=1))
    [progress] = a.notifications("notifications/progress")
    got = progress["params"]["progressToken"]
    assert (type(got), got) == (type(token), token)


@pytest.mark.parametrize("method, answer", [
    ("ping", {"result": {}}),
    ("sampling/createMessage", {"code": -32601}),
    ("elicitation/create", {"code": -32601}),
    ("x-vendor/ask", {"code": -32601}),
])
def test_a_question_of_the_server_is_answered_without_the_agents(pair, method, answer):
    a, b = pair
    got = json.loads(a.tool("ask", method=method))
    assert got.get("result", got.get("error", {})) == {} if "result" in answer else got["error"]["code"] == answer["code"]
    for agent in pair:
        agent.fence()
        assert [m for m in agent.seen if m.get("method") == method] == []


def test_roots_are_the_repository(pair, repo):
    got = json.loads(pair[0].tool("ask", method="roots/list"))
    assert [root["uri"] for root in got["result"]["roots"]] == [f"file://{repo}"]


def test_a_question_right_after_the_handshake_is_answered(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--ask-on-start", "roots/list"), repo)
    agent.initialize()
    agent.tool("echo", text="x")
    fake.wait(lambda: any("method" not in m for m in fake.only().received()), "the answer to roots/list")
