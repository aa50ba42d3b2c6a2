# SPDX-License-Identifier: Apache-2.0
"""The six agents of the demo."""
import contextlib
import json
import pathlib
import subprocess

CLIENTS = 6
SCRIPT = pathlib.Path(__file__).resolve().parent / "client.py"


class Agents:
    def __init__(self, python, environment):
        self.python, self.environment = str(python), environment
        self.running = []

    @contextlib.contextmanager
    def attached(self, plans):
        """All agents at once, each with its servers; they stay as long as the body. Gives their pids."""
        try:
            for servers in plans:
                self.running.append((servers, subprocess.Popen(
                    [self.python, str(SCRIPT), json.dumps(servers)], env=self.environment, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)))
            yield [client.pid for _, client in self.running]
        finally:
            self.leave()

    def leave(self):
        for _, client in self.running:
            client.stdin.close()
        for _, client in self.running:
            try:
                client.wait(30)
            except subprocess.TimeoutExpired:
                client.kill()
                client.wait()
            client.stdout.close()
        self.running = []

    def show(self):
        """Waits until every agent has its answers, tells of each, and returns the seconds that their starts took."""
        starts = []
        for number, (servers, client) in enumerate(self.running, 1):
            for server in servers:
                line = client.stdout.readline()
                if not line:
                    raise RuntimeError(f"agent {number} got no answer from {server['name']}")
                report = json.loads(line)
                starts.append(report["up_s"])
                print(f"  agent {number} in {pathlib.Path(server['cwd']).name:6} {report['name']:7}"
                      f"{report['tools']:3} tools after {report['up_s']:5.2f} s; {server['tool']} in "
                      f"{report['call_s']:5.2f} s: {summary(report)}", flush=True)
        return starts


def summary(report):
    """The answer's beginning on one line."""
    text = " ".join(report["text"].split())
    text = text if len(text) <= 48 else text[:47] + "…"
    return f"FAILED {text}" if report["failed"] else text
