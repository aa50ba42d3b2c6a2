# SPDX-License-Identifier: Apache-2.0
"""Runs a real client, in its own environment, against commands."""
import json
import pathlib
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "clients" / "real_client.py"
# Each client, and its environment.
KINDS = {"sdk1": "sdk1", "sdk2": "sdk2", "sdk2_legacy": "sdk2", "fastmcp": "fastmcp", "openai": "openai",
         "pydantic": "pydantic", "langchain": "langchain", "mcpuse": "mcpuse"}
QUIET = {"MCP_USE_ANONYMIZED_TELEMETRY": "false", "FASTMCP_CHECK_FOR_UPDATES": "off", "DO_NOT_TRACK": "1"}


def start(host, python, kind, sessions, cwd, env=None):
    """The client as a running process; `sessions` are (command, tool, arguments). `reports` waits for it."""
    wanted = [{"command": host.front(c), "tool": t, "arguments": a} for c, t, a in sessions]
    return subprocess.Popen([python, str(SCRIPT), kind, json.dumps(wanted)], cwd=cwd,
                            env=host.environment(**QUIET, **(env or {})), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def reports(client, timeout):
    """The client's reports, one a session: version, tools, text. Its failure is the test's."""
    out, errors = client.communicate(timeout=timeout)
    assert client.returncode == 0, errors[-3000:]
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def run(host, python, kind, sessions, cwd, env=None, timeout=120):
    return reports(start(host, python, kind, sessions, cwd, env), timeout)
