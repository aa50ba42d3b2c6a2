# SPDX-License-Identifier: Apache-2.0
"""The words of revision 2026-07-28, for agents that speak it in raw NDJSON."""
PREFIX = "io.modelcontextprotocol/"
REVISION = "2026-07-28"


def stateless(params=None, capabilities=None, name="agent"):
    """Parameters of a request that says for itself who asks."""
    meta = {f"{PREFIX}protocolVersion": REVISION, f"{PREFIX}clientCapabilities": capabilities or {},
            f"{PREFIX}clientInfo": {"name": name, "version": "1"}}
    return {**(params or {}), "_meta": meta}
