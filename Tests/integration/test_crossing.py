# SPDX-License-Identifier: Apache-2.0
"""Two agents on one backend: nothing of one reaches the other, and each gets exactly its own answers."""
import os
import signal

import pytest


@pytest.fixture
def pair(supervisor, fake, repo):
    """Two initialized agents that share one backend."""
    agents = [supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    yield agents
    assert len(fake.processes) >= 1


def test_names_that_differ_in_their_bytes_only_are_two_repositories(supervisor, fake, git_repo):
    repos = [git_repo("caf\u00e9"), git_repo("cafe\u0301")]
    for path in repos:
        agent = supervisor.agent(fake.command(), path)
        agent.initialize()
        agent.tool("echo", text="up")
    assert sorted(p.facts["cwd"] for p in fake.processes) == sorted(repos)


def test_names_of_resources_that_differ_in_their_bytes_only_are_two(pair, fake):
    a, b = pair
    uris = ["file:///caf\u00e9", "file:///cafe\u0301"]
    for agent, uri in zip(pair, uris):
        agent.rpc("resources/subscribe", {"uri": uri})
    assert sorted(m["params"]["uri"] for m in fake.only().received("resources/subscribe")) == sorted(uris)
    a.tool("notify", method="notifications/resources/updated", params={"uri": uris[1]})
    b.until(lambda m: m.get("method") == "notifications/resources/updated")
    a.fence()
    assert a.notifications("notifications/resources/updated") == []


def test_same_ids_and_same_progress_tokens_stay_apart(pair, fake):
    a, b = pair
    for agent, text in ((a, "for a"), (b, "for b")):
        agent.call("wait", id=1, token="t", gate="g", text=text)
    fake.wait_call("wait", 2)
    for agent in pair:
        agent.call("progress", id=2, token="t", steps=3)
    for agent in pair:
        agent.answer(2)
    a.call("open", id=3, gate="g")
    assert a.text(1) == "for a" and b.text(1) == "for b"
    for agent in pair:
        agent.fence()
        steps = [m["params"] for m in agent.notifications("notifications/progress")]
        assert [s["progress"] for s in steps] == [1, 2, 3]
        assert all(s["progressToken"] == "t" for s in steps)
        assert len(agent.answers(1)) == len(agent.answers(2)) == 1
    ids = [m["id"] for m in fake.only().received() if "id" in m]
    assert len(ids) == len(set(ids)), "ids at the backend are used once"
    tokens = [m["params"]["_meta"]["progressToken"] for m in fake.only().received("tools/call") if "_meta" in m["params"]]
    assert len(tokens) == len(set(tokens)) == 4, "tokens at the backend are used once"


def test_a_string_id_and_the_equal_number_are_two_ids(pair, fake):
    a, b = pair
    a.call("wait", id="1", gate="g", text="a text")
    a.call("wait", id=1, gate="g", text="a number")
    b.call("wait", id=1, gate="g", text="b number")
    fake.wait_call("wait", 3)
    b.tool("open", gate="g")
    assert (a.text("1"), a.text(1), b.text(1)) == ("a text", "a number", "b number")


@pytest.mark.parametrize("id", ["9007199254740993", "123456789012345678901234567890", "-7", '"007"', '""', '"\\u00e9\\"x"'])
def test_an_id_comes_back_byte_for_byte(host, fake, repo, id):
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    agent.send_bytes(b'{"jsonrpc":"2.0","id":%s,"method":"tools/list"}\n' % id.encode())
    answer = agent.until(lambda m: "result" in m and "tools" in m["result"])
    if not is_direct(host):
        assert b'"id":%s,' % id.encode() in answer.raw or b'"id":%s}' % id.encode() in answer.raw


@pytest.mark.parametrize("id", ["null", "1.5", "true", "{}", "[]"])
def test_an_id_of_a_forbidden_kind_is_answered_with_an_error(supervisor, fake, repo, id):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    agent.send_bytes(b'{"jsonrpc":"2.0","id":%s,"method":"tools/list"}\n' % id.encode())
    assert agent.until(lambda m: "error" in m)["error"]["code"] == -32600
    assert agent.tool("echo", text="goes on") == "goes on"


def test_a_duplicate_id_in_flight_is_refused_and_the_first_keeps_its_answer(pair, fake):
    a, _ = pair
    a.call("wait", id=5, gate="g", text="first")
    fake.wait_call("wait")
    a.call("echo", id=5, text="second")
    a.until(lambda m: m.get("id") == 5 and m.get("error", {}).get("code") == -32600)
    a.call("open", id=6, gate="g")
    a.until(lambda m: m.get("id") == 5 and "result" in m)
    assert fake.only().calls("echo") == []


def test_cancelled_reaches_the_backend_with_its_id_and_only_for_that_session(pair, fake):
    a, b = pair
    a.call("wait", id=1, gate="g", text="a")
    b.call("wait", id=1, gate="g", text="b")
    calls = fake.wait_call("wait", 2)
    ours = next(m["id"] for m in calls if m["params"]["arguments"]["text"] == "a")
    a.cancel(1)
    [cancelled] = fake.wait_received("notifications/cancelled")
    assert cancelled["params"]["requestId"] == ours
    b.call("open", id=2, gate="g")
    assert b.text(1) == "b"
    a.fence()
    assert a.answers(1) == []


def test_cancelling_an_unknown_or_foreign_id_reaches_nobody(pair, fake):
    a, b = pair
    b.call("wait", id=77, gate="g", text="b")
    fake.wait_call("wait")
    a.cancel(77)
    a.tool("open", gate="g")
    assert b.text(77) == "b"
    assert fake.only().received("notifications/cancelled") == []


def test_a_late_answer_to_a_cancelled_call_is_dropped(pair, fake):
    a, b = pair
    a.call("late", id=1, gate="g")
    fake.wait_call("late")
    a.cancel(1)
    fake.wait_received("notifications/cancelled")
    b.tool("open", gate="g")
    a.tool("echo", text="after")
    a.fence()
    assert a.answers(1) == []


def test_one_of_two_that_wait_for_a_list_may_cancel(supervisor, fake, repo):
    a, b = (supervisor.agent(fake.command("--gated-list"), repo) for _ in range(2))
    for agent in (a, b):
        agent.initialize()
        agent.request("tools/list", id=1)
    fake.wait_received("tools/list")
    a.cancel(1)
    a.fence()
    b.tool("open", gate="list")
    assert b.result(1)["tools"]
    a.fence()
    assert a.answers(1) == []
    assert fake.only().received("notifications/cancelled") == []


def test_the_death_of_an_agent_in_mid_call_cancels_its_calls_only(pair, fake):
    a, b = pair
    a.call("wait", id=1, gate="g", text="a")
    b.call("wait", id=1, gate="g", text="b")
    calls = fake.wait_call("wait", 2)
    os.kill(a.pid, signal.SIGKILL)
    [cancelled] = fake.wait_received("notifications/cancelled")
    assert cancelled["params"]["requestId"] == next(
        m["id"] for m in calls if m["params"]["arguments"]["text"] == "a")
    b.tool("open", gate="g")
    assert b.text(1) == "b"


def test_an_agent_that_leaves_politely_has_its_calls_cancelled_too(pair, fake):
    a, b = pair
    a.call("swallow", id=1)
    fake.wait_call("swallow")
    assert a.finish() == 0
    fake.wait_received("notifications/cancelled")
    assert b.tool("echo", text="still here") == "still here"


def test_a_second_initialize_is_answered_and_never_forwarded(pair, fake):
    a, b = pair
    first = a.initialize()
    assert first["serverInfo"]["name"] == "fake"
    assert a.tool("echo", text="again") == "again"
    assert b.tool("echo", text="undisturbed") == "undisturbed"
    assert len(fake.only().received("initialize")) == 1
    assert len(fake.only().received("notifications/initialized")) == 1


def test_a_request_before_initialize_is_refused(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    assert agent.error(agent.request("tools/list"))["code"] == -32600
    agent.initialize()
    assert agent.rpc("tools/list")["tools"]


def test_ping_is_answered_while_the_backend_is_busy(pair, fake):
    a, _ = pair
    a.call("swallow")
    fake.wait_call("swallow")
    assert a.rpc("ping") == {}
    assert fake.only().received("ping") == []


def test_an_unknown_method_passes_and_its_error_comes_back(host, fake, repo):
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    error = agent.error(agent.request("x-vendor/thing", {"a": 1.10}))
    assert (error["code"], error["message"]) == (-32601, "Method not found: x-vendor/thing")
    assert len(fake.wait_received("x-vendor/thing")) == 1


def test_a_modern_probe_gets_an_answer_and_the_handshake_works_after_it(pair, supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.answer(agent.request("server/discover", {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "probe", "version": "1"}}}))
    agent.initialize()
    assert agent.tool("echo", text="legacy") == "legacy"
    assert len(fake.processes) == 1 and len(fake.only().received("initialize")) == 1


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_each_session_gets_its_own_protocol_version(pair, supervisor, fake, repo, version):
    agent = supervisor.agent(fake.command(), repo)
    assert agent.initialize(version)["protocolVersion"] == version
    assert len(fake.only().received("initialize")) == 1


def test_a_batch_is_served_where_the_revision_has_batches_and_refused_elsewhere(supervisor, fake, repo):
    old, new = (supervisor.agent(fake.command(), repo) for _ in range(2))
    old.initialize("2025-03-26")
    new.initialize("2025-11-25")
    batch = (b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"},'
             b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"b"}}}]\n')
    old.send_bytes(batch)
    line = old.line()
    assert line.startswith(b"["), line
    assert b'"id":1' in line and b'"id":2' in line
    new.send_bytes(batch)
    assert new.until(lambda m: "error" in m)["error"]["code"] == -32600
    assert new.tool("echo", text="on") == "on"


def is_direct(host):
    return type(host).__name__ == "Direct"


def test_a_tool_that_asks_runs_alone_and_asks_its_own_caller(start_supervisor, fake, repo):
    supervisor = start_supervisor('[server.fake_backend]\ninteractive_tools = ["ask"]\n')
    asker, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for agent in (asker, other):
        agent.initialize(capabilities={"elicitation": {}})
    asked = asker.call("ask", method="elicitation/create", params={"message": "sure?"})
    question = asker.until(lambda m: m.get("method") == "elicitation/create")
    waiting = other.call("echo", text="after")
    other.fence()
    assert not other.answers(waiting)
    asker.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"n": 1}}})
    assert "accept" in asker.text(asked)
    assert other.text(waiting) == "after"
    assert not [m for m in other.seen if m.get("method") == "elicitation/create"]
