# SPDX-License-Identifier: Apache-2.0
"""Fixtures. MCP_BIN: where the programs are (.build/debug). MCP_DIRECT=1: no shim and no supervisor, the bare server;
tests that need more than one session on a backend are skipped then."""
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import environment  # noqa: E402
from harness.backend import FakeBackend  # noqa: E402
from harness.supervisor import BINARIES, Direct, Supervisor  # noqa: E402

IS_DIRECT = os.environ.get("MCP_DIRECT") == "1"
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]


def pytest_configure(config):
    config.addinivalue_line("markers", "serena: needs the big Serena environment")
    if not IS_DIRECT and not (BINARIES / "mcp-supervisor").exists():
        raise pytest.UsageError(f"no programs in {BINARIES}: build them first, or set MCP_BIN, or MCP_DIRECT=1")


@pytest.fixture
def folder():
    """A folder with a path short enough for sockets in it."""
    path = tempfile.mkdtemp(prefix="mcp-")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def fake(folder):
    """The fake backend."""
    backend = FakeBackend(folder)
    yield backend
    backend.close()


@pytest.fixture
def start_supervisor(folder, fake):
    """A function that starts a supervisor with the given configuration; it ends, and is examined, after the test."""
    if IS_DIRECT:
        pytest.skip("needs a supervisor")
    started = []

    def start(config="", run=True, **environment):
        supervisor = Supervisor(f"{folder}/host{len(started)}", config)
        started.append(supervisor)
        return supervisor.start(**environment) if run else supervisor

    yield start
    for supervisor in started:
        supervisor.dispose()


@pytest.fixture
def supervisor(start_supervisor):
    """A running supervisor with the default configuration."""
    return start_supervisor()


@pytest.fixture
def without_supervisor(start_supervisor):
    """No supervisor runs: the first shim starts one."""
    return start_supervisor(run=False)


@pytest.fixture
def host(request, folder, fake):
    """Where one session is enough: the supervisor, or with MCP_DIRECT=1 the bare server."""
    if not IS_DIRECT:
        yield request.getfixturevalue("supervisor")
        return
    direct = Direct(f"{folder}/host")
    yield direct
    direct.dispose()


@pytest.fixture
def git_repo(folder):
    """A function that makes a repository with one commit and returns its path."""
    def make(name="library"):
        path = os.path.join(folder, name)
        os.mkdir(path)
        with open(os.path.join(path, "README"), "w") as readme:
            readme.write(f"{name}\n")
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            subprocess.run([*GIT, *command], cwd=path, check=True)
        return path
    return make


@pytest.fixture
def worktree(folder):
    """A function that adds a linked worktree to a repository and returns its path."""
    def make(repo, name="branch"):
        path = os.path.join(folder, name)
        subprocess.run([*GIT, "worktree", "add", "-q", "-b", name, path], cwd=repo, check=True)
        return path
    return make


@pytest.fixture
def repo(git_repo):
    """One repository."""
    return git_repo()


@pytest.fixture(scope="session")
def program():
    """A function that gives the path of a program in one of the pinned environments."""
    def path(name, executable="python"):
        version, _ = environment.interpreter()
        if not environment.is_current(name, version):
            pytest.fail(f"environment {name} is missing or old: run Tests/integration/environment.py {name}")
        return str(environment.ROOT / name / "bin" / executable)
    return path
