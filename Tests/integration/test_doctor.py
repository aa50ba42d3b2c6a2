# SPDX-License-Identifier: Apache-2.0
"""mcpctl doctor: what is wrong here, and servers whose client is gone. It must never touch anything else."""
import json
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

from harness.supervisor import BINARIES

# A pid namespace of its own, in which process 1 is called "init": there a parent can be gone for sure, and whatever
# doctor would end by mistake is nobody's.
INIT = textwrap.dedent("""
    import ctypes, os, subprocess, sys, time, json, signal
    ctypes.CDLL(None).mount(b"proc", b"/proc", b"proc", 0, None)
    ctypes.CDLL(None).prctl(15, b"init", 0, 0, 0)
    mcpctl, folder = sys.argv[1:3]
    def orphan(name, arguments=(), **environment):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            os.symlink("/bin/sleep" if name != "python3" else sys.executable, path)
        reading, writing = os.pipe()
        if os.fork() == 0:
            child = subprocess.Popen([path, *arguments], env={"PATH": os.environ["PATH"], **environment})
            os.write(writing, str(child.pid).encode())
            os._exit(0)
        os.wait()
        return int(os.read(reading, 20))
    def kept(name, *arguments):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            os.symlink("/bin/sleep", path)
        holder = subprocess.Popen(["sh", "-c", '"$@"; :', "sh", path, *arguments])
        return holder
    module = os.path.join(folder, "mcp_server_time")
    open(module, "w").write("import time\\ntime.sleep(300)")
    pids = {
        "named": orphan("mcp-server-git", ["300"]),
        "run": orphan("python3", [module, "--token", "hunter2"]),
        "other": orphan("sleep", ["300"]),
        "listens": orphan("python3", [module, "--port", "8000"]),
        "ours": orphan("my-mcp", ["300"], MCP_SUPERVISOR_BACKEND="x@1:1"),
    }
    holder = kept("mcp-server-owned", "300")
    # Each is what it says once it runs its own program: doctor reads command lines.
    wanted = {pids[name]: word for name, word in [
        ("named", b"mcp-server-git"), ("run", b"mcp_server_time"), ("other", b"sleep"), ("listens", b"--port"),
        ("ours", b"my-mcp")]}
    def runs(pid, word):
        with open(f"/proc/{pid}/cmdline", "rb") as words, open(f"/proc/{pid}/stat") as stat:
            # Its parent is gone, and so is the shell in its place.
            return word in words.read() and stat.read().rsplit(")")[1].split()[1] == "1"
    def owned():
        return any(b"mcp-server-owned" in open(f"/proc/{pid}/cmdline", "rb").read().split(b"\\0")[0]
                   for pid in os.listdir("/proc") if pid.isdigit())
    end = time.monotonic() + 30
    while not (owned() and all(runs(*pair) for pair in wanted.items())):
        assert time.monotonic() < end, "they do not start"
        time.sleep(0.01)
    def doctor(*options):
        return subprocess.run([mcpctl, "doctor", *options], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    def alive():
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0: break
            except ChildProcessError:
                break
        return sorted(name for name, pid in pids.items() if os.path.exists(f"/proc/{pid}"))
    seen = doctor("--json")
    refused = doctor("--end")
    before = alive()
    ended = doctor("--end", "--yes")
    print(json.dumps({"pids": pids, "seen": seen.stdout, "text": doctor().stdout, "refused": refused.returncode,
                      "refusal": refused.stderr, "before": before, "ended": ended.stdout, "after": alive(),
                      "holder": holder.poll()}))
    os._exit(0)
""")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, "-c", INIT,
         str(BINARIES / "mcpctl"), str(folder)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        pytest.skip("no namespaces without root here")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_strays_are_found_by_name_and_by_what_a_runner_runs(story):
    found = {stray["pid"]: stray["server"] for stray in json.loads(story["seen"])["strays"]}
    assert found == {story["pids"]["named"]: "mcp-server-git", story["pids"]["run"]: "mcp_server_time"}


def test_secrets_on_their_command_lines_are_not_shown(story):
    assert "hunter2" not in story["seen"] + story["text"] + story["ended"]


def test_nothing_is_ended_without_being_asked_for(story):
    assert story["refused"] == 2 and "--yes" in story["refusal"]
    assert story["before"] == sorted(story["pids"])


def test_strays_are_ended_and_nothing_else_is(story):
    assert story["after"] == ["listens", "other", "ours"] and story["holder"] is None
    assert story["ended"].count("ended") == 2


def test_what_is_wrong_here_is_said_with_what_to_do(supervisor):
    report = supervisor.ctl_json("doctor")
    checks = {finding["check"]: finding for finding in report["findings"]}
    assert {"systemd", "swap", "pressure", "socket"} <= set(checks)
    assert checks["socket"]["level"] == "fine"
    os.chmod(pathlib.Path(supervisor.socket).parent, 0o755)
    report = supervisor.ctl_json("doctor")
    checks = {finding["check"]: finding for finding in report["findings"]}
    assert checks["socket"]["level"] == "problem" and "chmod 700" in checks["socket"]["text"]
    os.chmod(pathlib.Path(supervisor.socket).parent, 0o700)
