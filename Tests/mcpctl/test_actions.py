# SPDX-License-Identifier: Apache-2.0
"""request, release, stop …: what is sent, and what is printed."""

import json
import os
import subprocess

import pytest
from documents import BACKEND, LIMITS
from fake_supervisor import error, reply


@pytest.fixture
def answering(supervisor):
    for method in ["Request", "Release", "Stop", "Restart", "Hibernate", "Wake", "Trust"]:
        supervisor.answers[method] = reply({"backend": BACKEND})
    return supervisor


@pytest.mark.parametrize("method", ["Stop", "Restart", "Hibernate", "Wake", "Trust"])
def test_acting_on_backends_one_after_the_other(mcpctl, answering, method):
    done = mcpctl(method.lower(), "serena", "mosaic")
    assert (done.returncode, done.stderr) == (0, "")
    assert [call["parameters"] for call in answering.calls] == [{"backend": "serena"}, {"backend": "mosaic"}]
    assert done.stdout == "serena-library-1f3a: ready, pid 4242\n" * 2
    assert json.loads(mcpctl(method.lower(), "serena", "--json").stdout) == {"backend": BACKEND}


def test_one_failure_of_several_is_reported_and_the_rest_is_done(mcpctl, answering):
    def stop(connection, call):
        missing = call["parameters"]["backend"] == "nope"
        connection.sendall(error("NoSuchBackend", reason="no nope") if missing else reply({"backend": BACKEND}))
        return True

    answering.answers["Stop"] = stop
    done = mcpctl("stop", "nope", "serena")
    assert (done.returncode, done.stderr) == (3, "mcpctl: no nope\n")
    assert done.stdout == "serena-library-1f3a: ready, pid 4242\n"


def test_request_sends_what_a_session_here_would(mcpctl, answering, tmp_path):
    done = mcpctl(
        "request", "--hold", "1h 30s", "--share", "user", "--name", "serena", "--", "serena", "--json", "x",
        env={"API_KEY": "k"})
    sent = answering.parameters("Request")
    assert done.returncode == 0
    assert sent["argv"] == ["serena", "--json", "x"]
    assert "API_KEY=k" in sent["environment"]
    assert (sent["name"], sent["share"], sent["hold_s"]) == ("serena", "user", 3630)
    assert (sent["repo"], sent["cwd"]) == (None, os.path.realpath(tmp_path))
    assert sent["raw_environment"] is None


def test_request_of_a_declared_server_in_another_repository(mcpctl, answering, tmp_path):
    (tmp_path / "other").mkdir()
    mcpctl("request", "--name", "serena", "--repo", "other")
    sent = answering.parameters("Request")
    assert (sent["argv"], sent["hold_s"]) == (None, None)
    assert sent["repo"] == os.path.realpath(tmp_path / "other")
    assert sent["cwd"] == os.path.realpath(tmp_path)


def test_request_in_a_directory_that_is_not_there(mcpctl, answering):
    done = mcpctl("request", "--repo", "nowhere", "--", "x")
    assert done.returncode == 1 and "there is no such directory" in done.stderr


def test_request_keeps_variables_that_are_not_text(mcpctl, answering):
    environment = {key.encode(): value.encode() for key, value in mcpctl.environment.items()}
    subprocess.run([mcpctl.binary, "request", "--", "x"], env=environment | {b"ODD": b"\xff"}, check=True,
                   stdout=subprocess.DEVNULL)
    sent = answering.parameters("Request")
    assert sent["raw_environment"] == [b"ODD=\xff".hex()]
    assert not any(entry.startswith("ODD") for entry in sent["environment"])


def test_a_backend_named_by_a_directory_is_sent_absolute(mcpctl, answering, tmp_path):
    (tmp_path / "repo").mkdir()
    mcpctl("stop", ".", "./repo", "serena", "no/where")
    root = os.path.realpath(tmp_path)
    assert [call["parameters"]["backend"] for call in answering.calls] == [
        root, f"{root}/repo", "serena", f"{root}/no/where"]


def test_release_now(mcpctl, answering):
    mcpctl("release", "serena", "--now")
    assert answering.parameters("Release") == {"backend": "serena", "now": True}


def test_limits_are_read_and_set_in_systemds_units(mcpctl, supervisor):
    supervisor.answers["SetLimits"] = reply({"limits": LIMITS, "unit": "app-mcp.slice", "persisted": "/c.toml"})
    done = mcpctl("limits")
    assert supervisor.parameters("SetLimits") == {
        "backend": None, "server": None, "total": True, "set": None, "persist": None}
    assert "MemoryMax      1.0G\n" in done.stdout and "MemoryHigh     not set\n" in done.stdout
    assert "written to /c.toml" in done.stdout

    mcpctl("limits", "--server", "serena", "--set", "MemoryMax=1.5G", "TasksMax=infinity", "--set", "CPUWeight=50",
           "--persist")
    sent = supervisor.parameters("SetLimits")
    assert sent["server"] == "serena" and sent["total"] is None and sent["persist"] is True
    assert sent["set"] == {
        "MemoryHigh": None, "MemoryMax": 1610612736, "MemorySwapMax": None, "TasksMax": -1, "CPUWeight": 50}


def test_reload_and_drain(mcpctl, supervisor):
    supervisor.answers.update(Reload=reply({"files": ["/a", "/b"]}), Drain=reply({}))
    assert mcpctl("reload").stdout == "read /a\nread /b\n"
    assert mcpctl("drain").stdout.startswith("draining")
    assert mcpctl("drain", "--json").stdout == "{}\n"
