# SPDX-License-Identifier: Apache-2.0
"""mcpctl request: the very backend that a session in the same place would have."""
import os
import shlex

import pytest

from harness.control import INTERFACE


def requested(supervisor, cwd, *arguments, **env):
    """The backend that was held for a moment; there must be no other."""
    done = supervisor.ctl("request", *arguments, cwd=cwd, env=env)
    assert done.returncode == 0, done
    backend = supervisor.backend()
    assert backend["holds"] == 1
    assert supervisor.ctl("release", backend["id"]).returncode == 0
    return backend


def attached(supervisor, command, cwd, options=(), **env):
    supervisor.agent(command, cwd, options, env=env).initialize()


def test_in_a_directory_below_a_relative_command_is_found(supervisor, fake, repo):
    below = os.path.join(repo, "below")
    os.mkdir(below)
    script = os.path.join(below, "server")
    with open(script, "w") as file:
        file.write(f"#!/bin/sh\nexec {shlex.join(fake.command())}\n")
    os.chmod(script, 0o755)
    attached(supervisor, ["./server"], below)
    assert requested(supervisor, below, "--", "./server")["repo"] == repo


def test_the_projects_directory_counts_before_the_working_directory(supervisor, fake, repo, git_repo):
    other = git_repo("other")
    attached(supervisor, fake.command(), other, CLAUDE_PROJECT_DIR=repo)
    assert requested(supervisor, other, "--", *fake.command(), CLAUDE_PROJECT_DIR=repo)["repo"] == repo


@pytest.mark.parametrize("options", [["--repo", "REPO"], ["--share", "user"], ["--share", "user", "--repo", "REPO"]])
def test_options_mean_what_they_mean_to_a_session(supervisor, fake, repo, git_repo, options):
    options = [repo if option == "REPO" else option for option in options]
    other = git_repo("other")
    attached(supervisor, fake.command("--tag", "{repo}"), other, options)
    requested(supervisor, other, *options, "--", *fake.command("--tag", "{repo}"))


def test_outside_a_repository_it_is_the_directory_itself(supervisor, fake, folder):
    plain = os.path.join(folder, "plain")
    os.mkdir(plain)
    assert requested(supervisor, plain, "--", *fake.command())["repo"] == plain


@pytest.mark.parametrize("cwd", ["relative", "/no/such/place", ""])
def test_a_working_directory_that_is_none_is_refused(supervisor, repo, cwd):
    with supervisor.control() as control:
        reply = control.call("Request", {"argv": ["true"], "environment": [], "repo": repo, "cwd": cwd})
    assert reply["error"] == f"{INTERFACE}.InvalidParameter" and reply["parameters"]["parameter"] == "cwd", reply
