# SPDX-License-Identifier: Apache-2.0
"""An MCP client in raw NDJSON: sends what a polite SDK would not, sees every byte, and never waits without a limit."""
import itertools
import json
import os
import select
import socket
import subprocess
import tempfile

from .waiting import Deadline

LIMIT_S = 60.0
# How long a disposed agent's process has to end by itself after its input did.
GRACE_S = 3.0


class Ended(Exception):
    """The other end closed its output."""


class Message(dict):
    """A received message; `raw` is its line as it came."""

    raw = b""


class Agent:
    """One session: a process (a shim or a bare server) and its two ends."""

    def __init__(self, command, cwd, environment, sockets=False):
        self.command = list(command)
        self.seen = []
        self.ids = itertools.count(1)
        self.errors = tempfile.TemporaryFile()
        theirs_in, self.input = pair(sockets)
        self.output, theirs_out = pair(sockets)
        self.process = subprocess.Popen(
            self.command, cwd=cwd, env=environment, stdin=theirs_in, stdout=theirs_out, stderr=self.errors,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        os.set_blocking(self.input, False)
        self.parts = []
        self.lines = []
        self.partial = b""

    @property
    def pid(self):
        return self.process.pid

    def stderr(self):
        """What the process has written to its standard error so far."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    # Sending.

    def send(self, message):
        self.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def send_bytes(self, data, timeout=LIMIT_S):
        """Writes all of `data`, reading meanwhile, so that two full pipes never wait for each other."""
        deadline, view = Deadline(timeout), memoryview(data)
        while view:
            readable, writable, _ = select.select([self.output], [self.input], [], deadline.left())
            if not readable and not writable:
                raise TimeoutError(f"{len(view)} bytes were not taken within {timeout:g} s")
            if readable and not self.fill():
                raise Ended(self.stderr())
            if writable:
                view = view[os.write(self.input, view[:65536]) :]

    def request(self, method, params=None, id=None):
        """Sends a request and returns its id."""
        id = f"r{next(self.ids)}" if id is None else id
        message = {"jsonrpc": "2.0", "id": id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return id

    def call(self, tool, /, id=None, token=None, **arguments):
        """Sends a tool call and returns its id."""
        params = {"name": tool, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        return self.request("tools/call", params, id)

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        self.send(message if params is None else {**message, "params": params})

    def cancel(self, id):
        self.notify("notifications/cancelled", {"requestId": id, "reason": "test"})

    # Receiving.

    def fill(self):
        """Reads once; False at the end of the stream."""
        chunk = os.read(self.output, 1 << 20)
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            self.lines.append(b"".join([*self.parts, line]))
            self.parts = []
        self.parts.append(rest)
        return bool(chunk)

    def line(self, timeout=LIMIT_S):
        """The next line, without its end. Raises `Ended` or `TimeoutError`."""
        deadline = Deadline(timeout)
        while not self.lines:
            if not select.select([self.output], [], [], deadline.left())[0]:
                raise TimeoutError(f"nothing from {self.command[0]} within {timeout:g} s; stderr: {self.stderr()[-2000:]}")
            if not self.fill():
                self.partial = b"".join(self.parts)
                raise Ended(f"{self.command[0]} closed its output; stderr: {self.stderr()[-2000:]}")
        return self.lines.pop(0)

    def receive(self, timeout=LIMIT_S):
        """The next message; everything received stays in `seen`."""
        line = self.line(timeout)
        message = Message(json.loads(line))
        message.raw = line
        self.seen.append(message)
        return message

    def until(self, wanted, timeout=LIMIT_S):
        """The first message, received already or yet to come, for which `wanted` is true."""
        deadline = Deadline(timeout)
        for message in self.seen:
            if wanted(message):
                return message
        while True:
            message = self.receive(deadline.left())
            if wanted(message):
                return message

    def answer(self, id, timeout=LIMIT_S):
        """The response with this very id (1 is not "1"), result or error."""
        return self.until(lambda m: "method" not in m and same(m.get("id"), id), timeout)

    def answers(self, id):
        """All responses with this id that have come so far."""
        return [m for m in self.seen if "method" not in m and same(m.get("id"), id)]

    def result(self, id, timeout=LIMIT_S):
        answer = self.answer(id, timeout)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, id, timeout=LIMIT_S):
        answer = self.answer(id, timeout)
        assert "error" in answer, answer
        return answer["error"]

    def text(self, id, timeout=LIMIT_S):
        """The text of a tool call's answer."""
        return self.result(id, timeout)["content"][0]["text"]

    def notifications(self, method):
        return [m for m in self.seen if m.get("method") == method and "id" not in m]

    # What agents do.

    def rpc(self, method, params=None, timeout=LIMIT_S):
        return self.result(self.request(method, params), timeout)

    def tool(self, tool, /, timeout=LIMIT_S, **arguments):
        """One tool call, and its text."""
        return self.text(self.call(tool, **arguments), timeout)

    def initialize(self, version="2025-11-25", capabilities=None, name="agent", timeout=LIMIT_S):
        params = {"protocolVersion": version, "capabilities": capabilities or {},
                  "clientInfo": {"name": name, "version": "1"}}
        result = self.rpc("initialize", params, timeout)
        self.notify("notifications/initialized")
        return result

    def fence(self):
        """After this every message that was on its way before has been received: the answer to a ping comes last."""
        self.rpc("ping")

    # Ending.

    def end_input(self):
        if self.input is not None:
            os.close(self.input)
            self.input = None

    def finish(self, timeout=LIMIT_S):
        """Closes stdin, as an agent does, reads to the end, and returns the exit status."""
        self.end_input()
        try:
            while True:
                self.receive(timeout)
        except Ended:
            return self.process.wait(timeout)

    def dispose(self):
        """Whatever the state: no process and no descriptor is left."""
        self.end_input()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.output is not None:
            os.close(self.output)
            self.output = None
        self.errors.close()


def pair(sockets):
    """(reading end, writing end): a pipe, or a socket pair as Node makes them."""
    if not sockets:
        return os.pipe()
    left, right = socket.socketpair()
    return left.detach(), right.detach()


def same(left, right):
    return type(left) is type(right) and left == right
