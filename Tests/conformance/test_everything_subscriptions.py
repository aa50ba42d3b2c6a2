# SPDX-License-Identifier: Apache-2.0
"""Several sessions of either era watch one resource of the server that does everything: it has one subscription, each
session gets each update once, and the subscription ends with the last of them."""
import pathlib

import environment
import pytest
from harness.modern import PREFIX, stateless

HERE = pathlib.Path(__file__).resolve().parent
CONFIGURATION = '[server.modern]\nera = "modern"\n'
WATCHED = "test://watched-resource"
UPDATED = "notifications/resources/updated"


class Watcher:
    """A session, and what it hears of the resource."""

    def __init__(self, agent, is_modern):
        self.agent, self.is_modern = agent, is_modern
        if not is_modern:
            agent.initialize(timeout=60)

    def params(self, **more):
        return stateless(more) if self.is_modern else more

    def watch(self):
        if not self.is_modern:
            return self.agent.rpc("resources/subscribe", {"uri": WATCHED})
        wanted = {"resourceSubscriptions": [WATCHED]}
        self.listen = self.agent.request("subscriptions/listen", self.params(notifications=wanted))
        said = self.agent.until(lambda m: m.get("method") == "notifications/subscriptions/acknowledged")
        assert said["params"]["notifications"] == wanted

    def leave(self):
        if self.is_modern:
            self.agent.cancel(self.listen)
        else:
            self.agent.rpc("resources/unsubscribe", {"uri": WATCHED})

    def touch(self):
        """Changes the resource; returns what the server holds subscribed in the handshake era's way."""
        result = self.agent.rpc("tools/call", self.params(name="touch_watched_resource", arguments={}))
        return [block["text"] for block in result["content"]]

    def expect(self, count):
        """All updates so far. Whatever came before the answer to a request of its own is there."""
        self.agent.rpc("resources/read", self.params(uri="test://static-text"))
        if count:
            self.agent.until(lambda m: len(self.agent.notifications(UPDATED)) >= count)
        updates = [message["params"] for message in self.agent.notifications(UPDATED)]
        assert [update["uri"] for update in updates] == [WATCHED] * count
        if self.is_modern:
            assert all(update["_meta"][f"{PREFIX}subscriptionId"] == self.listen for update in updates)


@pytest.fixture(params=["legacy", "modern"])
def era(request):
    """What the server speaks."""
    return request.param


@pytest.fixture
def watcher(start_supervisor, repo, program, era):
    host = start_supervisor(CONFIGURATION)
    server = [program("suite"), str(HERE / "everything.py"), str(environment.ROOT / "suite" / "source")]
    options = ["--name", "modern"] if era == "modern" else []

    def make(is_modern):
        watcher = Watcher(host.agent(server, repo, options=options), is_modern)
        watcher.host = host
        return watcher
    return make


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kinds", [(False, False), (True, True), (False, True)], ids=["legacy", "modern", "both"])
def test_an_update_reaches_each_subscriber_once_until_it_leaves(watcher, era, kinds):
    first, second = map(watcher, kinds)
    other = watcher(False)
    assert len(first.host.backends()) == 1
    held = [WATCHED] if era == "legacy" else []
    assert other.touch() == []
    first.watch()
    second.watch()
    assert other.touch() == held
    first.expect(1)
    second.expect(1)
    other.expect(0)
    first.leave()
    assert other.touch() == held
    second.expect(2)
    first.expect(1)
    second.leave()
    second.expect(2)  # A fence: the server was told before this was answered.
    assert other.touch() == []
    second.expect(2)
    first.expect(1)


@pytest.mark.timeout(120)
def test_a_subscription_ends_with_the_session_that_had_it(watcher, era):
    first, second = watcher(False), watcher(True)
    first.watch()
    second.watch()
    assert first.agent.finish() == 0
    other = watcher(False)
    other.touch()
    second.expect(1)
    assert second.agent.finish() == 0
    other.expect(0)
    assert other.touch() == []
