# SPDX-License-Identifier: Apache-2.0
"""The control protocol as others speak it: by a raw socket, and with the PyPI package `varlink`."""
import json
import os
import re
import threading

import pytest
import varlink
import varlink.scanner

from harness.control import INTERFACE, Closed
from harness.supervisor import PROJECT

FILE = PROJECT / "Sources" / "Control" / "Interface" / f"{INTERFACE}.varlink"

LIMITS = {"MemoryHigh", "MemoryMax", "MemorySwapMax", "TasksMax", "CPUWeight"}
SHAPE = {
    "supervisor": {"version", "pid", "uptime_s", "launcher", "memory", "cgroup", "limits", "limits_enforced", "draining",
                   "pressure_sources", "search", "warnings"},
    "backend": {"id", "server", "repo", "share", "state", "unit", "pid", "generation", "era", "sessions", "holds",
                "in_flight", "restarts", "memory", "limits", "started_at", "idle_since", "last_exit",
                "hibernation", "changed_tools", "cpu_s", "calls"},
    "session": {"id", "pid", "client", "protocol", "cwd", "repo", "server", "backend", "in_flight", "meta_tools",
                "attached_at"},
    "savings": {"unshared_bytes", "shared_bytes", "method"},
    "last_exit": {"reason", "status", "at", "stderr_tail", "shortage", "limit_bytes", "peak_bytes"},
}


