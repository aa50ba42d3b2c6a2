# SPDX-License-Identifier: Apache-2.0
"""Twenty-one real servers: with one session the conversation through us is the direct one, modulo ids."""
import os

import pytest
from harness.servers import SERVERS
from harness.supervisor import Direct
from harness.transcript import converse

LIMIT_S = 90


@pytest.fixture(params=SERVERS, ids=lambda s: s.name)
def server(request, program):
    if not os.path.exists(program(request.param.venv, request.param.words[0])):
        pytest.skip("its package does not support this Python")
    return request.param


@pytest.fixture
def direct(folder):
    host = Direct(f"{folder}/direct")
    yield host
    host.dispose()


def steps(server, repo, folder):
    """A script that every server knows, or refuses in words of its own."""
    script = [("tools/list", {}), ("tools/call", {"name": server.tool, "arguments": server.call(repo, folder)})]
    # We answer this ourselves, also for a server that does not know it.
    if server.name != "codegraph":
        script.append(("ping", None))
    # chroma answers nothing that it does not know.
    if server.name != "chroma":
        script += [("resources/list", {}), ("resources/templates/list", {}), ("prompts/list", {}),
                   ("tools/call", {"name": "no such tool", "arguments": {}}),
                   ("resources/read", {"uri": "nowhere://at-all"}), ("prompts/get", {"name": "no such prompt"})]
    return script


@pytest.mark.timeout(300)
def test_the_conversation_is_the_direct_one(server, direct, supervisor, repo, folder, program):
    command, script = server.command(program, repo, folder), steps(server, repo, folder)
    told = []
    for host in (direct, supervisor):
        agent = host.agent(command, repo, env=server.environment(program, repo, folder))
        told.append(converse(agent, script, LIMIT_S))
        agent.finish(LIMIT_S) if host is supervisor else agent.end_input()
    for by_itself, through_us in zip(*told):
        assert through_us == by_itself
    assert server.holds in str(told[1][2]), told[1][2]
