# SPDX-License-Identifier: Apache-2.0
"""Serena with basedpyright, fixed to its project: ten sessions on one repository, each with a copy, then sharing one."""
import json
import os
import pathlib
import subprocess
import threading
import time

from .client import Client
from .processes import memory, tree
from .supervisor import Supervisor, clean_environment
from .tables import median, number, table

SESSIONS = 10
CALLS = 3
SYMBOLS = ["Flask", "Blueprint", "Config", "url_for", "Scaffold", "App", "jsonify", "render_template", "stream_with_context",
           "SessionInterface"]
FLASK = "flask==3.1.2"
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
project_name: {name}
languages:
- python_basedpyright
encoding: utf-8
"""


class Serena:
    """Serena's own configuration, in a folder that goes away with the caller's."""

    def __init__(self, environments, folder):
        self.programs = pathlib.Path(environments) / "serena" / "bin"
        self.home = pathlib.Path(folder) / "serena"
        self.home.mkdir()
        language_server = self.programs / "basedpyright-langserver"
        (self.home / "serena_config.yml").write_text(CONFIG.format(ls_path=language_server))

    @property
    def environment(self):
        """What every start needs, on top of the usual."""
        return {"SERENA_HOME": str(self.home), "SERENA_USAGE_REPORTING": "false",
                "PATH": f"{self.programs}:{os.environ['PATH']}"}

    def prepare(self, repository):
        """Names the language, so that nobody is asked."""
        settings = pathlib.Path(repository) / ".serena"
        settings.mkdir()
        (settings / "project.yml").write_text(PROJECT.format(name=pathlib.Path(repository).name))

    def command(self, repository):
        return [str(self.programs / "serena"), "start-mcp-server", "--project", str(repository),
                "--context", "claude-code", "--agent-interface", "tools"]


def flask_repository(environments, folder):
    """Flask's source distribution as a git repository, 83 Python files."""
    folder = pathlib.Path(folder)
    python = pathlib.Path(environments) / "uv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, FLASK],
                   check=True)
    archive = next(folder.glob("*.tar.gz"))
    subprocess.run(["tar", "xf", archive, "-C", folder], check=True)
    repository = next(path for path in folder.glob("flask-*") if path.is_dir())
    subprocess.run(["git", "init", "-q", repository], check=True)
    return repository


def measure(targets, environments):
    supervisor = Supervisor()
    try:
        serena = Serena(environments, supervisor.folder)
        repository = flask_repository(environments, supervisor.folder)
        serena.prepare(repository)
        supervisor.environment.update(serena.environment)
        command = serena.command(repository)
        separate = sessions(command, repository, supervisor.environment, targets)
        supervisor.start()
        shared = sessions(supervisor.shim(command), repository, supervisor.environment, targets, [supervisor.pid])
    finally:
        supervisor.dispose()
    show(targets, separate, shared)


def sessions(command, repository, environment, targets, daemons=()):
    """Ten sessions and their calls: start times, latencies, and the memory of everything that then runs."""
    clients, starts, latencies = [], [], []
    try:
        for _ in range(SESSIONS):
            begun = time.monotonic()
            clients.append(Client(command, repository, environment))
            clients[-1].initialize()
            starts.append(time.monotonic() - begun)
        threads = [threading.Thread(target=work, args=(client, k, latencies, targets))
                   for k, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Python's and node's collectors and the kernel settle.
        time.sleep(5)
        sums = memory(tree(*(client.pid for client in clients), *daemons))
        return {"first": starts[0], "later": median(starts[1:]), "p50": median(latencies), "memory": sums}
    finally:
        for client in clients:
            client.close()


def work(client, number, latencies, targets):
    for turn in range(CALLS):
        symbol = SYMBOLS[(number + turn) % len(SYMBOLS)]
        begun = time.monotonic()
        answer = client.call("find_symbol", name_path_pattern=symbol)
        latencies.append(time.monotonic() - begun)
        if symbol not in json.dumps(answer.get("result")):
            targets.wrong_answers += 1


def show(targets, separate, shared):
    rows = [[name, number(run["memory"].pss / 1024, 0), run["memory"].processes, number(run["first"], 2),
             number(run["later"], 3), number(run["p50"] * 1e3, 0)]
            for name, run in ((f"{SESSIONS} separate", separate), ("ours, shared", shared))]
    table(f"Serena, {SESSIONS} sessions on flask, after {CALLS} find_symbol by each",
          ["", "PSS MiB, all", "processes", "first start s", "later starts s", "call p50 ms"], rows)
    print(f"  {separate['memory'].pss / shared['memory'].pss:.1f} times less memory")
    targets.add("Serena, ten sessions, PSS of everything", shared["memory"].pss / 1024, 360, "MiB", 0)
