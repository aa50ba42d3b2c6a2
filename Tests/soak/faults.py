# SPDX-License-Identifier: Apache-2.0
"""Faults, each one thing that goes wrong in life, and what it did in words for the log."""
import os
import signal


class Fault:
    """`weight`: how often, beside the others."""

    def __init__(self, name, weight, inject):
        self.name, self.weight, self.inject = name, weight, inject


def kill(pid, number):
    try:
        os.kill(pid, number)
        return True
    except (ProcessLookupError, TypeError):
        return False


def of_backends(world, number, what):
    """A signal to a random backend's process."""
    def inject(random):
        running = [b for b in world.backends() if b.get("pid")]
        if not running:
            return None
        chosen = random.choice(running)
        return f"{what} {chosen['id']} (process {chosen['pid']})" if kill(chosen["pid"], number) else None
    return inject


def of_shims(world):
    def inject(random):
        callers = [c for c in world.callers if c.agent is not None and c.agent.process.poll() is None]
        if not callers:
            return None
        chosen = random.choice(callers)
        chosen.agent.process.kill()
        return f"killed the shim of session {chosen.number} (process {chosen.agent.pid})"
    return inject


def by_tool(world, tool, **arguments):
    """Through a session of its own, so that no caller has to explain the error."""
    def inject(random):
        return world.provoke(tool, **arguments)
    return inject


def stopped_for_a_moment(world):
    """A backend that the kernel does not run for a while, as under memory pressure."""
    def inject(random):
        running = [b for b in world.backends() if b.get("pid")]
        if not running:
            return None
        chosen = random.choice(running)
        if not kill(chosen["pid"], signal.SIGSTOP):
            return None
        world.later(1.0, lambda: kill(chosen["pid"], signal.SIGCONT))
        return f"stopped {chosen['id']} for a second (process {chosen['pid']})"
    return inject


def all_faults(world):
    """Those that can happen in this world."""
    faults = [
        Fault("backend killed", 6, of_backends(world, signal.SIGKILL, "killed")),
        Fault("backend crashed", 3, of_backends(world, signal.SIGSEGV, "crashed")),
        Fault("backend ended", 3, of_backends(world, signal.SIGTERM, "ended")),
        Fault("backend stopped for a second", 2, stopped_for_a_moment(world)),
        Fault("backend exits in a call", 2, by_tool(world, "exit", status=3)),
        Fault("half a line, then the end", 2, by_tool(world, "half")),
        Fault("garbage on stdout", 2, by_tool(world, "raw", text="\\x1b[31mnot json\\r\\n")),
        Fault("storm on stderr", 1, by_tool(world, "stderr", lines=2000, text="x" * 100)),
        Fault("shim killed", 4, of_shims(world)),
        Fault("backend stopped by mcpctl", 2, world.stop_backend),
        Fault("configuration read again", 1, world.reload),
        Fault("supervisor killed", 3, world.kill_supervisor),
        Fault("supervisor restarted", 2, world.restart_supervisor),
    ]
    return [fault for fault in faults if fault.inject is not None]
