# SPDX-License-Identifier: Apache-2.0
"""A server's question to a client that goes away, or does not want it any more: the server is answered, nobody else is
asked, and whoever waited for the lane goes on."""
import pytest

from harness.modern import stateless

ELICIT = "elicitation/create"
CONFIGURATION = '[server.fake_backend]\ninteractive_tools = ["ask"]\n'
ASK = {"name": "ask", "arguments": {"method": ELICIT, "params": {"message": "sure?"}}}


class Asked:
    """A session whose call the server asks about, and another one, whose call waits for the lane."""

    def __init__(self, supervisor, fake, repo, is_modern):
        self.fake, self.is_modern = fake, is_modern
        self.asker, self.other = (supervisor.agent(fake.command(), repo) for _ in range(2))
        self.other.initialize(capabilities={"elicitation": {}})
        if is_modern:
            self.call = self.asker.request("tools/call", stateless(ASK, {"elicitation": {}}))
            result = self.asker.result(self.call)
            assert result["resultType"] == "input_required", result
            self.handle = result["requestState"]
        else:
            self.asker.initialize(capabilities={"elicitation": {}})
            self.call = self.asker.request("tools/call", ASK)
            self.question = self.asker.until(lambda m: m.get("method") == ELICIT)
        self.waiting = self.other.call("echo", text="after")
        self.other.fence()
        assert not self.other.answers(self.waiting)

    def expect_over(self):
        """The server was told, and the other session was not asked but served."""
        assert self.other.text(self.waiting) == "after"
        assert not [m for m in self.other.seen if m.get("method") == ELICIT]
        process = self.fake.only()
        answers = [m for m in process.received() if "method" not in m]
        assert [m.get("result") for m in answers] == [{"action": "cancel"}]
        [asked] = process.calls("ask")
        [cancelled] = process.received("notifications/cancelled")
        assert cancelled["params"]["requestId"] == asked["id"]


@pytest.fixture(params=[False, True], ids=["legacy", "modern"])
def asked(request, start_supervisor, fake, repo):
    return Asked(start_supervisor(CONFIGURATION), fake, repo, request.param)


@pytest.mark.parametrize("signal", [False, True], ids=["politely", "killed"])
def test_its_client_leaves(asked, signal):
    """Test 21 of the design's list; a client of the stateless era leaves its call held."""
    if signal:
        asked.asker.process.kill()
    else:
        asked.asker.end_input()
    asked.expect_over()


def test_its_client_takes_the_call_back(start_supervisor, fake, repo):
    asked = Asked(start_supervisor(CONFIGURATION), fake, repo, is_modern=False)
    asked.asker.cancel(asked.call)
    taken_back = asked.asker.until(lambda m: m.get("method") == "notifications/cancelled")
    assert taken_back["params"]["requestId"] == asked.question["id"]
    asked.expect_over()
    # The late answer of the client is nobody's.
    asked.asker.send({"jsonrpc": "2.0", "id": asked.question["id"], "result": {"action": "accept"}})
    asked.asker.fence()
    assert asked.asker.tool("echo", text="on") == "on"
    assert not asked.asker.answers(asked.call)


def test_a_question_in_the_middle_of_two_sessions_calls_is_nobodys(start_supervisor, fake, repo):
    """Not of a listed tool, so nothing kept the other session's call away."""
    supervisor = start_supervisor('[server.fake_backend]\ninteractive_tools = ["something"]\n')
    asker, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for agent in (asker, other):
        agent.initialize(capabilities={"elicitation": {}, "sampling": {}})
    held = other.call("swallow")
    fake.wait_call("swallow")
    assert '"action": "cancel"' in asker.tool("ask", method=ELICIT, params={})
    assert '"code": -1' in asker.tool("ask", method="sampling/createMessage", params={})
    for agent in (asker, other):
        agent.fence()
        assert not [m for m in agent.seen if "method" in m and "id" in m]
    assert not other.answers(held)
