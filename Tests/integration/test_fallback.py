# SPDX-License-Identifier: Apache-2.0
"""Never worse than without us: where no supervisor can be reached or started, the agent has its server all the same."""
import json
import os

import pytest


@pytest.mark.parametrize("binary", ["/nonexistent", "/bin/false", "/etc/passwd"])
def test_without_a_supervisor_the_session_runs_unshared(without_supervisor, fake, repo, binary):
    agents = [without_supervisor.agent(fake.command(), repo, env={"MCP_SUPERVISOR_BIN": binary}) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    pids = [json.loads(agent.tool("whoami"))["pid"] for agent in agents]
    assert pids == [agent.pid for agent in agents], "the shim has become the command"
    for agent in agents:
        lines = [line for line in agent.stderr().splitlines() if line.startswith("mcp-shim:")]
        assert len(lines) == 1, "said once, in one line"
        assert agent.finish() == 0


def test_arguments_environment_and_directory_are_the_agents_own(without_supervisor, fake, repo):
    below = os.path.join(repo, "below")
    os.mkdir(below)
    agent = without_supervisor.agent(fake.command("--tag", "a b\"c"), below,
                                     env={"MCP_SUPERVISOR_BIN": "/nonexistent", "FAKE_TOKEN": "t"})
    agent.initialize()
    me = json.loads(agent.tool("whoami"))
    assert me["cwd"] == below and me["argv"][-1] == 'a b"c'
    assert json.loads(agent.tool("env", name="FAKE_TOKEN")) == "t"


def test_the_commands_exit_status_is_the_sessions(without_supervisor, fake, repo):
    agent = without_supervisor.agent(fake.command("--exit-at-start", 7), repo, env={"MCP_SUPERVISOR_BIN": "/nonexistent"})
    assert agent.process.wait(20) == 7


def test_no_runtime_directory_is_no_obstacle(without_supervisor, fake, repo):
    agent = without_supervisor.agent(fake.command(), repo, env={
        "MCP_SUPERVISOR_SOCKET": "/nonexistent/deep/socket", "XDG_RUNTIME_DIR": "/nonexistent"})
    agent.initialize()
    assert agent.tool("echo", text="works") == "works"


def test_a_socket_path_longer_than_the_kernel_takes_is_no_obstacle(without_supervisor, fake, repo):
    agent = without_supervisor.agent(fake.command(), repo, env={"MCP_SUPERVISOR_SOCKET": "/tmp/" + "x" * 200})
    agent.initialize()
    assert agent.tool("echo", text="works") == "works"


def test_without_supervisor_and_command_the_shim_says_so_and_ends_with_69(without_supervisor, repo):
    agent = without_supervisor.agent(["/no/such/program"], repo, env={"MCP_SUPERVISOR_BIN": "/nonexistent"})
    assert agent.process.wait(20) == 69
    assert "/no/such/program" in agent.stderr()
    named = without_supervisor.agent([], repo, options=["library"], env={"MCP_SUPERVISOR_BIN": "/nonexistent"})
    assert named.process.wait(20) == 69
    assert named.stderr().startswith("mcp-shim:")
