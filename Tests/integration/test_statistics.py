# SPDX-License-Identifier: Apache-2.0
"""`mcpctl stats` against what a client was sent, counted here by the stated method from the lines themselves."""
import json
import re

import pytest

from harness.waiting import eventually

META = ["--meta-tools"]
PARTS = re.compile(rb"(?P<word>[A-Z]?[a-z]+|[A-Z]+)|(?P<digits>[0-9]+|[\x80-\xff]+)|(?P<space> +)|(?P<line>[\t\n\r]+)"
                   rb"|(?P<signs>[^A-Za-z0-9 \t\n\r\x80-\xff]+)")


def tokens(text):
    """Words are a token up to 12 letters and one more for each 5 that follow, digits one for 3, signs one for 4."""
    total = 0
    for part in PARTS.finditer(text.encode()):
        size = len(part.group())
        total += {"word": 1 + (max(0, size - 12) + 4) // 5, "digits": (size + 2) // 3, "space": 0, "line": 1,
                  "signs": (size + 3) // 4}[part.lastgroup]
    return total


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def given(tools, instructions):
    """What a client hands to a model up front."""
    known = ("name", "description", "inputSchema")
    return sum(tokens(compact({key: tool[key] for key in known if key in tool})) for tool in tools) + tokens(instructions)


class Bill:
    """What a session's meta-tools said."""

    def __init__(self, agent):
        self.agent, self.texts, self.structured = agent, 0, 0

    def ask(self, tool, **arguments):
        result = self.agent.result(self.agent.call(tool, **arguments))
        self.texts += sum(tokens(part["text"]) for part in result["content"])
        self.structured += tokens(compact(result["structuredContent"])) if "structuredContent" in result else 0
        return result


def counted(supervisor, name):
    return next(server for server in supervisor.ctl_json("stats")["servers"] if server["server"] == name)


@pytest.fixture
def git(program, repo):
    return [program("servers", "mcp-server-git"), "--repository", repo]


@pytest.mark.timeout(180)
def test_the_figures_of_a_real_server_are_what_was_sent(supervisor, git, repo):
    plain = supervisor.agent(git, repo, ["--name", "git"])
    plain_words = plain.initialize().get("instructions") or ""
    tools = plain.rpc("tools/list")["tools"]
    agent = supervisor.agent(git, repo, ["--name", "git", *META])
    meta_words = agent.initialize()["instructions"]
    meta_tools = agent.rpc("tools/list")["tools"]
    bill = Bill(agent)
    found = bill.ask("find_tool", query="history of commits")
    [name] = [match["name"] for match in found["structuredContent"]["matches"] if match["name"] == "git_log"]
    bill.ask("find_tool", query="")
    bill.ask("describe_tool", names=[name, "git_nothing"])
    bill.ask("call_tool", name="git_lag", arguments={})
    bill.ask("call_tool", name=name, arguments=[1])
    # The schema is appended to what the server itself says.
    wrong = agent.result(agent.call("call_tool", name=name, arguments={"repo_path": 7}))
    assert wrong["isError"] and wrong["content"][-1]["text"].startswith("Arguments of git_log: "), wrong
    bill.texts += tokens(wrong["content"][-1]["text"])
    assert "first" in agent.text(agent.call("call_tool", name=name, arguments=json.dumps({"repo_path": repo})))
    server = counted(supervisor, "git")
    assert server["tokens"]["definitions"] == given(tools, "") and server["tokens"]["instructions"] == tokens(plain_words)
    assert server["meta_tools"] == {
        "sessions": 1, "searches": 2, "zero_hits": 0, "descriptions": 1, "wrong_descriptions": 1, "calls": 2,
        "direct_calls": 0, "wrong_names": 1, "refusals": 1, "repaired_arguments": 1, "schemas_appended": 1,
        "answer_tokens": bill.texts + bill.structured, "structured_tokens": bill.structured,
        "given_tokens": given(meta_tools, meta_words), "plain_tokens": given(tools, plain_words)}
    assert bill.structured > 0
    assert [(tool["name"], tool["calls"]) for tool in server["tools"]] == [("git_log", 2)]
    text = supervisor.ctl("stats").stdout
    assert f"{given(meta_tools, meta_words)} tokens given instead of {given(tools, plain_words)}" in text
    assert f"{bill.texts + bill.structured} in their answers ({bill.structured} of structured content)" in text
    assert f'mcp_meta_answer_tokens_total{{server="git"}} {bill.texts + bill.structured}' in (
        supervisor.ctl("stats", "--prometheus").stdout)


def test_a_session_that_outlives_the_supervisor_is_counted_with_what_it_was_given(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo, ["--name", "fake", *META])
    words = agent.initialize()["instructions"]
    front = given(agent.rpc("tools/list")["tools"], words)
    before = counted(supervisor, "fake")["meta_tools"]
    assert before["given_tokens"] == front
    supervisor.kill()
    eventually(lambda: supervisor.answers() and supervisor.sessions(), "the session is back")
    bill = Bill(agent)
    bill.ask("find_tool", query="echo a text")
    after = counted(supervisor, "fake")["meta_tools"]
    assert (after["sessions"], after["searches"]) == (1, 1)
    assert (after["given_tokens"], after["plain_tokens"]) == (front, before["plain_tokens"])
    assert after["answer_tokens"] == bill.texts + bill.structured
