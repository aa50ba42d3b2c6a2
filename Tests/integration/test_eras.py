# SPDX-License-Identifier: Apache-2.0
"""Clients of both eras of the protocol on servers of both, with the official SDK's own words on either side."""
import json
import pathlib
import subprocess

import pytest

from harness.waiting import eventually

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = {"legacy": ("sdk1", "legacy_server.py", "one"), "modern": ("sdk2", "modern_server.py", "two")}
CLIENTS = {"sdk1": "2025-11-25", "sdk2_legacy": "2025-11-25", "sdk2_auto": "2026-07-28", "sdk2_modern": "2026-07-28"}
STEPS = ["about", "tools", "add", "prompt", "resource", "lists", "steps", "log", "change"]
TOOLS = ["add", "ask", "change", "log", "steps"]


@pytest.fixture
def start(start_supervisor, program, repo):
    """A function that starts a supervisor that speaks to both servers as configured, and then clients."""
    class Stage:
        def __init__(self, more=""):
            self.host = start_supervisor(f'[server.two]\nera = "modern"\n[server.one]\nera = "legacy"\n{more}\n')

        def client(self, kind, era, steps, **environment):
            venv, script, name = SERVERS[era]
            server = [program(venv), str(HERE.parent / "backends" / script)]
            command = json.dumps(self.host.front(server, ["--name", name]))
            return subprocess.Popen(
                [program(kind[:4]), str(HERE / "clients" / "era_client.py"), kind, command, json.dumps(steps)],
                cwd=repo, env=self.host.environment(**environment), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def report(self, client):
            out, errors = client.communicate(timeout=120)
            assert client.returncode == 0, f"{out}\n{errors[-3000:]}"
            return {line["step"]: line["got"] for line in map(json.loads, out.splitlines())}

        def run(self, *arguments):
            return self.report(self.client(*arguments))

        def backend(self, era):
            [backend] = [b for b in self.host.backends() if b["server"] == SERVERS[era][2]]
            return backend
    return Stage


def expect(report, kind, era, late=False):
    tools = sorted(TOOLS + (["touch"] if era == "modern" else []) + (["later"] if late else []))
    # A client that is told its era asks nothing about the server.
    about = [None, None] if kind == "sdk2_modern" else [SERVERS[era][2], "Add, then change."]
    assert report["about"] == [CLIENTS[kind], *about]
    assert report["tools"] == tools
    assert (report["add"], report["prompt"], report["resource"]) == ("3", "Greet Ada.", "A")
    assert report["lists"] == [1, 1, 0]
    assert report["steps"] == ["done", [[1, "step 1"], [2, "step 2"], [3, "step 3"]]]
    # A server that does not filter by itself tells a client without a level everything, with us as without.
    unfiltered = era == "legacy" and kind in ("sdk1", "sdk2_legacy")
    assert report["log"] == (["debug", "warning"] if unfiltered else ["warning"])
    assert report["change"] == ["tools", True]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("era", SERVERS)
def test_a_client_of_any_era_on_a_server_of_any(start, kind, era):
    stage = start()
    expect(stage.run(kind, era, STEPS), kind, era)
    assert stage.backend(era)["era"] == era


@pytest.mark.timeout(180)
@pytest.mark.parametrize("era", SERVERS)
def test_clients_of_both_eras_share_one_server_at_the_same_time(start, era):
    """Test 24 of the design's list, and its mirror."""
    stage = start()
    repeated = [step for step in STEPS if step != "change"] * 5
    running = {kind: stage.client(kind, era, repeated) for kind in ("sdk1", "sdk2_auto")}
    # Collected before anything is asserted: a client that is left alone would outlive the test.
    reports = {kind: stage.report(client) for kind, client in running.items()}
    for kind, report in reports.items():
        expect({**report, "change": ["tools", True]}, kind, era)
    backend = stage.backend(era)
    assert (backend["generation"], backend["restarts"]) == (1, 0)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", CLIENTS)
def test_resource_updates_reach_clients_of_both_eras(start, kind):
    assert start().run(kind, "modern", ["touch"]) == {"touch": "x://a"}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_question_of_a_modern_server_reaches_clients_of_both_eras(start, kind):
    """By input_required, which a client of the handshake era hears as a request of its server."""
    assert start().run(kind, "modern", ["ask"]) == {"ask": ["ok", "accept hej"]}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["sdk2_auto", "sdk2_modern"])
def test_a_question_of_a_legacy_server_reaches_a_modern_client(start, kind):
    """Its call is held open meanwhile."""
    assert start('interactive_tools = ["ask"]').run(kind, "legacy", ["ask", "add", "ask"]) == {
        "ask": ["ok", "accept hej"], "add": "3"}


@pytest.mark.timeout(180)
def test_a_second_client_is_answered_before_its_server_runs(start):
    stage = start()
    for era in SERVERS:
        stage.run("sdk2_auto", era, ["about", "tools"])
        backend = stage.backend(era)["id"]
        assert stage.host.ctl("stop", backend).returncode == 0
        eventually(lambda: stage.host.ctl_json("status")["backends"] == [] or
                   all(b["state"] == "stopped" for b in stage.host.backends()), "the backend is down")
        for kind in ("sdk1", "sdk2_auto"):
            report = stage.run(kind, era, ["about", "tools"])
            assert report["about"][0] == CLIENTS[kind] and "add" in report["tools"]
        assert all(b["pid"] is None for b in stage.host.backends())


@pytest.mark.timeout(180)
@pytest.mark.parametrize("era, found", [("modern", "modern"), ("legacy", "legacy")])
def test_auto_finds_the_era_and_leaves_nothing_behind(start_supervisor, program, repo, era, found):
    venv, script, name = SERVERS[era]
    host = start_supervisor(f'[server.{name}]\nera = "auto"\n')
    agent = host.agent([program(venv), str(HERE.parent / "backends" / script)], repo, options=["--name", name])
    agent.initialize(timeout=60)
    assert agent.tool("add", a=1, b=2) == "3"
    assert host.backend()["era"] == found
    assert len(list((host.folder / "state" / "mcp-supervisor" / "eras").glob("*.json"))) == 1
