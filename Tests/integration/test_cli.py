# SPDX-License-Identifier: Apache-2.0
"""mcpctl against a living supervisor: every command in both forms, and the exit statuses that scripts rely on."""
import json

import pytest

SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture
def agent(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize(name="the-client")
    return agent


@pytest.fixture
def backend(supervisor, agent):
    return supervisor.backend()


def test_status_for_people_names_what_runs(supervisor, backend, repo):
    done = supervisor.ctl("status")
    assert done.returncode == 0 and done.stderr == ""
    for word in (backend["id"], "ready", repo, "direct"):
        assert word in done.stdout
    assert "not enforced" in done.stdout, "said plainly: without systemd the kernel enforces no limits"


def test_status_as_json_is_the_protocols_reply(supervisor, backend):
    document, raw = supervisor.ctl_json("status"), supervisor.status()
    assert document.keys() == raw.keys()
    assert document["backends"][0].keys() == raw["backends"][0].keys()
    assert document["sessions"] == raw["sessions"]


@pytest.mark.parametrize("by", ["id", "prefix", "repo"])
def test_a_backend_is_named_by_id_prefix_or_repository(supervisor, backend, repo, by):
    name = {"id": backend["id"], "prefix": backend["id"][:-2], "repo": repo}[by]
    assert [b["id"] for b in supervisor.ctl_json("status", name)["backends"]] == [backend["id"]]


def test_an_ambiguous_prefix_lists_what_it_could_mean(supervisor, fake, repo, backend):
    supervisor.agent(fake.command("--tag", "x"), repo).initialize()
    done = supervisor.ctl("stop", "fake")
    assert done.returncode in (1, 3)
    assert all(b["id"] in done.stderr for b in supervisor.backends())


def test_list_has_one_line_for_each_backend(supervisor, backend):
    lines = supervisor.ctl("list").stdout.splitlines()
    assert sum(backend["id"] in line for line in lines) == 1
    assert supervisor.ctl_json("list")


def test_sessions_names_client_pid_repository_and_backend(supervisor, agent, backend, repo):
    done = supervisor.ctl("sessions")
    for word in ("the-client", str(agent.pid), backend["id"]):
        assert word in done.stdout
    assert "the-client" in json.dumps(supervisor.ctl_json("sessions"))


def test_tools_and_call(supervisor, backend):
    assert "echo" in supervisor.ctl("tools", backend["id"]).stdout
    assert "whoami" in json.dumps(supervisor.ctl_json("tools", backend["id"]))
    done = supervisor.ctl("call", backend["id"], "echo", '{"text": "from the shell"}')
    assert done.returncode == 0 and "from the shell" in done.stdout
    assert "json too" in json.dumps(supervisor.ctl_json("call", backend["id"], "echo", '{"text": "json too"}'))


def test_a_call_that_fails_says_so(supervisor, backend):
    assert supervisor.ctl("call", backend["id"], "nonsense").returncode == 1
    bad = supervisor.ctl("call", backend["id"], "echo", "{not json")
    assert bad.returncode in (1, 2) and len(bad.stderr.strip().splitlines()) >= 1
    died = supervisor.ctl("call", backend["id"], "exit", '{"status": 5}')
    assert died.returncode == 1 and "5" in died.stderr


def test_limits_are_shown_and_setting_them_is_refused_plainly_without_systemd(supervisor, backend):
    done = supervisor.ctl("limits", backend["id"])
    assert done.returncode == 0 and "MemoryMax" in done.stdout
    assert supervisor.ctl_json("limits", backend["id"])
    refused = supervisor.ctl("limits", backend["id"], "--set", "MemoryMax=1G")
    assert refused.returncode == 1 and "direct" in refused.stderr and "systemd refused" not in refused.stderr
    wrong = supervisor.ctl("limits", backend["id"], "--set", "MemoryMaxx=1G")
    assert wrong.returncode in (1, 2) and "MemoryMax" in wrong.stderr


def test_logs_are_the_backends_stderr(supervisor, agent, backend):
    agent.tool("stderr", text="a line of its own")
    assert "a line of its own" in supervisor.ctl("logs", backend["id"]).stdout
    agent.tool("stderr", text="many", lines=50)
    assert supervisor.ctl("logs", backend["id"], "-n", "3").stdout.split() == ["many"] * 3


def test_why_explains_a_session(supervisor, agent, backend, repo):
    session = supervisor.session_of(agent)["id"]
    done = supervisor.ctl("why", session)
    assert done.returncode == 0 and repo in done.stdout
    document = supervisor.ctl_json("why", session)
    assert document["session"] == session and "HOME" in document["variables"] and document["same"] is None


def test_release_of_what_nobody_holds_and_hold_twice(supervisor, fake, repo, backend):
    for _ in range(2):
        assert supervisor.ctl("request", "--repo", repo, "--", *fake.command()).returncode == 0
    held = supervisor.backend()
    assert held["id"] == backend["id"] and held["holds"] == 2
    for left in (1, 0):
        assert supervisor.ctl("release", backend["id"]).returncode == 0
        assert supervisor.backend()["holds"] == left


def test_several_backends_are_stopped_in_one_command(supervisor, fake, repo, backend):
    supervisor.agent(fake.command("--tag", "x"), repo).initialize()
    ids = [b["id"] for b in supervisor.backends()]
    assert supervisor.ctl("stop", *ids).returncode == 0
    assert [b["state"] for b in supervisor.backends()] == ["stopped", "stopped"]


def test_drain_takes_no_new_session_and_ends_with_the_last(supervisor, fake, repo, agent):
    assert supervisor.ctl("drain").returncode == 0
    assert supervisor.status()["supervisor"]["draining"] is True
    assert agent.tool("echo", text="still") == "still"
    agent.finish()
    assert supervisor.process.wait(20) == 0
    supervisor.process = None


def test_reload_names_the_files_it_read(supervisor):
    assert "config.toml" in supervisor.ctl("reload").stdout


def test_version_names_the_program(supervisor):
    done = supervisor.ctl("version")
    assert done.returncode == 0 and supervisor.status()["supervisor"]["version"] in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_a_script_that_knows_the_commands(supervisor, shell):
    done = supervisor.ctl("completion", shell)
    assert done.returncode == 0 and "sessions" in done.stdout and "restart" in done.stdout


@pytest.mark.parametrize("arguments, status", [
    (["stop", "nothing"], 3), (["status", "nothing"], 3), (["why", "s999"], 3), (["logs", "nothing"], 3),
    (["call", "nothing", "echo"], 3), (["frobnicate"], 2), (["status", "--frobnicate"], 2), (["stop"], 2),
    (["completion", "tcsh"], 2),
], ids=lambda a: " ".join(a) if isinstance(a, list) else str(a))
def test_exit_statuses_and_errors_on_stderr(supervisor, arguments, status):
    done = supervisor.ctl(*arguments)
    assert done.returncode == status, done
    assert done.stderr.strip() and done.stdout == ""
    if status == 3:
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [["status"], ["list"], ["sessions"], ["stop", "x"], ["reload"]], ids=" ".join)
def test_without_a_supervisor_the_status_is_69(without_supervisor, arguments):
    done = without_supervisor.ctl(*arguments)
    assert done.returncode == 69 and len(done.stderr.strip().splitlines()) == 1
