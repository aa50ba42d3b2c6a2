# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that runs the SDK's own interaction suite through a process, unchanged: where its tests would connect
in memory, the client starts a command, and the server of the test is at the other end of it.

SUITE_LEG says what the command is:
    relay    the bridge alone
    private  the shim, which shares with nobody
    shared   the shim, and another session is busy on the same backend (`neighbour.py`)
    lane     the same, and each tool is one of `interactive_tools`
    nothing  /bin/false
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from functools import partial

import anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client
from mcp_types.version import LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "integration"))

from harness.supervisor import Supervisor  # noqa: E402
from neighbour import neighbour  # noqa: E402
from server_end import ServerEnd  # noqa: E402

LEG = os.environ["SUITE_LEG"]
# The server's name says what is configured for it.
CONFIGURATION = """
[server.modern]
era = "modern"
[server.lane]
interactive_tools = ["*"]
[server.modern-lane]
era = "modern"
interactive_tools = ["*"]
"""


class Run:
    """What all tests of one pytest process use."""

    folder = None
    supervisor = None


def pytest_sessionstart(session):
    Run.folder = tempfile.mkdtemp(prefix="mcp-")
    if LEG in ("private", "shared", "lane"):
        # Sessions belong to a repository.
        subprocess.run(["git", "init", "-q", Run.folder], check=True)
        Run.supervisor = Supervisor(f"{Run.folder}/host", CONFIGURATION).start()


def pytest_sessionfinish(session):
    try:
        if Run.supervisor is not None:
            Run.supervisor.dispose()
    finally:
        shutil.rmtree(Run.folder, ignore_errors=True)


def pytest_collection_modifyitems(session, config, items):
    from tests.interaction import conftest

    conftest._FACTORIES["in-memory"] = connect


def command(path, is_modern):
    """What the client starts as its server."""
    bridge = [os.path.realpath(sys.executable), "-I", "-S", str(HERE / "bridge.py"), path]
    if LEG == "nothing":
        return ["/bin/false"]
    if LEG == "relay":
        return bridge
    name = "-".join((["modern"] if is_modern else []) + (["lane"] if LEG == "lane" else []))
    options = [*(["--name", name] if name else []), *(["--share", "session"] if LEG == "private" else [])]
    return Run.supervisor.front(bridge, options)


@contextlib.asynccontextmanager
async def connect(server, *, spec_version=LATEST_HANDSHAKE_VERSION, **options):
    """In place of the suite's own in-memory connection."""
    is_modern = spec_version in MODERN_PROTOCOL_VERSIONS
    # The client adds these by itself; a neighbour without them would be one of another server.
    environment = get_default_environment() | (Run.supervisor.environment() if Run.supervisor else dict(os.environ))
    with tempfile.TemporaryDirectory(prefix="mcp-", dir=Run.folder) as folder:
        words = command(f"{folder}/s", is_modern)
        async with (
            await anyio.create_unix_listener(f"{folder}/s") as listener,
            anyio.create_task_group() as tasks,
        ):
            processes = []
            tasks.start_soon(listener.serve, partial(serve, server, processes))
            beside = (neighbour(words, environment, folder, overlaps=LEG == "shared")
                      if LEG in ("shared", "lane") else contextlib.nullcontext())
            parameters = StdioServerParameters(command=words[0], args=words[1:], env=environment, cwd=folder)
            mode = spec_version if is_modern else "legacy"
            async with beside, Client(stdio_client(parameters), mode=mode, **options) as client:
                yield client
            assert len(processes) == 1, f"{len(processes)} processes of the backend"
            tasks.cancel_scope.cancel()


async def serve(server, processes, connection):
    processes.append(connection)
    await ServerEnd(connection, overlaps=LEG == "shared").run(server)
