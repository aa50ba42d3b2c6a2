# SPDX-License-Identifier: Apache-2.0
"""Sessions that see find_tool, describe_tool and call_tool in place of a backend's own."""
import json
import os
import pathlib
import shutil
import signal
import sys

import pytest

from harness.supervisor import BINARIES, PROJECT
from harness.waiting import eventually

META = ["--meta-tools"]
THREE = ["find_tool", "describe_tool", "call_tool"]


def names(agent):
    return [t["name"] for t in agent.rpc("tools/list")["tools"]]


def through(agent, tool, /, id=None, token=None, **arguments):
    """Calls a tool through call_tool; returns the request's id."""
    return agent.call("call_tool", id=id, token=token, name=tool, arguments=arguments)


@pytest.fixture
def meta(supervisor, fake, repo):
    """A session with meta-tools on the fake backend."""
    agent = supervisor.agent(fake.command(), repo, META)
    agent.initialize()
    return agent


def test_find_describe_call(meta, supervisor):
    assert names(meta) == THREE
    found = meta.rpc("tools/call", {"name": "find_tool", "arguments": {"query": "how many characters a text has"}})
    assert found["structuredContent"]["matches"][0]["name"] == "length"
    assert found["structuredContent"]["total"] > 20 and found["structuredContent"]["unavailable"] == []
    described = json.loads(meta.tool("describe_tool", name="length"))
    assert described["inputSchema"] == {"type": "object"}
    assert meta.text(through(meta, "length", text="four")) == "4"
    assert supervisor.session_of(meta)["meta_tools"] is True


