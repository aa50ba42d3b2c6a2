# SPDX-License-Identifier: Apache-2.0
"""The official server that does everything, on stdin and stdout.

usage: everything.py SOURCE         SOURCE: the unpacked source distribution of `mcp`
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "examples" / "servers" / "everything-server"))

from mcp_everything_server.server import mcp  # noqa: E402

mcp.run()
