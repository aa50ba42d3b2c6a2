#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An MCP server on stdio whose every misbehaviour can be asked for: by flags for what happens around the start and the
end, by tools (see fake_tools.py) for what happens in the middle. It tells everything it received, as it came, to the
Unix socket given with --record, one JSON document a line, so that a test can wait for it and assert it.

Only the standard library; started with `python3 -I -S` it is up in some 20 ms.
"""
import argparse
import json
import os
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_tools  # noqa: E402


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--record", help="Unix socket that is told what was received")
    p.add_argument("--tag", help="means nothing: makes another command line")
    p.add_argument("--name", default="fake", help="serverInfo.name")
    p.add_argument("--version-answer", help="the protocol version to answer, instead of the one asked for")
    p.add_argument("--instructions", help="instructions in the handshake")
    p.add_argument("--no-list-changed", action="store_true", help="declare no listChanged")
    p.add_argument("--before", default="", help="text printed before the first message, with Python's escapes")
    p.add_argument("--glued", default="", help="text printed without a newline in front of every message")
    p.add_argument("--bom", action="store_true", help="a byte order mark in front of the stream")
    p.add_argument("--crlf", action="store_true", help="lines end in CR LF, and a blank line follows each")
    p.add_argument("--dribble", action="store_true", help="writes one byte at a time")
    p.add_argument("--exit-at-start", type=int, metavar="STATUS", help="says why on stderr and exits")
    p.add_argument("--exit-before-initialize", type=int, metavar="STATUS", help="exits instead of answering initialize")
    p.add_argument("--exit-after", type=int, metavar="N", help="exits after N answered calls")
    p.add_argument("--mute", action="store_true", help="never answers initialize")
    p.add_argument("--definitions", metavar="FILE", help="descriptions of tools by name, as JSON, instead of its own")
    p.add_argument("--read-only", action="store_true", help="says of every tool that it only reads")
    p.add_argument("--gated-list", action="store_true", help="tools/list waits until `open` of the gate `list`")
    p.add_argument("--circle", action="store_true", help="tools/list has two pages, which lead to each other")
    p.add_argument("--refuse-initialize", action="store_true", help="answers initialize with an error")
    p.add_argument("--ignore-eof", action="store_true", help="goes on when stdin ends")
    p.add_argument("--ignore-term", action="store_true", help="goes on at SIGTERM")
    p.add_argument("--grandchild", action="store_true", help="starts a process in a session of its own that ignores SIGTERM")
    p.add_argument("--start-gate", help="a FIFO that is opened for reading before anything is answered")
    p.add_argument("--stderr", default="", help="text for stderr at the start, with Python's escapes")
    p.add_argument("--stderr-storm", type=int, default=0, metavar="LINES", help="lines written to stderr at the start")
    p.add_argument("--ask-on-start", metavar="METHOD", help="sends this request right after `initialized`")
    return p.parse_args()


class Recorder:
    """Tells a test what happens here; without a socket it tells nobody."""

    def __init__(self, path):
        self.socket = None
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(path)

    def tell(self, kind, **facts):
        if self.socket is None:
            return
        line = json.dumps({"kind": kind, **facts}).encode() + b"\n"
        try:
            self.socket.sendall(line)
        except OSError:
            self.socket = None


class Output:
    """Standard output, with the writing habits that the flags ask for."""

    def __init__(self, options):
        self.options = options

    def start(self):
        if self.options.bom:
            self.bytes(b"\xef\xbb\xbf")
        if self.options.before:
            self.bytes(unescaped(self.options.before))

    def message(self, message):
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        end = b"\r\n\r\n" if self.options.crlf else b"\n"
        self.bytes(unescaped(self.options.glued) + line + end)

    def bytes(self, data):
        step = 1 if self.options.dribble else len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(1, view[:step]) :]


class Server:
    """One process, one pipe, one handshake: what a stdio server of the legacy era is."""

    def __init__(self, options, recorder):
        self.options = options
        self.recorder = recorder
        self.out = Output(options)
        self.tools = fake_tools.Tools(self)
        self.calls = 0
        self.asked = 0
        self.questions = {}

    def serve(self):
        self.out.start()
        parts = []
        while True:
            chunk = os.read(0, 1 << 20)
            if not chunk:
                return self.ended()
            parts.append(chunk)
            if b"\n" not in chunk:
                continue
            *lines, rest = b"".join(parts).split(b"\n")
            parts = [rest]
            for line in lines:
                if line.strip():
                    self.receive(line)

    def ended(self):
        self.recorder.tell("eof")
        while self.options.ignore_eof:
            signal.pause()

    def receive(self, line):
        message = json.loads(line)
        if len(line) < 65536:
            self.recorder.tell("received", message=message)
        else:
            self.recorder.tell("received", message={k: message.get(k) for k in ("id", "method")}, length=len(line))
        if not isinstance(message, dict):
            return
        if "method" not in message:
            self.questions.pop(message.get("id"), lambda answer: None)(message)
        elif "id" in message:
            self.request(message)
        else:
            self.notification(message)

    def request(self, message):
        method, params = message["method"], message.get("params") or {}
        answer = {
            "initialize": self.initialize,
            "ping": lambda params: {},
            "resources/list": lambda params: {"resources": [{"uri": "fake:///a", "name": "a"}]},
            "resources/templates/list": lambda params: {"resourceTemplates": []},
            "resources/read": lambda params: {"contents": [{"uri": params["uri"], "text": "a"}]},
            "resources/subscribe": lambda params: {},
            "resources/unsubscribe": lambda params: {},
            "prompts/list": lambda params: {"prompts": []},
            "logging/setLevel": lambda params: {},
        }.get(method)
        if method == "tools/call":
            self.calls += 1
            self.tools.call(message["id"], params)
        elif method == "tools/list":
            self.tools.list(message["id"], params.get("cursor"))
        elif method == "initialize" and self.options.refuse_initialize:
            self.fail(message["id"], -32603, "not today")
        elif answer is None:
            self.fail(message["id"], -32601, f"Method not found: {method}")
        else:
            result = answer(params)
            if result is not None:
                self.answer(message["id"], result)

    def initialize(self, params):
        if self.options.exit_before_initialize is not None:
            os._exit(self.options.exit_before_initialize)
        if self.options.mute:
            return None
        changes = {} if self.options.no_list_changed else {"listChanged": True}
        return {
            "protocolVersion": self.options.version_answer or params["protocolVersion"],
            "capabilities": {"tools": changes, "resources": {"subscribe": True, **changes}, "prompts": changes, "logging": {}},
            "serverInfo": {"name": self.options.name, "version": "1"},
            **({"instructions": self.options.instructions} if self.options.instructions else {}),
        }

    def notification(self, message):
        if message["method"] == "notifications/cancelled":
            self.tools.cancel(message["params"]["requestId"])
        elif message["method"] == "notifications/initialized" and self.options.ask_on_start:
            self.ask(self.options.ask_on_start, {}, lambda answer: None)

    def answer(self, id, result):
        self.out.message({"jsonrpc": "2.0", "id": id, "result": result})

    def fail(self, id, code, text):
        self.out.message({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": text}})

    def notify(self, method, params):
        self.out.message({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method, params, then):
        """Sends a request to the client; `then` gets the whole answer."""
        self.asked += 1
        self.questions[self.asked] = then
        self.out.message({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})


def unescaped(text):
    """`\\x1b[31m` as bytes."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def main():
    options = arguments()
    recorder = Recorder(options.record)
    recorder.tell("started", pid=os.getpid(), argv=sys.argv, cwd=os.getcwd(), environment=sorted(os.environ))
    signal.signal(signal.SIGTERM, lambda *_: terminated(options, recorder))
    os.write(2, unescaped(options.stderr))
    for n in range(options.stderr_storm):
        os.write(2, b"storm %d %s\n" % (n, b"x" * 200))
    if options.grandchild:
        recorder.tell("grandchild", pid=fake_tools.grandchild())
    if options.exit_at_start is not None:
        os._exit(options.exit_at_start)
    if options.start_gate:
        with open(options.start_gate):
            pass
    Server(options, recorder).serve()


def terminated(options, recorder):
    recorder.tell("terminated")
    if not options.ignore_term:
        os._exit(143)


if __name__ == "__main__":
    main()
