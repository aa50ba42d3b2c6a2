# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the stateless era (revision 2026-07-28) on the server that does everything, in raw NDJSON: what the
server answers directly it answers through us, and to whom the handshake is all it knows, we answer for it."""
import pathlib

import environment
import pytest
from harness.modern import PREFIX, stateless
from harness.supervisor import Direct

HERE = pathlib.Path(__file__).resolve().parent
CONFIGURATION = '[server.modern]\nera = "modern"\n'
ALL = {"elicitation": {}, "sampling": {}, "roots": {}}
ACCEPTED = {"action": "accept", "content": {"name": "Ada", "context": "x", "ok": True}}


class Client:
    """A client of the stateless era. An answer of the server is all of its response but the id."""

    def __init__(self, agent):
        self.agent = agent

    def ask(self, method, params=None, capabilities=ALL, **meta):
        params = stateless(params, capabilities)
        params["_meta"] |= {PREFIX + key: value for key, value in meta.items()}
        answer = dict(self.agent.answer(self.agent.request(method, params), timeout=60))
        return {key: value for key, value in answer.items() if key not in ("id", "jsonrpc")}

    def call(self, tool, capabilities=ALL, **more):
        return self.ask("tools/call", {"name": tool, "arguments": {}, **more}, capabilities)

    def logs(self):
        self.ask("resources/read", {"uri": "test://static-text"})
        return [m["params"]["data"] for m in self.agent.notifications("notifications/message")]


def state(answer):
    """Takes out what no two answers have in common."""
    return answer["result"].pop("requestState", None)


def rounds(client):
    """Input that a request needs first: for something else than a tool, left out, too much, tampered with, not to be
    had."""
    prompt = {"name": "test_input_required_result_prompt"}
    yield "a prompt asks", client.ask("prompts/get", prompt)
    yield "a prompt", client.ask("prompts/get", {**prompt, "inputResponses": {"user_context": ACCEPTED}})
    tool = "test_input_required_result_elicitation"
    asked = client.call(tool)
    [key] = asked["result"]["inputRequests"]
    held = state(asked)
    more = {} if held is None else {"requestState": held}
    yield "a tool asks", asked
    for name, responses in (("missing", {}), ("extra", {key: ACCEPTED, "other": ACCEPTED}), ("invalid", {key: [1]})):
        answer = client.call(tool, inputResponses=responses, **more)
        if "result" in answer:
            state(answer)
        yield name, answer
    tampered = client.call("test_input_required_result_tampered_state")
    whole = state(tampered)
    answers = {"inputResponses": {"confirm": ACCEPTED}}
    yield "whole", client.call("test_input_required_result_tampered_state", requestState=whole, **answers)
    yield "tampered", client.call("test_input_required_result_tampered_state", requestState=whole + "x", **answers)
    for capabilities in ({}, {"elicitation": {}}, {"sampling": {}}):
        answer = client.call("test_input_required_result_capabilities", capabilities)
        state(answer)
        yield f"with {capabilities}", answer


def plain(client):
    for tool in ("test_simple_text", "test_error_handling", "no_such_tool", "test_multiple_content_types"):
        yield tool, client.call(tool)
    yield "resource", client.ask("resources/read", {"uri": "test://static-text"})
    yield "no resource", client.ask("resources/read", {"uri": "test://nowhere"})
    yield "completion", client.ask("completion/complete", {
        "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"}, "argument": {"name": "arg1", "value": "a"}})
    for kind in ("tools", "prompts", "resources", "resources/templates"):
        yield kind, client.ask(f"{kind}/list")
    yield "missing capability", client.call("test_missing_capability", {})


@pytest.fixture
def connect(start_supervisor, folder, repo, program):
    """A function that connects a client: directly, or with the name that says how the server is spoken to."""
    supervisor, direct = start_supervisor(CONFIGURATION), Direct(f"{folder}/direct")
    server = [program("suite"), str(HERE / "everything.py"), str(environment.ROOT / "suite" / "source")]

    def make(name=None):
        if name == "direct":
            return Client(direct.agent(server, repo))
        return Client(supervisor.agent(server, repo, options=["--name", name] if name else []))
    yield make
    direct.dispose()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("scenarios", [plain, rounds])
def test_what_the_server_answers_directly_it_answers_to_each_of_two(connect, scenarios):
    directly = dict(scenarios(connect("direct")))
    one, two = (scenarios(connect("modern")) for _ in range(2))
    for (step, first), (_, second) in zip(one, two, strict=True):
        assert (step, first) == (step, directly.pop(step)) and second == first
    assert directly == {}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["direct", "modern", None], ids=["direct", "modern", "legacy"])
def test_what_the_revision_demands_of_every_server(connect, name):
    client = connect(name)
    found = client.ask("server/discover")["result"]
    assert "2026-07-28" in found["supportedVersions"] and found["resultType"] == "complete"
    assert {"tools", "resources", "prompts", "completions"} <= set(found["capabilities"])
    unsupported = client.ask("tools/list", protocolVersion="1999-01-01")["error"]
    assert unsupported["code"] == -32022 and unsupported["data"]["requested"] == "1999-01-01"
    assert "2026-07-28" in unsupported["data"]["supported"]
    assert client.ask("tools/list", clientCapabilities=[])["error"]["code"] == -32602
    for method in ("ping", "resources/subscribe", "logging/setLevel", "no/such"):
        assert client.ask(method, {"uri": "test://static-text", "level": "info"})["error"]["code"] == -32601, method
    for answer in (client.ask("tools/list"), client.ask("resources/read", {"uri": "test://static-text"}), {"result": found}):
        assert answer["result"]["ttlMs"] >= 0 and answer["result"]["cacheScope"] in ("private", "public")
    assert client.ask("resources/read", {"uri": "test://nowhere"})["error"]["code"] == -32602
    assert client.call("test_simple_text")["result"]["resultType"] == "complete"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["direct", "modern", None], ids=["direct", "modern", "legacy"])
def test_logs_come_when_the_request_wants_them(connect, name):
    client = connect(name)
    assert client.call("test_tool_with_logging")["result"]["content"]
    assert client.logs() == []
    client.ask("tools/call", {"name": "test_tool_with_logging", "arguments": {}}, logLevel="info")
    assert len(client.logs()) == 3


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["direct", "modern"])
def test_a_listen_is_acknowledged_first_and_told_what_it_asked_for(connect, name):
    client = connect(name)
    agent = client.agent
    filters = [{"toolsListChanged": True}, {"promptsListChanged": True}]
    listens = [agent.request("subscriptions/listen", stateless({"notifications": filter})) for filter in filters]
    for id, filter in zip(listens, filters, strict=True):
        said = agent.until(lambda m: m.get("params", {}).get("_meta", {}).get(f"{PREFIX}subscriptionId") == id)
        assert said["method"] == "notifications/subscriptions/acknowledged"
        assert said["params"]["notifications"] == filter
    client.call("test_trigger_tool_change")
    client.call("test_trigger_prompt_change")
    agent.until(lambda m: m.get("method") == "notifications/prompts/list_changed")
    for kind, id in zip(("tools", "prompts"), listens, strict=True):
        [told] = agent.notifications(f"notifications/{kind}/list_changed")
        assert told["params"]["_meta"][f"{PREFIX}subscriptionId"] == id