@pytest.fixture
def agent(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    return agent


def test_the_interface_file_is_varlink_and_has_the_documented_methods():
    interface = varlink.scanner.Interface(FILE.read_text())
    assert interface.name == INTERFACE
    assert {"Attach", "Request", "Release", "Status", "SetLimits", "Stop", "Restart", "Subscribe"} <= set(interface.members)


def test_get_info_and_get_interface_description(supervisor):
    with supervisor.control() as control:
        info = control.call("org.varlink.service.GetInfo")["parameters"]
        assert set(info) == {"vendor", "product", "version", "url", "interfaces"}
        assert {INTERFACE, "org.varlink.service"} <= set(info["interfaces"])
        text = control.call("org.varlink.service.GetInterfaceDescription", {"interface": INTERFACE})
        assert without_comments(text["parameters"]["description"]) == without_comments(FILE.read_text())
        standard = control.call("org.varlink.service.GetInterfaceDescription", {"interface": "org.varlink.service"})
        assert "method GetInfo" in standard["parameters"]["description"]


def without_comments(text):
    return re.sub(r"\s+", " ", re.sub(r"#[^\n]*", "", text)).strip()


@pytest.mark.parametrize("method", ["Stop", "Release", "Hibernate", "Status"])
@pytest.mark.parametrize("name", ["empty", "relative"])
def test_a_name_that_could_be_of_any_backend_is_refused(supervisor, agent, repo, method, name):
    with supervisor.control() as control:
        reply = control.call(method, {"backend": {"empty": "", "relative": os.path.relpath(repo, "/")}[name]})
        assert reply["error"] == f"{INTERFACE}.InvalidParameter" and name in reply["parameters"]["reason"], reply
        assert reply["parameters"]["parameter"] == "backend"
    assert supervisor.backend()["state"] == "ready"


@pytest.mark.parametrize("method, parameters, error", [
    ("io.mcpctl.Supervisor.Frobnicate", {}, "org.varlink.service.MethodNotFound"),
    ("org.varlink.service.Nothing", {}, "org.varlink.service.MethodNotFound"),
    ("com.example.Other.Thing", {}, "NotFound"),
    ("org.varlink.service.GetInterfaceDescription", {"interface": "com.example"}, "org.varlink.service.InterfaceNotFound"),
    ("org.varlink.service.GetInterfaceDescription", {}, "org.varlink.service.InvalidParameter"),
    ("Stop", {"backend": "nothing"}, f"{INTERFACE}.NoSuchBackend"),
    ("Stop", {}, "InvalidParameter"),
    ("Stop", {"backend": 7}, "InvalidParameter"),
    ("Why", {"session": "s999", "other": None}, f"{INTERFACE}.NoSuchSession"),
    ("Request", {"argv": None, "environment": [], "name": "nobody", "repo": "/tmp", "share": None, "hold_s": None},
     f"{INTERFACE}.NoSuchServer"),
])
def test_a_wrong_call_is_answered_with_its_error_and_the_connection_goes_on(supervisor, method, parameters, error):
    with supervisor.control() as control:
        reply = control.call(method, parameters)
        assert reply.get("error", "").endswith(error), reply
        if error.startswith(INTERFACE):
            assert reply["parameters"]["reason"]
        assert "parameters" in control.call("Status", {"backend": None})


def test_the_status_has_exactly_the_documented_keys(supervisor, agent):
    agent.error(agent.call("exit", status=1))
    agent.tool("echo", text="again")
    status = supervisor.status()
    assert set(status) == {"supervisor", "backends", "sessions", "savings"}
    [backend], [session] = status["backends"], status["sessions"]
    assert set(status["supervisor"]) == SHAPE["supervisor"] and set(status["savings"]) == SHAPE["savings"]
    assert set(backend) == SHAPE["backend"] and set(session) == SHAPE["session"]
    assert set(backend["last_exit"]) == SHAPE["last_exit"]
    assert set(backend["limits"]) == set(status["supervisor"]["limits"]) == LIMITS
    assert set(backend["memory"]) == {"current_bytes", "peak_bytes", "pss_bytes"}
    assert set(session["client"]) == {"name", "version"} and session["client"]["name"] == "agent"
    assert status["supervisor"]["launcher"] == "direct" and status["supervisor"]["limits_enforced"] is False
    assert backend["era"] == "legacy" and backend["unit"] is None and session["protocol"] == "2025-11-25"
    for time in (backend["started_at"], session["attached_at"], backend["last_exit"]["at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", time)


def test_several_calls_in_one_packet_and_one_call_in_many_are_the_same(supervisor):
    call = b'{"method":"io.mcpctl.Supervisor.Status","parameters":{"backend":null}}\0'
    with supervisor.control() as control:
        control.socket.sendall(call * 3)
        assert all("parameters" in control.receive() for _ in range(3))
        for byte in call:
            control.socket.sendall(bytes([byte]))
        assert "parameters" in control.receive()


def test_subscribe_tells_what_happens(supervisor, fake, repo):
    with supervisor.control() as control:
        control.send("Subscribe", more=True)
        agent = supervisor.agent(fake.command(), repo)
        agent.initialize()
        seen = [control.receive() for _ in range(2)]
        assert all(reply["continues"] and set(reply["parameters"]) == {"at", "kind", "backend", "session", "text"}
                   for reply in seen)


def test_a_connection_subscribes_once(supervisor, fake, repo):
    with supervisor.control() as control:
        control.send("Subscribe", more=True)
        control.send("Subscribe", more=True)
        refusal = control.receive()
        assert refusal.get("error") == f"{INTERFACE}.Refused" and "subscribed" in refusal["parameters"]["reason"], refusal
        agent = supervisor.agent(fake.command(), repo)
        agent.initialize()
        [first, second] = [control.receive() for _ in range(2)]
        assert first != second, "each event comes once"


def slow_request(control, fake, supervisor, repo):
    environment = [f"{name}={value}" for name, value in supervisor.environment().items()]
    control.send("Request", {"argv": fake.command(), "environment": environment, "repo": repo, "hold_s": 0.1})


def test_subscribe_waits_for_the_calls_before_it(supervisor, fake, repo):
    with supervisor.control() as control:
        slow_request(control, fake, supervisor, repo)
        control.send("Subscribe")
        assert "backend" in control.receive()["parameters"]
        assert control.receive()["error"] == "org.varlink.service.ExpectedMore"


def test_attach_waits_for_the_calls_before_it(supervisor, fake, repo):
    (agent_in, stdin), (stdout, agent_out) = os.pipe(), os.pipe()
    place = os.open(repo, os.O_PATH | os.O_DIRECTORY)
    with supervisor.control() as control:
        slow_request(control, fake, supervisor, repo)
        control.send("Attach", {**ATTACH, "argv": fake.command(), "pid": os.getpid()}, [place, agent_in, agent_out], more=True)
        for end in (agent_in, agent_out, place):
            os.close(end)
        assert "backend" in control.receive()["parameters"]
        assert control.receive()["parameters"]["session"]
        os.write(stdin, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        assert b'"id":1' in os.read(stdout, 4096)
    assert os.read(stdout, 4096) == b"", "what belonged to the connection went with it"
    for end in (stdin, stdout):
        os.close(end)


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("method", ["Subscribe", "Attach"])
def test_who_takes_no_reply_gets_none(supervisor, method, more):
    with supervisor.control() as control:
        control.send(method, ATTACH if method == "Attach" else {}, oneway=True, more=more)
        assert "supervisor" in control.call("Status")["parameters"]


def test_what_waits_is_closed_with_its_connection(supervisor, fake, repo):
    """The fixture compares the supervisor's descriptors afterwards."""
    reading, writing = os.pipe()
    with supervisor.control() as control:
        slow_request(control, fake, supervisor, repo)
        control.send("Attach", ATTACH, [writing] * 3, more=True)
        os.close(writing)
    assert os.read(reading, 1) == b"", "nobody holds the writing end any more"
    os.close(reading)


def test_the_python_package_can_call_us(supervisor, agent):
    with varlink.Client(address=f"unix:{supervisor.socket}") as client, client.open(INTERFACE) as connection:
        status = connection.Status(None)
        assert status["supervisor"]["pid"] == supervisor.pid and len(status["backends"]) == 1
        with pytest.raises(varlink.VarlinkError) as failure:
            connection.Stop("nothing")
        assert failure.value.error() == f"{INTERFACE}.NoSuchBackend"


ATTACH = {"argv": ["/bin/cat"], "environment": ["PATH=/bin"], "raw_environment": [], "pid": 1, "name": None, "repo": None,
          "share": None, "meta_tools": None, "umask": 18, "resume": None}


@pytest.mark.parametrize("change, more, descriptors", [
    ({}, True, 0), ({}, True, 2), ({}, True, 8), ({}, False, 3), ({"argv": []}, True, 3), ({"argv": None}, True, 3),
    ({"argv": "cat"}, True, 3), ({"environment": [7]}, True, 3), ({"environment": ["noequals"]}, True, 3),
    ({"share": "everybody"}, True, 3), ({"repo": "/no/such/place"}, True, 3), ({"name": "nobody", "argv": None}, True, 3),
    ({"resume": "not ours" * 10_000}, True, 3),
], ids=str)
def test_attach_misused_is_refused_and_nothing_is_kept(supervisor, change, more, descriptors):
    """The fixture compares the supervisor's descriptors afterwards: what was sent along is closed."""
    pipes = [os.pipe() for _ in range(4)]
    ends = [end for pipe in pipes for end in pipe]
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    sent = [place, pipes[0][0], pipes[1][1], *ends][:descriptors]
    try:
        with supervisor.control() as control:
            control.send("Attach", {**ATTACH, **change}, sent, more=more)
            try:
                reply = control.receive()
                refused = "error" in reply
            except Closed:
                refused = True
            # A session may begin all the same: it says itself what is wrong with its repository.
            harmless = {"environment", "resume", "repo"} & set(change)
            assert refused or harmless, reply
    finally:
        for end in [*ends, place]:
            os.close(end)
    assert supervisor.status()["supervisor"]["pid"] == supervisor.pid


def test_sessions_that_could_not_begin_take_no_room_in_the_books(supervisor):
    """There is room for 4096 sessions and backends."""
    reading, writing = os.pipe()
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    with supervisor.control() as control:
        for _ in range(4100):
            control.send("Attach", ATTACH, [place, place, writing], more=True)
            reply = control.receive()
            assert reply.get("error") == f"{INTERFACE}.StartFailed", reply
    for end in (reading, writing, place):
        os.close(end)
    assert "4096 sessions and backends" not in supervisor.log()


def test_descriptors_with_a_call_that_takes_none_are_closed(supervisor):
    reading, writing = os.pipe()
    with supervisor.control() as control:
        control.send("Status", {"backend": None}, [writing] * 8)
        control.receive()
        os.close(writing)
        assert os.read(reading, 1) == b"", "nobody holds the writing end any more"
    os.close(reading)


def test_many_connections_at_once_are_served(supervisor):
    failures = []

    def ask():
        try:
            with supervisor.control() as control:
                assert "parameters" in control.call("Status", {"backend": None})
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# More than may wait for a connection, with what the socket itself holds.
WAITING = (4 << 20) + (512 << 10)
DESCRIBE = b'{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"%s"}}\0' % INTERFACE.encode()


def ask_without_reading(silent, other, wanted):
    """Asks for so many bytes of answers, each a few kilobytes; returns how many were asked for."""
    size = len(json.dumps(other.call("org.varlink.service.GetInterfaceDescription", {"interface": INTERFACE})))
    asked = wanted // size // 16
    for _ in range(asked):
        silent.socket.sendall(DESCRIBE * 16)
        # Calls are answered in turn: when these are, so are those.
        for _ in range(16):
            assert "parameters" in other.call("Status", {"backend": None}), "others are served meanwhile"
    return asked * 16


def test_who_reads_late_gets_all_answers(supervisor):
    with supervisor.control() as silent, supervisor.control() as other:
        for _ in range(ask_without_reading(silent, other, WAITING)):
            assert "parameters" in silent.receive()


def test_who_subscribes_and_does_not_read_is_let_go_with_the_reason_in_the_log(supervisor, fake, repo):
    with supervisor.control() as silent, supervisor.control() as other:
        silent.send("Subscribe", more=True)
        ask_without_reading(silent, other, WAITING)
        agent = supervisor.agent(fake.command(), repo)
        agent.initialize()
        with pytest.raises(Closed):
            while silent.receive():
                pass
        assert "parameters" in other.call("Status", {"backend": None})
    assert "it does not read" in supervisor.log()
