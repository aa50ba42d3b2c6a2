# SPDX-License-Identifier: Apache-2.0
"""Real clients of both eras find, describe and call tools of real servers through the meta-tools."""
import json
import os
import pathlib
import subprocess

import pytest

from harness import real
from test_serena import serena  # noqa: F401, a fixture

SCRIPT = pathlib.Path(__file__).resolve().parent / "clients" / "meta_client.py"


def git(program, repo, folder):
    return {"command": [program("servers", "mcp-server-git"), "--repository", repo], "query": "history of commits",
            "tool": "git_log", "arguments": {"repo_path": repo}}, "first"


def time(program, repo, folder):
    return {"command": [program("servers", "mcp-server-time"), "--local-timezone", "UTC"],
            "query": "the same moment in another time zone", "tool": "convert_time",
            "arguments": {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}}, "21:00"


def sqlite(program, repo, folder):
    return {"command": [program("sqlite", "mcp-server-sqlite"), "--db-path", os.path.join(folder, "x.db")],
            "query": "run a SELECT statement", "tool": "read_query",
            "arguments": {"query": "SELECT 6 * 7 AS answer"}}, "42"


def converse(host, program, kind, wanted, repo, timeout=120, options=("--meta-tools",), env=None):
    """What the client reports of one session."""
    python = program(kind.split("_")[0])
    wanted = {**wanted, "command": host.front(wanted["command"], options)}
    done = subprocess.run([python, str(SCRIPT), kind, json.dumps(wanted)], cwd=repo, capture_output=True, text=True,
                          env=host.environment(**real.QUIET, **(env or {})), timeout=timeout)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["sdk1", "sdk2", "sdk2_legacy"])
@pytest.mark.parametrize("server", [git, time, sqlite], ids=lambda s: s.__name__)
def test_find_describe_call(supervisor, program, repo, folder, server, kind):
    wanted, expected = server(program, repo, folder)
    report = converse(supervisor, program, kind, wanted, repo)
    assert report["listed"] == ["find_tool", "describe_tool", "call_tool"]
    assert wanted["tool"] in report["found"], report["lines"]
    assert report["described"] == wanted["tool"] and expected in report["text"]
    assert "find_tool" in report["instructions"]


@pytest.mark.timeout(300)
def test_auto_hides_serena_and_calls_its_tools(supervisor, program, repo, serena):
    command, environment = serena
    wanted = {"command": command, "query": "find where a class is defined", "tool": "find_symbol",
              "arguments": {"name_path_pattern": "Shelf"}}
    report = converse(supervisor, program, "sdk1", wanted, repo, 250, ["--meta-tools=auto"], environment)
    assert report["listed"] == ["find_tool", "describe_tool", "call_tool"]
    assert "find_symbol" in report["found"], report["lines"]
    assert "library.py" in report["text"] and len(report["instructions"].encode()) <= 2048
