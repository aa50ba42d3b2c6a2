# SPDX-License-Identifier: Apache-2.0
"""When a session sees meta-tools: by what the shim says, by the configuration, by how large a server is."""
import pytest

from test_meta_tools import META, THREE, names


@pytest.mark.parametrize("client", ["codex-mcp-client", "claude-code"])
def test_auto_leaves_clients_that_defer_tools_alone(supervisor, fake, repo, client):
    agent = supervisor.agent(fake.command("--instructions", "word " * 5000), repo, ["--meta-tools=auto"])
    result = agent.initialize(name=client)
    assert result["instructions"] == "word " * 5000
    assert "echo" in names(agent)


def test_auto_hides_what_is_large_and_shortens_its_instructions(supervisor, fake, repo):
    agent = supervisor.agent(fake.command("--instructions", "word " * 5000), repo, ["--meta-tools=auto"])
    result = agent.initialize()
    assert len(result["instructions"].encode()) <= 2048 and "find_tool" in result["instructions"]
    assert names(agent) == THREE
    assert agent.tool("describe_tool", name="instructions") == "word " * 5000
    assert supervisor.session_of(agent)["meta_tools"] is True


def test_auto_leaves_a_small_server_alone(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo, ["--meta-tools=auto"])
    agent.initialize()
    assert "echo" in names(agent)
    assert supervisor.session_of(agent)["meta_tools"] is False


def test_the_configuration_decides_where_the_shim_says_nothing(start_supervisor, fake, repo):
    supervisor = start_supervisor(
        '[server.python3]\nmeta_tools = true\nmeta_split = true\nmeta_pins = ["echo"]\ndeny_tools = ["big"]\n')
    agent = supervisor.agent(fake.command(), repo, ["--name", "python3"])
    agent.initialize()
    assert names(agent) == ["find_tool", "describe_tool", "call_tool_read", "call_tool", "echo"]
    found = agent.rpc("tools/call", {"name": "find_tool", "arguments": {"query": "big"}})
    assert "big" not in [m["name"] for m in found["structuredContent"]["matches"]]