@pytest.mark.parametrize("options", [[], META])
def test_what_is_refused_without_meta_tools_is_refused_with_them(supervisor, fake, repo, options):
    agent = supervisor.agent(fake.command(), repo, options)
    find = {"name": "find_tool", "arguments": {"query": "length"}}
    for request in (("tools/list",), ("tools/call", find)):
        assert agent.error(agent.request(*request))["code"] == -32600, "before the handshake"
    agent.initialize()
    declared = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}
    assert "error" not in agent.answer(agent.request("tools/list", {"_meta": declared}))
    version = declared | {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    assert agent.error(agent.request("tools/list", {"_meta": version}))["code"] == -32022
    del declared["io.modelcontextprotocol/clientCapabilities"]
    assert agent.error(agent.request("tools/list", {"_meta": declared}))["code"] == -32602


def test_mcpctl_says_where_meta_tools_gain_nothing(start_supervisor, repo):
    supervisor = start_supervisor('[server.asker]\nera = "modern"\n')
    command = [sys.executable, str(PROJECT / "Tests" / "backends" / "asker_server.py")]
    agent = supervisor.agent(command, repo, ["--name", "asker"])
    agent.initialize()
    backend = supervisor.backend()["id"]
    tokens = supervisor.ctl_json("tools", backend)["tokens"]
    assert tokens["definitions"] + tokens["instructions"] < tokens["with_meta_tools"] and not tokens["is_worth_it"]
    said = f"too small to gain from --meta-tools: they would take {tokens['with_meta_tools']}"
    assert said in supervisor.ctl("tools", backend).stdout


def test_a_batch_sees_the_meta_tools_too(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo, META)
    agent.initialize("2025-03-26")
    agent.send_bytes(json.dumps([
        {"jsonrpc": "2.0", "id": 101, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 102, "method": "tools/call",
         "params": {"name": "call_tool", "arguments": {"name": "length", "arguments": {"text": "four"}}}},
        {"jsonrpc": "2.0", "id": 103, "method": "ping"}]).encode() + b"\n")
    answers = {answer["id"]: answer["result"] for answer in json.loads(agent.line())}
    assert set(answers) == {101, 102, 103}
    assert [tool["name"] for tool in answers[101]["tools"]] == THREE
    assert answers[102]["content"][0]["text"] == "4"


def test_a_batch_that_a_kill_interrupts_is_answered_whole(without_supervisor, fake, repo):
    """The answers that were there already left with the supervisor: they are owed like those that were not."""
    agent = without_supervisor.agent(fake.command(), repo, META)
    agent.initialize("2025-03-26")
    calls = [(201, "echo", {"text": "here"}), (202, "wait", {"gate": "never"})]
    agent.send_bytes(json.dumps([
        {"jsonrpc": "2.0", "id": id, "method": "tools/call",
         "params": {"name": "call_tool", "arguments": {"name": name, "arguments": arguments}}}
        for id, name, arguments in calls]).encode() + b"\n")
    fake.wait_call("wait")
    other = without_supervisor.agent(fake.command(), repo)
    other.initialize()
    assert other.tool("echo", text="behind") == "behind", "what was asked before has been answered"
    os.kill(without_supervisor.pid, signal.SIGKILL)
    reasons = {id: agent.error(id, timeout=30)["data"]["reason"] for id, *_ in calls}
    assert reasons == dict.fromkeys((201, 202), "supervisor_restarted")
    assert agent.tool("echo", text="on") == "on"


def test_two_sessions_on_one_backend_see_each_its_own(supervisor, fake, repo, meta):
    plain = supervisor.agent(fake.command(), repo)
    plain.initialize()
    assert "echo" in names(plain) and names(meta) == THREE
    first = through(meta, "echo", id=7, text="meta")
    second = plain.call("echo", id=7, text="plain")
    assert (meta.text(first), plain.text(second)) == ("meta", "plain")
    backend = supervisor.backend()
    assert backend["sessions"] == 2 and backend["generation"] == 1
    assert [supervisor.session_of(a)["meta_tools"] for a in (meta, plain)] == [True, False]


def test_progress_comes_to_the_client_s_own_token(meta):
    id = through(meta, "progress", token="mine", steps=3)
    meta.result(id)
    steps = meta.notifications("notifications/progress")
    assert [s["params"]["progressToken"] for s in steps] == ["mine"] * 3


def test_a_cancelled_call_is_cancelled_at_the_backend(meta, fake):
    id = through(meta, "wait", gate="never")
    fake.wait_call("wait")
    meta.cancel(id)
    fake.wait_received("notifications/cancelled")
    meta.fence()
    assert meta.answers(id) == []


def test_a_change_of_the_list_is_found_and_not_told(supervisor, fake, repo, meta):
    plain = supervisor.agent(fake.command(), repo)
    plain.initialize()
    assert names(meta) == THREE
    assert "brand_new" not in meta.tool("find_tool", query="brand_new")
    meta.text(through(meta, "change", tool="brand_new"))
    plain.until(lambda m: m.get("method") == "notifications/tools/list_changed")
    assert meta.tool("find_tool", query="brand_new").startswith("brand_new")
    meta.fence()
    assert meta.notifications("notifications/tools/list_changed") == []
    assert names(meta) == THREE


def test_what_a_call_added_is_found_where_the_server_announces_nothing(supervisor, fake, repo):
    agent, other = (supervisor.agent(fake.command("--no-list-changed"), repo, META) for _ in range(2))
    for session in (agent, other):
        session.initialize()
        assert "brand_new" not in session.tool("find_tool", query="brand_new")
    asked = len(fake.wait_received("tools/list"))
    assert agent.tool("find_tool", query="echo").startswith("echo")
    assert len(fake.wait_received("tools/list")) == asked
    agent.text(through(agent, "change", tool="brand_new", silent=True))
    assert agent.tool("find_tool", query="brand_new").startswith("brand_new")


def test_a_list_that_changed_is_learned_before_anybody_searches(supervisor, fake, repo):
    agents = [supervisor.agent(fake.command(), repo, META) for _ in range(3)]
    for agent in agents:
        agent.initialize()
        assert agent.tool("find_tool", query="echo").startswith("echo")
    asked = len(fake.wait_received("tools/list"))
    agents[0].text(through(agents[0], "change", tool="brand_new"))
    # Once for all of them, and nobody searches.
    assert len(fake.wait_received("tools/list", count=asked + 1)) == asked + 1
    for agent in agents:
        assert agent.tool("find_tool", query="brand_new").startswith("brand_new")
    assert len(fake.wait_received("tools/list")) == asked + 1


@pytest.mark.timeout(180)
def test_what_a_server_tells_each_client_stays_with_it(start_supervisor, repo):
    supervisor = start_supervisor('[server.asker]\nera = "modern"\n')
    command = [sys.executable, str(PROJECT / "Tests" / "backends" / "asker_server.py")]
    alpha, beta = (supervisor.agent(command, repo, ["--name", "asker", *META]) for _ in range(2))
    alpha.initialize(name="alpha")
    beta.initialize(name="beta")
    assert supervisor.backend()["sessions"] == 2
    for _ in range(2):
        for agent, own, other in ((alpha, "alpha_secret", "beta_secret"), (beta, "beta_secret", "alpha_secret")):
            assert own in agent.tool("find_tool", query="secret") and other not in agent.tool("find_tool", query="")
            assert json.loads(agent.tool("describe_tool", name=own))["description"] == f"Of {own.partition('_')[0]}."
            refused = agent.result(agent.call("describe_tool", name=other))
            assert refused["isError"] and f'has no tool "{other}"' in refused["content"][0]["text"]
            assert agent.result(through(agent, other))["isError"]
            assert agent.text(through(agent, own)) == f"called {own}"


def test_mcpctl_reads_pages_that_go_round_in_a_circle_once(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--circle"), repo)
    agent.initialize()
    tools = supervisor.ctl_json("tools", supervisor.backend()["id"])["result"]["tools"]
    # The first page has no cursor of its own until the second one leads to it.
    assert [tool["name"] for tool in tools] == ["echo", "length", "echo"]
    assert len(fake.wait_received("tools/list")) == 3


def test_a_search_waits_for_a_list_that_changes_right_now(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--gated-list"), repo, META)
    agent.initialize()
    search = agent.call("find_tool", query="echo")
    fake.wait_received("tools/list")
    agent.fence()
    assert agent.answers(search) == []
    agent.tool("open", gate="list")
    assert agent.text(search).startswith("echo")


def test_hidden_and_remembered_tools_are_executed(meta):
    assert meta.tool("echo", text="direct") == "direct"
    assert names(meta) == THREE
    assert meta.tool("mcp__fake__echo", text="prefixed") == "prefixed"


def test_what_models_get_wrong(meta):
    names(meta)
    assert meta.tool("call_tool", name="echo", arguments=json.dumps({"text": "string"})) == "string"
    wrapped = {"name": "echo", "arguments": {"text": "wrapped"}}
    assert meta.tool("call_tool", name="echo", arguments=wrapped) == "wrapped"
    unknown = meta.result(through(meta, "ecko", text="x"))
    assert unknown["isError"] and "echo" in unknown["content"][0]["text"]
    refused = meta.result(through(meta, "find_tool", query="x"))
    assert refused["isError"]


def test_a_backend_that_is_down_is_named(supervisor, fake, repo, meta):
    assert names(meta) == THREE
    broken = supervisor.agent(fake.command("--exit-at-start", 3), repo, META)
    id = broken.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                       "clientInfo": {"name": "a", "version": "1"}})
    assert "fake" in broken.error(id)["message"] or "exited" in broken.error(id)["message"]


def test_a_search_before_the_list_was_ever_known_tells_who_is_down(supervisor, fake, repo, tmp_path):
    broken = tmp_path / "broken"
    script = 'test ! -e "$1" || { echo no database >&2; exit 3; }; shift; exec "$@"'
    command = ["sh", "-c", script, "server", str(broken), *fake.command()]
    supervisor.agent(command, repo, ["--name", "lame"]).initialize()
    broken.touch()
    supervisor.ctl("stop", supervisor.backend()["id"])
    agent = supervisor.agent(command, repo, [*META, "--name", "lame"])
    agent.initialize()
    found = agent.answer(agent.call("find_tool", query="echo"))["result"]
    [unavailable] = found["structuredContent"]["unavailable"]
    assert unavailable["server"] == "lame" and "no database" in unavailable["reason"]
    assert found["content"][0]["text"].startswith("lame is not available now")


def test_searching_goes_on_when_the_backend_died(meta, supervisor):
    names(meta)
    meta.request("tools/call", {"name": "call_tool", "arguments": {"name": "exit", "arguments": {"status": 1}}}, id="x")
    meta.answer("x")
    assert meta.tool("find_tool", query="echo").startswith("echo")


def test_in_a_crash_loop_the_search_finds_and_says_that_it_cannot_be_called(meta, supervisor):
    names(meta)
    for death in range(5):
        meta.request("tools/call", {"name": "call_tool", "arguments": {"name": "exit", "arguments": {"status": 1}}},
                     id=f"death {death}")
        meta.answer(f"death {death}")
    eventually(lambda: supervisor.backend()["state"] == "failed" and supervisor.backend()["pid"] is None, "it rests")
    meta.request("tools/call", {"name": "find_tool", "arguments": {"query": "echo"}}, id="search")
    found = meta.answer("search")["result"]
    assert found["content"][0]["text"].startswith("echo")
    assert supervisor.backend()["id"] in json.dumps(found["structuredContent"]["unavailable"])


def test_the_list_is_there_before_the_backend_runs(supervisor, fake, repo):
    first = supervisor.agent(fake.command(), repo, META)
    first.initialize()
    assert names(first) == THREE
    assert first.finish() == 0
    with supervisor.control() as connection:
        connection.call("Stop", {"backend": supervisor.backend()["id"]})
    second = supervisor.agent(fake.command(), repo, META)
    second.initialize()
    assert names(second) == THREE
    assert second.tool("find_tool", query="echo").startswith("echo")
    assert supervisor.backend()["state"] == "stopped"
    assert second.text(through(second, "echo", text="now")) == "now"


def test_a_session_that_tells_its_roots_first(supervisor, fake, repo, folder):
    elsewhere = pathlib.Path(folder) / "elsewhere"
    elsewhere.mkdir()
    agent = supervisor.agent(fake.command("--instructions", "word " * 5000), str(elsewhere), ["--meta-tools=auto"])
    agent.initialize(capabilities={"roots": {}})
    asked = agent.until(lambda m: m.get("method") == "roots/list")
    agent.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": [{"uri": f"file://{repo}"}]}})
    assert names(agent) == THREE
    assert agent.text(through(agent, "echo", text="placed")) == "placed"
    assert len([m for m in agent.seen if m.get("id") == "r1"]) == 1


def test_a_backend_of_one_s_own(supervisor, fake, repo):
    agent = supervisor.agent(
        fake.command("--instructions", "Say \"please\"."), repo, ["--meta-tools", "--share", "session"])
    assert agent.initialize()["instructions"].startswith('Say "please".')
    assert names(agent) == THREE
    assert agent.tool("describe_tool", name="instructions") == 'Say "please".'
    assert agent.text(through(agent, "echo", text="own")) == "own"
    agent.text(through(agent, "change", tool="brand_new"))
    eventually(lambda: agent.tool("find_tool", query="brand_new").startswith("brand_new"), "the new tool is found")


def test_statistics_count_what_was_done(meta, supervisor):
    names(meta)
    meta.tool("find_tool", query="echo a text")
    meta.tool("find_tool", query="zzzzqqqq")
    meta.tool("describe_tool", name="echo")
    meta.text(through(meta, "echo", text="x"))
    meta.result(through(meta, "ecko"))
    [server] = supervisor.ctl_json("stats")["servers"]
    counted = server["meta_tools"]
    assert counted["sessions"] == 1 and counted["searches"] == 2 and counted["descriptions"] == 1
    assert counted["zero_hits"] == 1 and counted["wrong_names"] == 1 and counted["answer_tokens"] > 0
    assert [(t["name"], t["calls"]) for t in server["tools"]] == [("echo", 1)]
    assert server["tokens"]["definitions"] > 0
    meta.finish()
    eventually(lambda: not supervisor.sessions(), "the session is over")
    [server] = supervisor.ctl_json("stats")["servers"]
    assert server["meta_tools"] == counted
    text = supervisor.ctl("stats", "--prometheus").stdout
    assert 'mcp_meta_searches_total{server="' in text and "mcp_tool_calls_total{" in text
    assert "tokens of definitions" in supervisor.ctl("stats").stdout


def test_mcpctl_tools_ranks_and_says_what_a_server_costs(meta, supervisor):
    names(meta)
    backend = supervisor.backend()["id"]
    reply = supervisor.ctl_json("tools", backend, "--query", "how many characters a text has")
    assert reply["result"]["matches"][0]["name"] == "length" and reply["result"]["matches"][0]["score"] > 0
    assert "too little for auto" in supervisor.ctl("tools", backend).stdout
    assert "length" in supervisor.ctl("tools", backend, "--query", "length").stdout


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_table_leaves_the_search_by_words(folder, fake, repo, start_supervisor, monkeypatch, damage):
    programs = pathlib.Path(folder) / "programs"
    programs.mkdir()
    for name in ("mcp-supervisor", "mcp-shim", "mcp-gate", "mcpctl"):
        shutil.copy2(BINARIES / name, programs / name)
    damaged = bytearray((PROJECT / "share" / "token-table.bin").read_bytes())
    if damage == "cut":
        del damaged[-1000:]
    else:
        # One bit of one vector: only the checksum tells.
        damaged[100_000] ^= 1
        shutil.copy2(PROJECT / "share" / "token-table.bin.crc32", programs / "token-table.bin.crc32")
    (programs / "token-table.bin").write_bytes(damaged)
    monkeypatch.setattr("harness.supervisor.BINARIES", programs)
    supervisor = start_supervisor()
    agent = supervisor.agent(fake.command(), repo, META)
    agent.initialize()
    assert agent.tool("find_tool", query="echo").startswith("echo")
    assert "token-table.bin is damaged" in supervisor.log() and "by their words alone" in supervisor.log()
    warnings = supervisor.status()["supervisor"]["warnings"]
    assert any("token-table.bin is damaged" in warning for warning in warnings), warnings
    assert "warning" in supervisor.ctl("status").stdout


def test_a_meta_session_outlives_the_supervisor(meta, supervisor):
    names(meta)
    supervisor.kill()
    eventually(lambda: supervisor.answers() and supervisor.sessions(), "the session is back")
    assert names(meta) == THREE
    assert supervisor.session_of(meta)["meta_tools"] is True
