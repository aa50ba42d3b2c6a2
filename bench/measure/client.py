# SPDX-License-Identifier: Apache-2.0
"""The least of an MCP client over stdio: one question at a time."""
import json
import subprocess

LIMIT_S = 30


class Client:
    def __init__(self, command, cwd, environment):
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.last_id = 0

    @property
    def pid(self):
        return self.process.pid

    def send(self, **message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        """The whole answer; what else arrives meanwhile is passed over, requests are refused."""
        self.last_id += 1
        self.send(id=self.last_id, method=method, params=params)
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"no answer to {method}: the server is gone")
            message = json.loads(line)
            if "method" in message and "id" in message:
                self.send(id=message["id"], error={"code": -32601, "message": "not here"})
            elif message.get("id") == self.last_id and "method" not in message:
                return message

    def initialize(self):
        answer = self.ask("initialize", protocolVersion="2025-06-18", capabilities={},
                          clientInfo={"name": "bench", "version": "1"})
        self.send(method="notifications/initialized")
        return answer

    def call(self, tool, **arguments):
        return self.ask("tools/call", name=tool, arguments=arguments)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
