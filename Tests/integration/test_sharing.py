# SPDX-License-Identifier: Apache-2.0
"""Who shares a backend with whom, and what `mcpctl why` says about it."""
import json
import os
import subprocess

import pytest

from harness import processes
from harness.supervisor import BINARIES
from harness.waiting import eventually


def ready(agents):
    for agent in agents:
        agent.initialize()
    return agents


def backend_of(agent):
    """The pid of the process that serves this agent."""
    return json.loads(agent.tool("whoami"))["pid"]


def test_ten_sessions_on_one_repository_have_one_backend(supervisor, fake, repo):
    agents = ready([supervisor.agent(fake.command(), repo) for _ in range(10)])
    assert {backend_of(agent) for agent in agents} == {fake.only().pid}
    assert [p.pid for p in processes.children(supervisor.pid)] == [fake.only().pid]
    status = supervisor.ctl_json("status")
    [backend] = status["backends"]
    assert (backend["sessions"], backend["pid"], backend["repo"]) == (10, fake.only().pid, repo)
    assert (backend["state"], backend["generation"], backend["share"]) == ("ready", 1, "repo")
    assert {s["backend"] for s in status["sessions"]} == {backend["id"]} and len(status["sessions"]) == 10
    assert status["savings"]["unshared_bytes"] > status["savings"]["shared_bytes"] > 0
    assert len(fake.only().received("initialize")) == 1


def test_a_subfolder_is_the_same_repository(supervisor, fake, repo):
    below = os.path.join(repo, "a", "b")
    os.makedirs(below)
    ready([supervisor.agent(fake.command(), where) for where in (repo, below)])
    assert fake.only() and supervisor.backend()["repo"] == repo


def test_the_backend_runs_in_the_repository(supervisor, fake, repo):
    below = os.path.join(repo, "below")
    os.mkdir(below)
    [agent] = ready([supervisor.agent(fake.command(), below)])
    assert json.loads(agent.tool("whoami"))["cwd"] == repo


def test_two_repositories_have_two_backends(supervisor, fake, git_repo):
    one, two = git_repo("one"), git_repo("two")
    a, b = ready([supervisor.agent(fake.command(), where) for where in (one, two)])
    assert backend_of(a) != backend_of(b)
    assert sorted(b["repo"] for b in supervisor.backends()) == [one, two]


def test_a_linked_worktree_has_a_backend_of_its_own(supervisor, fake, repo, worktree):
    branch = worktree(repo)
    a, b = ready([supervisor.agent(fake.command(), where) for where in (repo, branch)])
    assert backend_of(a) != backend_of(b)
    assert sorted(b["repo"] for b in supervisor.backends()) == sorted([repo, branch])


def test_different_command_lines_do_not_share(supervisor, fake, repo):
    a, b = ready([supervisor.agent(fake.command("--tag", tag), repo) for tag in "ab"])
    assert backend_of(a) != backend_of(b)


def test_different_credentials_do_not_share_and_why_names_the_variable_only(supervisor, fake, repo):
    secrets = ("hunter2-alpha", "hunter2-beta")
    a, b = ready([supervisor.agent(fake.command(), repo, env={"FAKE_TOKEN": secret}) for secret in secrets])
    assert [json.loads(agent.tool("env", name="FAKE_TOKEN")) for agent in (a, b)] == list(secrets)
    assert len(fake.processes) == 2
    ids = [supervisor.session_of(agent)["id"] for agent in (a, b)]
    text, document = supervisor.ctl("why", *ids), supervisor.ctl_json("why", *ids)
    assert text.returncode == 0 and "FAKE_TOKEN" in text.stdout
    assert document["same"] is False and any("FAKE_TOKEN" in d for d in document["differs"])
    for output in (text.stdout, text.stderr, json.dumps(document), json.dumps(supervisor.status())):
        assert "hunter2" not in output


