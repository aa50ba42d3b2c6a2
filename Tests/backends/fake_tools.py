# SPDX-License-Identifier: Apache-2.0
"""The tools of the fake backend: each lets a test cause one thing in the middle of a session.

A tool that waits does so for an event (`open` for `wait`, `notifications/cancelled`, an answer), never for a clock.
"""
import json
import os
import signal
import subprocess
import sys

SLEEPER = """
import os, signal, sys
os.setsid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.close(int(sys.argv[1]))
signal.pause()
"""

DESCRIPTIONS = {
    "echo": "Returns its text.",
    "length": "Returns how many characters its text has.",
    "big": "Returns a text of `bytes` bytes.",
    "whoami": "Returns pid, working directory, arguments and the number of calls so far.",
    "env": "Returns the value of the environment variable `name`, or nothing.",
    "wait": "Answers `text` (default `opened`) when somebody calls `open` with the same `gate`.",
    "open": "Opens `gate`: answers everything that waits for it; the gate `list` holds the answers of --gated-list.",
    "swallow": "Never answers.",
    "late": "Answers although the call was cancelled: when `open` of `gate` is called.",
    "exit": "Ends the process with `status`, without an answer.",
    "die": "Ends the process with signal `signal`, without an answer.",
    "half": "Writes half a line and ends the process.",
    "raw": "Writes `text` to stdout as it is, then answers.",
    "notify": "Sends the notification `method` with `params`, `times` times (default 1), then answers.",
    "progress": "Sends `steps` progress notifications for the call's token, then answers with the token it saw.",
    "ask": "Sends the request `method` with `params` to the client and answers with the client's answer.",
    "change": "Adds the tool `tool` and says that the list changed.",
    "stderr": "Writes `lines` lines of `text` to stderr.",
    "allocate": "Takes and touches `bytes` bytes of memory, and keeps them.",
    "parting": "Reads the FIFO `fifo` to its end; then sends a notification, answers, and exits with `status`.",
    "grandchild": "Starts a process in a session of its own that ignores SIGTERM; returns its pid.",
    "close_stdout": "Closes stdout without ending.",
    "close_stdin": "Reads nothing any more, without ending.",
    "activate_project": "Makes `project` the one of this whole process.",
    "project": "Returns the project of this process.",
    "multiply": "Forks sleeping children until it may not, `most` at most; returns how many there are.",
}


def grandchild(holds_stdout=False, **how):
    """A process that only SIGKILL ends, in a session of its own; returns its pid once it is set up."""
    ready, up = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", SLEEPER, str(up)],
        stdin=subprocess.DEVNULL,
        stdout=None if holds_stdout else subprocess.DEVNULL,
        pass_fds=[up],
        **how,
    )
    os.close(up)
    os.read(ready, 1)
    os.close(ready)
    return child.pid


