# SPDX-License-Identifier: Apache-2.0
"""What of a session's environment reaches its backend, and what never does: allowed is what the key is made of."""
import json
import pathlib

# Of each group of the built-in list, what would do harm or differs by accident: the mark of another session, the
# terminal of one agent, what the service manager means for its own service.
NEVER = {
    "CLAUDE_CODE_SESSION_ID": "s", "CODEX_THREAD_ID": "t", "TERM": "xterm", "TERM_PROGRAM": "x", "TMUX": "/t",
    "SSH_AUTH_SOCK": "/s", "NOTIFY_SOCKET": "/n", "LISTEN_FDS": "1", "LISTEN_PID": "1",
    "WATCHDOG_USEC": "1", "INVOCATION_ID": "i", "JOURNAL_STREAM": "8:1", "CREDENTIALS_DIRECTORY": "/c", "SHLVL": "9",
    "OLDPWD": "/o", "TRACEPARENT": "00-1",
}
# A headed browser wants the display, a server that runs commands the user's shell: without us they would be there.
ALWAYS = {
    "API_KEY": "k", "HTTPS_PROXY": "http://p", "PYTHONPATH": "/p", "EMPTY": "", "LANG": "de_DE.UTF-8", "Käse": "ä\n=",
    "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "XAUTHORITY": "/x", "SHELL": "/bin/zsh", "LOGNAME": "me",
}


def of_process(pid):
    entries = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.split(b"=", 1) for entry in entries if entry)


def test_a_backend_gets_what_the_key_is_made_of_and_nothing_else(start_supervisor, fake, repo):
    supervisor = start_supervisor(SUPERVISORS_OWN="secret")
    agent = supervisor.agent(fake.command(), repo, env=NEVER | ALWAYS)
    agent.initialize()
    agent.tool("echo", text="up")
    backend = supervisor.backend()
    got = of_process(backend["pid"])
    for name, value in ALWAYS.items():
        assert got.get(name.encode()) == value.encode(), name
    assert {name for name in NEVER if name.encode() in got} == set()
    assert b"SUPERVISORS_OWN" not in got, "the daemon's own environment is nobody's"
    sent = {name.encode() for name in supervisor.environment(**ALWAYS)}
    # Our mark by which its processes are found, and the repository for servers that look for it.
    assert set(got) - sent == {b"MCP_SUPERVISOR_BACKEND", b"CLAUDE_PROJECT_DIR"}
    assert got[b"CLAUDE_PROJECT_DIR"].decode() == backend["repo"]


def test_why_tells_the_same_by_name_alone(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo, env=NEVER | ALWAYS)
    agent.initialize()
    reply = supervisor.ctl_json("why", supervisor.session_of(agent)["id"])
    assert set(ALWAYS) <= set(reply["variables"]) and set(NEVER) <= set(reply["ignored"])
    assert not set(reply["variables"]) & set(reply["ignored"])
    assert "http://p" not in json.dumps(reply)


def test_what_the_user_ignores_is_not_handed_over_either(start_supervisor, fake, repo):
    supervisor = start_supervisor('ignore_env = ["MY_PROMPT_*"]\n')
    agent = supervisor.agent(fake.command(), repo, env={"MY_PROMPT_GIT": "x", "MY_OTHER": "y"})
    agent.initialize()
    agent.tool("echo", text="up")
    got = of_process(supervisor.backend()["pid"])
    assert b"MY_PROMPT_GIT" not in got and got[b"MY_OTHER"] == b"y"


def test_an_allow_rule_says_what_separates_and_what_is_handed_over(start_supervisor, fake, repo):
    supervisor = start_supervisor('[server.fake]\nPassEnvironment = ["API_KEY", "FAKE_*", "SSH_AUTH_SOCK"]\n')
    given = {"API_KEY": "k", "FAKE_MODE": "m", "SSH_AUTH_SOCK": "/s", "LC_ALL": "C", "NOTIFY_SOCKET": "/n"}
    agents = [
        supervisor.agent(fake.command(), repo, options=["--name", "fake"], env=given | more)
        for more in ({"NEW_AGENTS_SESSION": "1"}, {"NEW_AGENTS_SESSION": "2", "TERM": "x"}, {"API_KEY": "other"})
    ]
    for agent in agents:
        agent.initialize()
        agent.tool("echo", text="up")
    backends = supervisor.ctl_json("status")["backends"]
    assert sorted(backend["sessions"] for backend in backends) == [1, 2]
    got = of_process(next(backend["pid"] for backend in backends if backend["sessions"] == 2))
    assert {name: got.get(name.encode(), b"").decode() for name in given if name != "NOTIFY_SOCKET"} == {
        name: value for name, value in given.items() if name != "NOTIFY_SOCKET"}
    assert {b"NEW_AGENTS_SESSION", b"TERM", b"NOTIFY_SOCKET"} & set(got) == set()
    assert {b"HOME", b"PATH"} <= set(got), "what every program needs passes anyway"


def test_a_second_session_does_not_change_what_the_first_has_brought(supervisor, fake, repo):
    first, second = (
        supervisor.agent(fake.command(), repo, env={"API_KEY": "k", "TERM": term}) for term in ("a", "b"))
    first.initialize()
    first.tool("echo", text="up")
    before = of_process(supervisor.backend()["pid"])
    second.initialize()
    second.tool("echo", text="up")
    assert of_process(supervisor.backend()["pid"]) == before
