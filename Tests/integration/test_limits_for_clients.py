# SPDX-License-Identifier: Apache-2.0
"""What clients may ask of the supervisor has limits, each with a key in the configuration and an error that names it."""
import itertools
import json
import resource
import subprocess

from harness import processes
from harness.supervisor import BINARIES
from harness.waiting import eventually


def test_one_session_too_many_runs_its_server_itself_and_says_why(start_supervisor, fake, repo):
    supervisor = start_supervisor("sessions_max = 1\n")
    first = supervisor.agent(fake.command(), repo)
    first.initialize()
    second = supervisor.agent(fake.command(), repo)
    second.initialize()
    assert second.tool("echo", text="served all the same") == "served all the same"
    assert "sessions_max" in second.stderr() and len(supervisor.sessions()) == 1


def held(supervisor):
    """A connection that was let in, or None."""
    connection = supervisor.control()
    try:
        if "error" not in connection.call("Status", {"backend": None}):
            return connection
    except OSError:
        pass
    connection.close()
    return None


def test_one_connection_too_many_is_told_which_limit_it_met(start_supervisor):
    supervisor = start_supervisor("connections_max = 4\n")
    connections = [eventually(lambda: held(supervisor), "a connection is let in") for _ in range(4)]
    refused = supervisor.ctl("status")
    assert refused.returncode == 1 and "connections_max" in refused.stderr
    for connection in connections:
        connection.close()
    eventually(lambda: supervisor.ctl("status").returncode == 0, "with them gone there is room again")


def test_a_message_that_is_too_long_is_refused_with_the_key(start_supervisor, fake, repo):
    supervisor = start_supervisor('message_size_max = "64K"\n')
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    error = agent.error(agent.call("length", text="x" * (100 << 10)))
    assert error["data"]["reason"] == "oversize_request" and "message_size_max" in error["message"]
    answer = agent.answer(agent.call("big", bytes=100 << 10))
    assert "error" in answer, "the other direction has the same limit"
    assert agent.tool("echo", text="on") == "on"


def test_a_session_of_garbage_is_ended_with_the_reason(start_supervisor, fake, repo):
    supervisor = start_supervisor('garbage_max = "10K"\n')
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    for _ in range(11):
        agent.send_bytes(b"x" * 1000 + b"\n")
    told = agent.until(lambda m: "error" in m)
    assert told["id"] is None and "garbage_max" in told["error"]["message"]
    eventually(lambda: supervisor.sessions() == [], "the session is over")


def test_a_client_that_never_names_its_roots_gets_advice(start_supervisor, fake, folder):
    supervisor = start_supervisor('roots_timeout = "300ms"\n')
    agent = supervisor.agent(fake.command(), folder)
    agent.rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {"roots": {}},
                             "clientInfo": {"name": "a", "version": "1"}})
    agent.notify("notifications/initialized")
    id = agent.call("echo", text="x")
    agent.until(lambda m: m.get("method") == "roots/list")
    text = json.dumps(agent.answer(id))
    assert "did not answer" in text and "--repo" in text


def test_without_room_for_a_descriptor_newcomers_wait_and_the_supervisor_sleeps(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    assert agent.tool("echo", text="up") == "up"
    open_ones = processes.descriptors(supervisor.pid)
    limits = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    lowest_free = next(number for number in itertools.count() if number not in open_ones)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    before = processes.rests(supervisor.pid)
    command = [BINARIES / "mcpctl", "list"]
    status = subprocess.Popen(command, env=supervisor.environment(), cwd="/", stdout=subprocess.PIPE)
    eventually(lambda: "connections wait until there is room" in supervisor.log(), "it says so")
    for _ in range(20):
        assert agent.tool("echo", text="still served") == "still served"
    assert supervisor.log().count("connections wait until there is room") == 1
    assert processes.rests(supervisor.pid) - before < 1000
    assert status.poll() is None
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, limits)
    assert b"fake" in status.communicate(timeout=20)[0]
