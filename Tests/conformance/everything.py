# SPDX-License-Identifier: Apache-2.0
"""The official server that does everything, on stdin and stdout, and a tool that says that its resource changed.

usage: everything.py SOURCE         SOURCE: the unpacked source distribution of `mcp`
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "examples" / "servers" / "everything-server"))

from mcp.server.mcpserver import Context  # noqa: E402
from mcp_everything_server.server import mcp, resource_subscriptions  # noqa: E402

WATCHED = "test://watched-resource"


@mcp.tool()
async def touch_watched_resource(ctx: Context) -> list[str]:
    """Tells subscribers of either era, and answers with what is subscribed to by the handshake era's."""
    await ctx.notify_resource_updated(WATCHED)
    if WATCHED in resource_subscriptions:
        await ctx.session.send_resource_updated(WATCHED)
    return sorted(resource_subscriptions)


mcp.run()