def test_no_environment_value_is_written_to_disk(supervisor, fake, repo):
    ready([supervisor.agent(fake.command(), repo, env={"FAKE_TOKEN": "hunter2-disk"})])[0].tool("echo", text="x")
    for base in ("state", "runtime", "config"):
        for where, _, names in os.walk(supervisor.folder / base):
            for name in names:
                path = os.path.join(where, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        assert b"hunter2" not in file.read(), path


@pytest.mark.parametrize("name", [
    "TERM", "TERM_PROGRAM", "COLORTERM", "SHLVL", "PWD", "OLDPWD", "SSH_TTY", "SSH_CONNECTION", "TMUX", "TMUX_PANE",
    "CLAUDE_CODE_SESSION_ID", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "WINDOWID", "INVOCATION_ID", "JOURNAL_STREAM"])
def test_a_variable_that_says_nothing_about_the_server_does_not_split(supervisor, fake, repo, name):
    a, b = ready([supervisor.agent(fake.command(), repo, env={name: value}) for value in ("one", "two")])
    assert backend_of(a) == backend_of(b)
    ids = [supervisor.session_of(agent)["id"] for agent in (a, b)]
    assert supervisor.ctl_json("why", *ids)["same"] is True


def test_the_configuration_can_ignore_more_variables(start_supervisor, fake, repo):
    supervisor = start_supervisor('ignore_env = ["MY_PROMPT_*"]\n')
    a, b = ready([supervisor.agent(fake.command(), repo, env={"MY_PROMPT_X": value}) for value in "ab"])
    assert backend_of(a) == backend_of(b)


def test_the_backend_gets_no_descriptor_and_no_variable_of_the_supervisor(start_supervisor, fake, repo):
    supervisor = start_supervisor()
    [agent] = ready([supervisor.agent(fake.command(), repo)])
    pid = backend_of(agent)
    assert not {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(
        fake.only().facts["environment"])
    held = processes.descriptors(pid)
    assert set(held) - {0, 1, 2} == {fd for fd, what in held.items() if fd > 2 and what.startswith("socket:")}
    assert len(set(held) - {0, 1, 2}) == 1, "the record's socket only"


def test_share_user_is_one_for_all_repositories(supervisor, fake, git_repo):
    a, b = ready([supervisor.agent(fake.command(), git_repo(n), options=["--share", "user"]) for n in ("one", "two")])
    assert backend_of(a) == backend_of(b) and supervisor.backend()["share"] == "user"


def test_share_session_is_one_for_each(supervisor, fake, repo):
    a, b = ready([supervisor.agent(fake.command(), repo, options=["--share", "session"]) for _ in range(2)])
    assert backend_of(a) != backend_of(b)
    a.finish()
    fake.wait_ended(next(p for p in fake.processes if p.pid != backend_of(b)))


def test_a_session_s_own_server_ends_with_it_though_somebody_calls_it(supervisor, fake, repo):
    [agent] = ready([supervisor.agent(fake.command(), repo, options=["--share", "session"])])
    call = subprocess.Popen(
        [BINARIES / "mcpctl", "call", supervisor.backend()["id"], "swallow"], env=supervisor.environment(), cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process = fake.only()
    fake.wait_call("swallow")
    agent.finish()
    assert b"has ended" in call.communicate(timeout=20)[0] and call.returncode != 0
    fake.wait_ended(process)


def test_a_name_is_shown_and_kept_apart(supervisor, fake, repo):
    ready([supervisor.agent(fake.command(), repo, options=["--name", name]) for name in ("books", "films")])
    assert sorted(b["server"] for b in supervisor.backends()) == ["books", "films"]
    assert all(b["id"].startswith(b["server"]) for b in supervisor.backends())


def test_repo_option_and_project_variable_name_the_repository(supervisor, fake, git_repo, folder):
    one, two, elsewhere = git_repo("one"), git_repo("two"), os.path.join(folder, "elsewhere")
    os.mkdir(elsewhere)
    ready([supervisor.agent(fake.command(), elsewhere, options=["--repo", one]),
           supervisor.agent(fake.command(), elsewhere, env={"CLAUDE_PROJECT_DIR": two})])
    assert sorted(b["repo"] for b in supervisor.backends()) == [one, two]


def test_an_unexpanded_variable_is_refused_with_the_reason(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo, options=["--repo", "${workspaceFolder}"])
    request = agent.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                           "clientInfo": {"name": "a", "version": "1"}})
    agent.answer(request)
    assert "${" in agent.stderr() or "${" in json.dumps(agent.seen)


def test_a_configured_server_needs_its_name_only(start_supervisor, fake, repo):
    command = json.dumps([*fake.command("--tag"), "{repo}"])
    supervisor = start_supervisor(f"[server.library]\ncommand = {command}\n")
    agent = supervisor.agent([], repo, options=["library"])
    agent.initialize()
    assert json.loads(agent.tool("whoami"))["argv"][-1] == repo
    assert supervisor.backend()["server"] == "library"


def test_the_last_reference_gone_means_idle(supervisor, fake, repo):
    [agent] = ready([supervisor.agent(fake.command(), repo)])
    agent.finish()
    backend = supervisor.wait_state("idle")
    assert backend["idle_since"] and backend["sessions"] == 0
    eventually(lambda: supervisor.sessions() == [], "no session")


def test_an_agent_that_closes_its_files_to_others_gets_a_server_that_does(supervisor, fake, repo):
    before = os.umask(0o077)
    try:
        closed = supervisor.agent(fake.command(), repo)
    finally:
        os.umask(before)
    ready([closed, supervisor.agent(fake.command(), repo)])
    masks = [line.split()[1] for agent in supervisor.agents
             for line in open(f"/proc/{backend_of(agent)}/status").read().splitlines() if line.startswith("Umask:")]
    assert masks == ["0077", f"{before:04o}"]
    sessions = [supervisor.session_of(agent)["id"] for agent in supervisor.agents]
    why = supervisor.ctl("why", *sessions)
    assert "umask" in why.stdout, why


def test_a_session_of_its_own_needs_no_repository_and_meets_its_own_server(supervisor, fake, tmp_path):
    where = tmp_path / "no-repository"
    where.mkdir()
    agent = supervisor.agent(fake.command(), where, options=["--share", "session"])
    agent.initialize(capabilities={"sampling": {}, "elicitation": {}})
    assert json.loads(agent.tool("whoami"))["cwd"] == str(where)
    [handshake] = fake.only().received("initialize")
    assert handshake["params"]["capabilities"] == {"sampling": {}, "elicitation": {}}
    asked = agent.call("ask", method="sampling/createMessage", params={"maxTokens": 7})
    question = agent.until(lambda m: m.get("method") == "sampling/createMessage")
    agent.send({"jsonrpc": "2.0", "id": question["id"], "result": {"role": "assistant"}})
    assert "assistant" in agent.text(asked)