class Tools:
    def __init__(self, server):
        self.server = server
        self.names = list(DESCRIPTIONS)
        self.given = {}
        self.waiting = {}
        self.memory = []
        self.list_is_open = False
        self.lists = []
        self.project = "none"

    def list(self, id, cursor=None):
        if self.server.options.circle:
            self.server.answer(id, self.circle(int(cursor or 0)))
        elif self.server.options.gated_list and not self.list_is_open:
            self.lists.append(id)
        else:
            self.server.answer(id, {"tools": [self.describe(name) for name in self.definitions()]})

    def circle(self, number):
        return {"tools": [self.describe(self.names[number])], "nextCursor": str(1 - number)}

    def definitions(self):
        """The names; with --definitions those of the file, too, which is read anew for each list."""
        self.given = {}
        if self.server.options.definitions:
            with open(self.server.options.definitions) as file:
                self.given = json.load(file)
        return [*self.names, *(name for name in self.given if name not in self.names)]

    def describe(self, name):
        text = self.given.get(name) or DESCRIPTIONS.get(name, "Added later.")
        tool = {"name": name, "description": text, "inputSchema": {"type": "object"}}
        if self.server.options.read_only:
            tool["annotations"] = {"readOnlyHint": True}
        return tool

    def call(self, id, params):
        name, given = params.get("name"), params.get("arguments") or {}
        handler = getattr(self, "tool_" + str(name), None)
        if handler is None:
            return self.answer(id, f"Unknown tool: {name}", failed=True)
        result = handler(id, given, params.get("_meta") or {})
        if result is not None:
            self.answer(id, result)

    def answer(self, id, text, failed=False):
        self.server.answer(id, {"content": [{"type": "text", "text": text}], "isError": failed})
        if self.server.options.exit_after and self.server.calls >= self.server.options.exit_after:
            os._exit(5)

    def cancel(self, id):
        """Forgets a waiting call, as servers of the second SDK line do: in silence."""
        for gate, entries in self.waiting.items():
            self.waiting[gate] = [e for e in entries if e[0] != id or e[2]]

    def tool_echo(self, id, given, meta):
        return given.get("text", "")

    def tool_length(self, id, given, meta):
        return str(len(given["text"]))

    def tool_big(self, id, given, meta):
        return "x" * given["bytes"]

    def tool_whoami(self, id, given, meta):
        return json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "argv": sys.argv, "calls": self.server.calls})

    def tool_env(self, id, given, meta):
        return json.dumps(os.environ.get(given["name"]))

    def tool_wait(self, id, given, meta):
        self.waiting.setdefault(given["gate"], []).append((id, given.get("text", "opened"), False))

    def tool_late(self, id, given, meta):
        self.waiting.setdefault(given["gate"], []).append((id, "late", True))

    def tool_open(self, id, given, meta):
        if given["gate"] == "list":
            self.list_is_open = True
            while self.lists:
                self.list(self.lists.pop(0))
        entries = self.waiting.pop(given["gate"], [])
        for waiting, text, _ in entries:
            self.answer(waiting, text)
        return str(len(entries))

    def tool_swallow(self, id, given, meta):
        return None

    def tool_exit(self, id, given, meta):
        os._exit(given.get("status", 0))

    def tool_die(self, id, given, meta):
        os.kill(os.getpid(), given.get("signal", signal.SIGKILL))

    def tool_half(self, id, given, meta):
        self.server.out.bytes(b'{"jsonrpc":"2.0","id":%s,"resu' % json.dumps(id).encode())
        os._exit(6)

    def tool_raw(self, id, given, meta):
        self.server.out.bytes(given["text"].encode("utf-8", "surrogateescape"))
        return "written"

    def tool_notify(self, id, given, meta):
        for _ in range(given.get("times", 1)):
            self.server.notify(given["method"], given.get("params", {}))
        return "sent"

    def tool_progress(self, id, given, meta):
        token = meta.get("progressToken")
        for step in range(given["steps"]):
            self.server.notify("notifications/progress", {"progressToken": token, "progress": step + 1})
        return json.dumps(token)

    def tool_ask(self, id, given, meta):
        self.server.ask(given["method"], given.get("params", {}), lambda answer: self.answer(id, json.dumps(answer)))

    def tool_change(self, id, given, meta):
        self.names.append(given["tool"])
        if not given.get("silent"):
            self.server.notify("notifications/tools/list_changed", {})
        return "changed"

    def tool_activate_project(self, id, given, meta):
        self.project = given["project"]
        return f"{self.project} is active"

    def tool_project(self, id, given, meta):
        return self.project

    def tool_stderr(self, id, given, meta):
        for _ in range(given.get("lines", 1)):
            os.write(2, given["text"].encode() + b"\n")
        return "written"

    def tool_allocate(self, id, given, meta):
        self.memory.append(b"\x01" * given["bytes"])
        return "kept"

    def tool_grandchild(self, id, given, meta):
        # An empty environment: nothing of it says whose it is.
        how = {"env": {}, "stderr": subprocess.DEVNULL} if given.get("bare") else {}
        return str(grandchild(given.get("holds_stdout", False), **how))

    def tool_multiply(self, id, given, meta):
        born = 0
        while born < given["most"]:
            try:
                if os.fork() == 0:
                    while True:
                        signal.pause()
            except OSError:
                break
            born += 1
        return f"{born} born"

    def tool_parting(self, id, given, meta):
        with open(given["fifo"]) as fifo:
            fifo.read()
        self.server.notify("notifications/tools/list_changed", {})
        self.answer(id, "last words")
        os._exit(given.get("status", 7))

    def tool_close_stdin(self, id, given, meta):
        self.answer(id, "closed")
        os.dup2(os.pipe()[0], 0)

    def tool_close_stdout(self, id, given, meta):
        os.close(1)
