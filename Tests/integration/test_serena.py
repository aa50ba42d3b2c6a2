# SPDX-License-Identifier: Apache-2.0
"""Serena with basedpyright, fixed to its project: the server this project was made for."""
import os
import pathlib

import pytest

from harness import real

CONFIG = """\
web_dashboard: False
web_dashboard_open_on_launch: False
gui_log_window: False
trusted_project_path_patterns: ["**"]
ls_specific_settings:
  python_basedpyright:
    ls_path: {ls_path}
projects: []
"""
PROJECT = """\
project_name: library
languages:
- python_basedpyright
encoding: utf-8
"""
SOURCE = """\
class Shelf:
    \"\"\"Holds books.\"\"\"

    def place(self, title: str) -> str:
        return title


def open_library() -> Shelf:
    return Shelf()
"""


@pytest.fixture
def serena(program, repo, folder):
    """(command, environment) for a repository with a little Python in it."""
    home = pathlib.Path(folder) / "serena"
    home.mkdir()
    (home / "serena_config.yml").write_text(CONFIG.format(ls_path=program("serena", "basedpyright-langserver")))
    (pathlib.Path(repo) / ".serena").mkdir()
    (pathlib.Path(repo) / ".serena" / "project.yml").write_text(PROJECT)
    (pathlib.Path(repo) / "library.py").write_text(SOURCE)
    command = [program("serena", "serena"), "start-mcp-server", "--project", repo, "--context", "claude-code",
               "--agent-interface", "tools"]
    path = os.path.dirname(program("serena")) + ":" + os.environ["PATH"]
    return command, {"SERENA_HOME": str(home), "SERENA_USAGE_REPORTING": "false", "PATH": path}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", real.KINDS)
def test_serena_finds_a_symbol_for_a_real_client(host, repo, serena, program, kind):
    command, env = serena
    [report] = real.run(host, program(real.KINDS[kind]), kind, [(command, "find_symbol", {"name_path_pattern": "Shelf"})], repo, env)
    assert "find_symbol" in report["tools"] and "activate_project" not in report["tools"]
    assert "Shelf" in report["text"] and "library.py" in report["text"]


@pytest.mark.timeout(240)
def test_four_sessions_share_one_serena(supervisor, repo, serena):
    command, env = serena
    agents = [supervisor.agent(command, repo, env=env) for _ in range(4)]
    for agent in agents:
        agent.initialize(timeout=60)
    for agent, symbol in zip(agents, ["Shelf", "open_library", "Shelf/place", "Nothing"]):
        agent.call("find_symbol", id=1, name_path_pattern=symbol)
    texts = [agent.text(1, timeout=120) for agent in agents]
    for text, symbol in zip(texts, ["Shelf", "open_library", "place"]):
        assert symbol in text
    assert "library.py" not in texts[3]
    backend = supervisor.backend()
    assert backend["sessions"] == 4 and backend["memory"]["pss_bytes"] > 0
