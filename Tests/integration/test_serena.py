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


def make_project(path, name, source):
    folder = pathlib.Path(path) / ".serena"
    folder.mkdir(parents=True)
    (folder / "project.yml").write_text(PROJECT.replace("library", name))
    (pathlib.Path(path) / f"{name}.py").write_text(source)


@pytest.fixture
def serena(program, repo, folder):
    """(command, environment) for a repository with a little Python in it."""
    home = pathlib.Path(folder) / "serena"
    home.mkdir()
    (home / "serena_config.yml").write_text(CONFIG.format(ls_path=program("serena", "basedpyright-langserver")))
    make_project(repo, "library", SOURCE)
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("project", ["fixed", "none"])
def test_one_session_takes_another_project_and_the_other_keeps_its_own(supervisor, repo, serena, folder, project):
    command, env = serena
    mosaic = os.path.join(folder, "mosaic")
    make_project(mosaic, "mosaic", SOURCE.replace("Shelf", "Tile"))
    # This context has activate_project.
    command = ["codex" if word == "claude-code" else word for word in command]
    if project == "none":
        place = command.index("--project")
        del command[place : place + 2]
    one, other = (supervisor.agent(command, repo, env=env) for _ in range(2))
    for agent in (one, other):
        agent.initialize(timeout=60)
    tools = {tool["name"] for tool in one.rpc("tools/list", timeout=60)["tools"]}
    assert "activate_project" in tools
    activate = {"session": "s", "timeout": 120}
    assert "library" in one.tool("activate_project", project=repo + "/", **activate)
    assert "Shelf" in other.tool("find_symbol", name_path_pattern="Shelf", timeout=120)
    assert len(supervisor.backends()) == 1, "its own repository is everybody's project"
    text = one.tool("activate_project", project=mosaic, **activate)
    assert "mosaic" in text, text
    for agent, own, foreign in ((one, "Tile", "Shelf"), (other, "Shelf", "Tile"), (one, "Tile", "Shelf")):
        assert own in agent.tool("find_symbol", name_path_pattern=own, timeout=120)
        assert foreign not in agent.tool("find_symbol", name_path_pattern=foreign, timeout=120)
    assert sorted(b["sessions"] for b in supervisor.backends()) == [1, 1]
    key = supervisor.ctl_json("why", supervisor.session_of(other)["id"])["key"]
    assert key["private_tools"].endswith("built in for serena")
