# SPDX-License-Identifier: Apache-2.0
"""What a shim costs: memory of many asleep, and the time from its spawn to its call.

    measure.py [--sessions N] [--rounds N] [PROGRAM [ARG…]]

The default program is the mcp-shim of $MCP_BIN (a release build gives the figures that count) in front of `cat`.
Arguments that say SOCKET become the path of the control socket.
"""

import argparse
import os
import pathlib
import socket
import statistics
import tempfile
import time

BIN = pathlib.Path(os.environ.get("MCP_BIN", pathlib.Path(__file__).resolve().parents[2] / ".build" / "release"))
REPLY = b'{"parameters":{"session":"s7","resume":"' + b"x" * 200 + b'"},"continues":true}\0'


class Listener:
    def __init__(self, folder):
        self.path = os.path.join(folder, "io.mcpctl.Supervisor")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(1024)
        self.connections = []

    def attach(self):
        connection, _ = self.socket.accept()
        message, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 8)
        arrived = time.perf_counter()
        for descriptor in descriptors:
            os.close(descriptor)
        if message.endswith(b"\0"):
            connection.sendall(REPLY)
        self.connections.append(connection)
        return arrived


class Spawner:
    """Starts the program with one pipe each way that all share: only the shim is measured."""

    def __init__(self, command):
        self.command = command
        self.input = os.pipe()
        self.output = os.pipe()

    def start(self):
        actions = [(os.POSIX_SPAWN_DUP2, self.input[0], 0), (os.POSIX_SPAWN_DUP2, self.output[1], 1)]
        return os.posix_spawn(self.command[0], self.command, os.environ, file_actions=actions)


def start_times(spawner, listener, rounds):
    times = []
    for number in range(rounds + 1):
        began = time.perf_counter()
        pid = spawner.start()
        times.append((listener.attach() - began) * 1000)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return sorted(times[1:])


def rollup(pid):
    """Rss, Pss and what is private (USS), in KiB."""
    facts = {}
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines.read().splitlines()[1:]:
            key, value = line.split()[:2]
            facts[key.rstrip(":")] = int(value)
    return facts["Rss"], facts["Pss"], facts["Private_Clean"] + facts["Private_Dirty"]


def memory(spawner, listener, sessions):
    pids = [spawner.start() for _ in range(sessions)]
    for _ in pids:
        listener.attach()
    time.sleep(0.3)
    figures = [rollup(pid) for pid in pids]
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return [statistics.mean(column) for column in zip(*figures)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener(folder)
        os.environ["MCP_SUPERVISOR_SOCKET"] = listener.path
        command = options.program or [str(BIN / "mcp-shim"), "--", "cat"]
        spawner = Spawner([listener.path if part == "SOCKET" else part for part in command])
        times = start_times(spawner, listener, options.rounds)
        print(f"start ms: min {times[0]:.2f} p50 {statistics.median(times):.2f} p99 {times[len(times) * 99 // 100]:.2f}")
        rss, pss, uss = memory(spawner, listener, options.sessions)
        print(f"KiB each of {options.sessions}: RSS {rss:.0f} PSS {pss:.1f} USS {uss:.1f}")


main()
