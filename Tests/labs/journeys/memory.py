#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory, on cgroup v2 with swap: each way to run out of it is told from the others, and a backend that sleeps gives
its memory back and wakes with the next call."""
import json
import os
import sys
import time

from lab import HERE, HOME, Session, check, finish, mcpctl, prop, run, status, systemctl, units, until

CONFIGURATION = """\
slice_limits = { MemoryMax = "infinity" }
[defaults]
MemoryHigh = "infinity"
[server.small]
MemoryMax = "100M"
MemorySwapMax = 0
[server.boundless]
MemoryMax = "infinity"
MemorySwapMax = 0
"""
SERVER = [sys.executable, "-I", "-S", f"{HERE}/fake_backend.py"]
# A server whose helper takes memory until it is killed.
HELPER = ["sh", "-c", f'( sleep 3; exec {sys.executable} -I -S -c "b = bytearray(400 << 20)" ) & exec "$@"', "helper"]


def repository():
    path = f"{HOME}/library"
    os.makedirs(f"{path}/.git", exist_ok=True)
    os.makedirs(f"{HOME}/.config/mcp-supervisor", exist_ok=True)
    with open(f"{HOME}/.config/mcp-supervisor/config.toml", "w") as file:
        file.write(CONFIGURATION)
    return path


def session(path, name, *command):
    new = Session(path, *(command or SERVER), options=("--name", name))
    new.initialize()
    new.call("echo", text="up")
    return new


def backend(name):
    return [b for b in status()["backends"] if b["server"] == name][0]


def journal(unit):
    lines = run("journalctl", "--user", "-o", "json", "--no-pager", f"USER_UNIT={unit}").stdout.splitlines()
    return [entry for entry in map(json.loads, lines) if "MCP_EXIT_REASON" in entry]


def own_limit(path):
    small = session(path, "small")
    unit = backend("small")["unit"]
    message = small.call("allocate", bytes=200 << 20).get("error", {}).get("message", "")
    check("its own limit is named", "out of memory (limit 100.0M" in message, message)
    check("with the command that raises it", "--set MemoryMax=200.0M" in message, message)
    last = backend("small")["last_exit"]
    check("status has limit and peak", (last["shortage"], last["limit_bytes"]) == ("own", 100 << 20), last)
    check("the peak is near the limit", 90 << 20 < (last["peak_bytes"] or 0) <= 100 << 20, last)
    entries = until(lambda: journal(unit))
    facts = {k: v for entry in entries for k, v in entry.items() if k.startswith("MCP_")}
    check("the journal has them as fields", facts.get("MCP_OOM_SHORTAGE") == "own"
          and facts.get("MCP_OOM_LIMIT_BYTES") == str(100 << 20), facts)
    small.close()


def helper(path):
    served = session(path, "small", *HELPER, *SERVER)
    last = until(lambda: backend("small")["last_exit"], 240)
    check("a helper that is killed takes its backend along, and that is told", last and last["reason"] == "oom", last)
    check("the next call has a new one", "on" in str(served.call("echo", text="on")))
    served.close()
    mcpctl("stop", "small")


def total_limit(path):
    modest, greedy = session(path, "modest"), session(path, "greedy")
    mcpctl("limits", "--total", "--set", "MemoryMax=150M", "MemorySwapMax=0")
    message = greedy.call("allocate", bytes=300 << 20).get("error", {}).get("message", "")
    check("the limit of all is told from its own", "limit of all backends together 150.0M" in message, message)
    check("the other backend lives", "on" in str(modest.call("echo", text="on")))
    check("and was not started again", backend("modest")["generation"] == 1)
    mcpctl("limits", "--total", "--set", "MemoryMax=infinity", "MemorySwapMax=infinity")
    greedy.close()
    modest.close()


def machine_limit(path):
    """Nobody's limit is in the way, but there is no more memory."""
    modest, boundless = session(path, "modest"), session(path, "boundless")
    unit = backend("boundless")["unit"]
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    message = boundless.call("allocate", bytes=size, patience=300).get("error", {}).get("message", "")
    check("the machine's end is told from limits", "the machine had none left" in message, message)
    last = backend("boundless")["last_exit"]
    check("status has no limit for it", (last["shortage"], last["limit_bytes"]) == ("machine", None), last)
    facts = {k: v for entry in until(lambda: journal(unit)) or [] for k, v in entry.items() if k.startswith("MCP_")}
    check("nor has the journal", facts.get("MCP_OOM_SHORTAGE") == "machine" and "MCP_OOM_LIMIT_BYTES" not in facts, facts)
    check("the other backend outlives it", "on" in str(modest.call("echo", text="on")))
    check("the next call has a new one again", "on" in str(boundless.call("echo", text="on")))
    boundless.close()
    modest.close()


def hibernation(path):
    big = session(path, "big")
    big.call("allocate", bytes=80 << 20)
    before = backend("big")
    done = mcpctl("hibernate", "big", "--json")
    check("mcpctl hibernate succeeds", done.returncode == 0, done.stderr)
    asleep = backend("big")
    check("it is hibernated", asleep["state"] == "hibernated", asleep)
    check("systemd says frozen", prop(asleep["unit"], "FreezerState") == "frozen", prop(asleep["unit"], "FreezerState"))
    given = asleep["hibernation"]["reclaimed_bytes"]
    check("its memory went to swap", given > 70 << 20 and asleep["hibernation"]["note"] is None, asleep["hibernation"])
    check("the cgroup agrees", asleep["memory"]["current_bytes"] < before["memory"]["current_bytes"] - (70 << 20), asleep)
    start = time.monotonic()
    check("the next call wakes it", "morning" in str(big.call("echo", text="morning")))
    print(f"        woke and answered in {(time.monotonic() - start) * 1000:.0f} ms (in this lab)")
    check("status says how shortages are heard of", "memory.events of app-mcp.slice" in
          status()["supervisor"]["pressure_sources"], status()["supervisor"])
    check("it is the same process", backend("big")["pid"] == before["pid"])
    mcpctl("hibernate", "big")
    check("one that sleeps can be stopped", mcpctl("stop", "big").returncode == 0
          and until(lambda: not units("app-mcp-big.*.scope")), units())
    big.close()


def pressure(path):
    """The limit of all is in the way: who is idle makes room, and who works is left alone."""
    # The longest idle goes first: nobody of before may be left for that.
    for other in status()["backends"]:
        mcpctl("stop", other["id"])
    check("nobody else is there", until(lambda: not units()), units())
    sleeper, worker = session(path, "sleeper"), session(path, "worker")
    sleeper.call("allocate", bytes=60 << 20)
    time.sleep(1.5)
    mcpctl("limits", "--total", "--set", "MemoryHigh=120M", "MemoryMax=400M")
    answer = worker.call("allocate", bytes=80 << 20)
    check("the one at work gets its memory", "kept" in str(answer), answer)
    check("the idle one was put to sleep", until(lambda: backend("sleeper")["state"] == "hibernated", 30),
          backend("sleeper"))
    check("and said in the journal", "memory is short" in run(
        "journalctl", "--user", "-o", "cat", "--no-pager", "-t", "mcp-supervisor").stdout)
    check("it wakes all the same", "on" in str(sleeper.call("echo", text="on")))
    sleeper.close()
    worker.close()


def main():
    path = repository()
    systemctl("daemon-reload")
    systemctl("start", "mcp-supervisor.socket")
    own_limit(path)
    helper(path)
    total_limit(path)
    # While all backends together have no limit.
    machine_limit(path)
    hibernation(path)
    pressure(path)
    systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
    check("nothing is left", until(lambda: not units()), units())
    finish()


main()
