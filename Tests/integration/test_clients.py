# SPDX-License-Identifier: Apache-2.0
"""Real clients: each starts its "server", lists, calls, and leaves."""
import pytest

from harness import real
from harness.waiting import eventually

CLIENTS = list(real.KINDS.items())


@pytest.fixture(params=CLIENTS, ids=lambda c: c[0])
def client(request, program):
    """(kind, its Python)"""
    kind, venv = request.param
    return kind, program(venv)


@pytest.mark.timeout(180)
def test_a_real_client_lists_calls_and_leaves(host, fake, repo, client, program):
    """The fake server and one that its own SDK made."""
    kind, python = client
    time = [program("servers", "mcp-server-time"), "--local-timezone", "UTC"]
    first, second = real.run(host, python, kind, [
        (fake.command(), "echo", {"text": "hej"}), (time, "get_current_time", {"timezone": "UTC"})], repo)
    assert "echo" in first["tools"] and "hej" in first["text"]
    assert sorted(second["tools"]) == ["convert_time", "get_current_time"] and "UTC" in second["text"]
    assert len(fake.processes) == 1
    expect_no_session(host)


@pytest.mark.timeout(180)
def test_different_real_clients_at_once_share_one_backend(supervisor, fake, repo, program):
    running = [real.start(supervisor, program(venv), kind, [(fake.command(), "echo", {"text": kind})], repo)
               for kind, venv in CLIENTS[:4]]
    for (kind, _), client in zip(CLIENTS, running):
        assert kind in real.reports(client, timeout=120)[0]["text"]
    assert len(fake.processes) == 1 and len(fake.only().received("initialize")) == 1
    expect_no_session(supervisor)


def expect_no_session(host):
    if hasattr(host, "sessions"):
        eventually(lambda: host.sessions() == [], "the session is over")
