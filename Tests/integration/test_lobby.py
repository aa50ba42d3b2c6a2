# SPDX-License-Identifier: Apache-2.0
"""Sessions that start outside of a repository: their client's roots say which one they are for."""
import os

from harness.waiting import eventually


def lost(supervisor, command, folder, options=()):
    """An agent whose shim was started where no repository is; it has shaken hands and said so."""
    return answered(supervisor, command, folder, options)[0]


def answered(supervisor, command, folder, options=()):
    """Such an agent, and what its handshake was answered with."""
    elsewhere = os.path.join(folder, "elsewhere")
    os.makedirs(elsewhere, exist_ok=True)
    agent = supervisor.agent(command, elsewhere, options)
    result = agent.initialize(version="2025-06-18", capabilities={"roots": {}})
    assert result["protocolVersion"] == "2025-06-18"
    return agent, result


def name_roots(agent, repo):
    asked = agent.until(lambda m: m.get("method") == "roots/list")
    agent.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": [{"uri": f"file://{repo}"}]}})


def test_what_was_asked_meanwhile_is_answered_and_initialize_once(supervisor, fake, folder, repo):
    agent = lost(supervisor, fake.command(), folder)
    ids = [agent.call("echo", text=f"{n}") for n in range(3)]
    name_roots(agent, repo)
    assert [agent.text(id) for id in ids] == ["0", "1", "2"]
    agent.fence()
    assert sorted(m["id"] for m in agent.seen if "result" in m) == sorted({m["id"] for m in agent.seen if "result" in m})
    assert fake.only().facts["cwd"] == repo


def test_a_server_that_ran_for_another_repository_is_promised_as_it_is(supervisor, fake, folder, git_repo):
    command = fake.command("--name", "its own", "--instructions", "You are in the first.")
    known = supervisor.agent(command, git_repo()).initialize()
    assert known["instructions"]
    agent, promised = answered(supervisor, command, folder)
    for said in ("capabilities", "serverInfo"):
        assert promised[said] == known[said]
    # What it says of one repository is not told for another.
    assert "instructions" not in promised
    listed = agent.request("prompts/list")
    name_roots(agent, git_repo("another"))
    assert "result" in agent.answer(listed)
    _, changed = answered(supervisor, [*command, "--tag", "another command"], folder)
    assert changed["capabilities"] == {"tools": {"listChanged": True}}


def test_a_server_that_did_not_start_is_tried_again(supervisor, fake, folder, repo, tmp_path):
    repaired = tmp_path / "repaired"
    broken = ["sh", "-c", 'test -e "$1" || { echo no database >&2; exit 3; }; shift; exec "$@"', "server", str(repaired)]
    agent = lost(supervisor, [*broken, *fake.command()], folder, ["--name", "broken"])
    first = agent.request("tools/list")
    name_roots(agent, repo)
    assert agent.error(first)["code"] == -32603
    repaired.touch()

    def works():
        answer = agent.answer(agent.call("echo", text="x"))
        assert answer.get("error", {}).get("code", -32603) == -32603, answer
        return "result" in answer
    assert eventually(works, "the next request starts it")


def test_a_request_before_initialize_is_refused(supervisor, fake, folder):
    elsewhere = os.path.join(folder, "elsewhere")
    os.mkdir(elsewhere)
    agent = supervisor.agent(fake.command(), elsewhere)
    assert agent.error(agent.request("tools/list"))["code"] == -32600
    agent.send({"jsonrpc": "2.0", "id": None, "method": "tools/list"})
    assert agent.until(lambda m: "error" in m and m["id"] is None)["error"]["code"] == -32600
