# SPDX-License-Identifier: Apache-2.0
"""Answers with the members of interface.md, in its order."""

import copy
from datetime import datetime, timedelta, timezone


def ago(seconds):
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


LIMITS = {"MemoryHigh": None, "MemoryMax": 1073741824, "MemorySwapMax": None, "TasksMax": 512, "CPUWeight": None}

BACKEND = {
    "id": "serena-library-1f3a", "server": "serena", "repo": "/home/u/library", "share": "repo", "state": "ready",
    "unit": "app-mcp-serena.library_1f3a90c2-k7.scope", "pid": 4242, "generation": 2, "era": "legacy", "sessions": 3,
    "holds": 0, "in_flight": 1, "restarts": 1,
    "memory": {"current_bytes": 266442342, "peak_bytes": 314572800, "pss_bytes": 251658240},
    "limits": LIMITS, "started_at": ago(192), "idle_since": None, "last_exit": None,
}

FAILED = {
    **BACKEND, "id": "mosaic-77b0", "state": "failed", "unit": None, "pid": None, "sessions": 0, "started_at": None,
    "memory": {"current_bytes": None, "peak_bytes": None, "pss_bytes": None},
    "last_exit": {"reason": "oom", "status": 9, "at": ago(7200), "stderr_tail": ["loading", "\x1b[31mred\x1b[0m"]},
}

SESSION = {
    "id": "s7", "pid": 77, "client": {"name": "claude-code", "version": "2.1"}, "protocol": "2025-11-25",
    "cwd": "/home/u/library/src", "repo": "/home/u/library", "server": "serena", "backend": "serena-library-1f3a",
    "in_flight": 1, "meta_tools": False, "attached_at": ago(7500),
}

STATUS = {
    "supervisor": {
        "version": "0.1.0", "pid": 99, "uptime_s": 93784.5, "launcher": "systemd", "memory": {"pss_bytes": 8493465},
        "cgroup": "v2", "limits": {**LIMITS, "MemoryMax": -1, "TasksMax": None}, "limits_enforced": True,
        "draining": False, "pressure_sources": ["memory.events"],
        "search": {"stage": "table", "engine": None, "problem": None}, "warnings": [],
    },
    "backends": [BACKEND, FAILED],
    "sessions": [SESSION],
    "savings": {"unshared_bytes": 754974720, "shared_bytes": 260046848, "method": "PSS of each backend"},
}

# The first interface: what came later is not in it, and an older supervisor does not send it.
FIRST_STATUS = {
    "supervisor": {
        "version": "0.0.9", "pid": 1, "uptime_s": 1.0, "launcher": "systemd", "memory": {"pss_bytes": 1},
        "cgroup": "v2", "limits": {"MemoryMax": None}},
    "backends": [{
        "id": "serena-library-1f3a", "server": "serena", "repo": "/home/u/library", "share": "repo",
        "state": "ready", "unit": "app-mcp-serena.library_1f3a90c2-k7.scope", "pid": 1, "generation": 1,
        "era": "legacy", "sessions": 3, "holds": 0, "in_flight": 0, "restarts": 0,
        "memory": {"current_bytes": 1, "peak_bytes": 1, "pss_bytes": 1},
        "limits": {"MemoryHigh": None, "MemoryMax": 1073741824, "MemorySwapMax": None, "TasksMax": None},
        "started_at": "2026-11-22T12:00:00Z", "idle_since": None,
        "last_exit": {"reason": "oom", "status": 9, "at": "2026-11-22T11:00:00Z", "stderr_tail": ["last words"]}}],
    "sessions": [{
        "id": "s7", "pid": 1, "client": {"name": "claude-code", "version": "2.1"}, "protocol": "2025-11-25",
        "cwd": "/home/u/library", "backend": "serena-library-1f3a", "in_flight": 0, "meta_tools": False,
        "attached_at": "2026-11-22T12:00:00Z"}],
    "savings": {"unshared_bytes": 1, "shared_bytes": 1, "method": "PSS of each backend times its sessions"},
}


def status(**changes):
    document = copy.deepcopy(STATUS)
    document.update(changes)
    return document
