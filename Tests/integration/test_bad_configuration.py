# SPDX-License-Identifier: Apache-2.0
"""A configuration with a mistake: file, line and the nearest key; and nobody loses anything by it."""
import pathlib
import subprocess

import pytest

from harness.waiting import eventually

TYPOS = [
    ('idle_timeout = "10min"\nidle_timout = "1min"\n', 2, "idle_timeout"),
    ('[defaults]\n\nMemoryMaxx = "1G"\n', 3, "MemoryMax"),
    ('[server.serena]\nidel_timeout = "1min"\n', 2, "idle_timeout"),
    ('[server.serena]\nshare = "everybody"\n', 2, "repo, user, session"),
    ('\nidle_timeout = "soon"\n', 2, "idle_timeout"),
    ('[defaults]\nMemoryMax = "lots"\n', 2, "MemoryMax"),
    ('ignore_env = "HOME"\n', 1, "ignore_env"),
    ('a = "1"\n[defaults\n', 2, ""),
]


@pytest.mark.parametrize("text, line, hint", TYPOS, ids=[t[2] + f" line {t[1]}" for t in TYPOS])
def test_a_typo_is_shown_with_file_line_and_the_nearest_key(start_supervisor, text, line, hint):
    supervisor = start_supervisor(text, run=False)
    program = pathlib.Path(supervisor.front([])[0]).with_name("mcp-supervisor")
    done = subprocess.run([program, "--check-config"], env=supervisor.environment(), capture_output=True, text=True, timeout=20)
    assert done.returncode == 1, done
    [message] = done.stderr.strip().splitlines()
    assert f"config.toml:{line}:" in message and hint in message


def test_a_good_configuration_passes_the_check(start_supervisor):
    supervisor = start_supervisor('idle_timeout = "1h 30s"\n[server.serena.repo."/home/u/x"]\nMemoryMax = "4G"\n', run=False)
    program = pathlib.Path(supervisor.front([])[0]).with_name("mcp-supervisor")
    done = subprocess.run([program, "--check-config"], env=supervisor.environment(), capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and done.stderr == ""


def test_a_bad_reload_leaves_the_running_configuration_in_force(start_supervisor, fake, repo):
    supervisor = start_supervisor('ignore_env = ["MY_PROMPT_*"]\n')
    supervisor.configure('ignore_env = []\nidle_timout = "1s"\n')
    done = supervisor.ctl("reload")
    assert done.returncode == 1 and "config.toml:2:" in done.stderr and "idle_timeout" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for value in "ab":
        supervisor.agent(fake.command(), repo, env={"MY_PROMPT_X": value}).initialize()
    assert len(fake.processes) == 1, "still ignored"
    supervisor.configure("ignore_env = []\n")
    assert supervisor.ctl("reload").returncode == 0
    supervisor.agent(fake.command(), repo, env={"MY_PROMPT_X": "c"}).initialize()
    eventually(lambda: len(fake.processes) == 2, "the new configuration separates")


def test_a_supervisor_with_a_bad_configuration_does_not_keep_agents_from_their_servers(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timout = "1s"\n', run=False)
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    assert agent.tool("echo", text="works") == "works"


@pytest.mark.parametrize("flaw", ["link", "open"])
def test_a_socket_directory_that_could_be_somebody_elses_is_refused(start_supervisor, folder, flaw):
    supervisor = start_supervisor("", run=False)
    program = pathlib.Path(supervisor.front([])[0]).with_name("mcp-supervisor")
    directory, target = pathlib.Path(folder, "chosen"), pathlib.Path(folder, "target")
    target.mkdir(mode=0o700)
    if flaw == "link":
        directory.symlink_to(target)
    else:
        directory.mkdir(mode=0o700)
        directory.chmod(0o750)
    environment = {**supervisor.environment(), "MCP_SUPERVISOR_SOCKET": str(directory / "socket")}
    done = subprocess.run([program, "--foreground", "--launcher", "direct"], env=environment, capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 1 and f"the socket's directory {directory} must be a directory" in done.stderr, done
    assert not list(target.iterdir())
