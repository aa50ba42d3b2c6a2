#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory where a namespace lab has it: out-of-memory deaths told apart by the counters of cgroup v1, a helper that is
killed alone, and the kernel's own word that processes wait for memory (/proc/pressure/memory). Needs root."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from lab import HERE, HOME, Session, check, finish, mcpctl, status, systemctl, units, until

MEMORY = pathlib.Path("/sys/fs/cgroup/memory")
PRESSURE = pathlib.Path("/proc/pressure/memory")
CONFIGURATION = """\
MemoryPressureThresholdSec = "1ms"
slice_limits = { MemoryMax = "infinity" }
[server.small]
MemoryMax = "100M"
MemorySwapMax = 0
"""
SERVER = [sys.executable, "-I", "-S", f"{HERE}/fake_backend.py"]
# A server whose helper takes memory until it is killed.
HELPER = ["sh", "-c", f'( sleep 2; exec {sys.executable} -I -S -c "b = bytearray(400 << 20)" ) & exec "$@"', "helper"]
# Takes more than it may have once there is the file that it is told of.
GREEDY = """
import os, runpy, sys, threading, time
word, sys.argv = sys.argv[1], sys.argv[2:]
def take():
    while not os.path.exists(word):
        time.sleep(0.05)
    os.unlink(word)
    bytearray(400 << 20)
threading.Thread(target=take, daemon=True).start()
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# Reads a file that does not fit into its memory, again and again.
THRASH = """
import os, sys
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
file = os.open(sys.argv[2], os.O_RDONLY)
while True:
    os.lseek(file, 0, 0)
    while os.read(file, 1 << 20):
        pass
"""


def repository():
    path = f"{HOME}/library"
    os.makedirs(f"{path}/.git", exist_ok=True)
    os.makedirs(f"{HOME}/.config/mcp-supervisor", exist_ok=True)
    pathlib.Path(f"{HOME}/.config/mcp-supervisor/config.toml").write_text(CONFIGURATION)
    return path


def session(path, name, *command):
    new = Session(path, *(command or SERVER), options=("--name", name))
    new.initialize()
    new.call("echo", text="up")
    return new


def backend(name):
    return next((b for b in status()["backends"] if b["server"] == name), {})


def own_limit(path):
    small = session(path, "small")
    message = small.call("allocate", bytes=200 << 20).get("error", {}).get("message", "")
    check("its own limit is named", "out of memory (limit 100.0M" in message, message)
    last = backend("small").get("last_exit", {})
    check("status has the limit", (last.get("shortage"), last.get("limit_bytes")) == ("own", 100 << 20), last)
    check("the next call has a new one", "on" in str(small.call("echo", text="on")))
    error = small.call("die", signal=9).get("error", {}).get("message", "")
    check("another SIGKILL is not taken for it", "signal 9" in error and "memory" not in error, error)
    small.close()
    mcpctl("stop", "small")


def late(path):
    """Its own limit, when systemd has removed the cgroup before the supervisor had a turn."""
    word = f"{HOME}/take"
    served = session(path, "small", sys.executable, "-I", "-S", "-c", GREEDY, word, SERVER[-1])
    unit, supervisor = backend("small")["unit"], status()["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        pathlib.Path(word).touch()
        check("its cgroup is gone", until(lambda: not list(MEMORY.rglob(unit)), 20))
    finally:
        os.kill(supervisor, signal.SIGCONT)
    last = until(lambda: backend("small").get("last_exit"), 10) or {}
    check("it is named by a supervisor that comes late", (last.get("shortage"), last.get("limit_bytes")) == ("own", 100 << 20),
          last)
    served.close()
    mcpctl("stop", "small")


def helper(path):
    served = session(path, "small", *HELPER, *SERVER)
    pid = backend("small")["pid"]
    warned = until(lambda: [w for w in status()["supervisor"]["warnings"] if "killed for lack of memory" in w], 20)
    check("status warns of a helper that was killed alone", bool(warned), status()["supervisor"]["warnings"])
    check("the backend goes on", "on" in str(served.call("echo", text="on")) and backend("small")["pid"] == pid)
    error = served.call("exit", status=3).get("error", {}).get("message", "")
    check("a later end is not taken for lack of memory", "status 3" in error and "memory" not in error, error)
    served.close()
    mcpctl("stop", "small")


def stalls(path):
    """Somebody else's processes wait for memory: a backend that nobody uses makes room, one in use does not."""
    if not PRESSURE.exists():
        return print(f"        no {PRESSURE}: not tried")
    used, unused = session(path, "used"), session(path, "unused")
    check("status says what is listened to", str(PRESSURE) in status()["supervisor"]["pressure_sources"], status()["supervisor"])
    before = backend("used")["pid"]
    unused.close()
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        group = MEMORY / "thrash"
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(16 << 20))
        file.write(os.urandom(1 << 20) * 96)
        file.flush()
        os.fsync(file.fileno())
        # Whoever reads it next is charged for it.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        crowd = [subprocess.Popen([sys.executable, "-I", "-S", "-c", THRASH, str(group), file.name]) for _ in range(2)]
        try:
            check("the unused one is stopped", until(lambda: not backend("unused").get("pid"), 40),
                  (PRESSURE.read_text(), backend("unused")))
        finally:
            for process in crowd:
                process.kill()
                process.wait()
            group.rmdir()
    check("the one with a session is not touched", backend("used").get("pid") == before, backend("used"))
    used.close()


def main():
    if not MEMORY.is_dir():
        print("no memory controller of cgroup v1: not tried")
        finish()
    path = repository()
    systemctl("daemon-reload")
    systemctl("start", "mcp-supervisor.socket")
    for name in sys.argv[1:] or ("own_limit", "late", "helper", "stalls"):
        {f.__name__: f for f in (own_limit, late, helper, stalls)}[name](path)
    systemctl("stop", "mcp-supervisor.socket", "mcp-supervisor.service")
    check("nothing is left", until(lambda: not units()), units())
    finish()


main()
