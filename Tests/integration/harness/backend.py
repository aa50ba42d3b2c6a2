# SPDX-License-Identifier: Apache-2.0
"""The test's side of the fake backend: how to start it, and what reached it."""
import json
import os
import pathlib
import selectors
import socket
import sys
import threading

from . import processes

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "backends" / "fake_backend.py"
LIMIT_S = 60.0


class BackendProcess:
    """One process of the fake backend, as its own record tells it."""

    def __init__(self, backend):
        self.backend = backend
        self.facts = {}
        self.taken = []
        self.has_ended = False
        self.rest = b""

    @property
    def entries(self):
        """All it has told so far: it tells before it answers, so what an agent has an answer to is here."""
        self.backend.drain()
        return self.taken

    @property
    def ended(self):
        self.backend.drain()
        return self.has_ended

    @property
    def pid(self):
        return self.facts["pid"]

    def is_alive(self):
        return processes.is_alive(self.pid)

    def has(self, kind):
        return any(e["kind"] == kind for e in self.entries)

    def received(self, method=None):
        """The messages it got, in order; with `method`, only those."""
        messages = [e["message"] for e in self.entries if e["kind"] == "received"]
        return messages if method is None else [m for m in messages if m.get("method") == method]

    def calls(self, tool):
        return [m for m in self.received("tools/call") if m.get("params", {}).get("name") == tool]

    def take(self, chunk):
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for entry in map(json.loads, lines):
            self.taken.append(entry)
            if entry["kind"] == "started":
                self.facts = entry


class FakeBackend:
    """Listens to the records of every process started with `command()`."""

    def __init__(self, folder):
        self.path = str(pathlib.Path(folder) / "record")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(128)
        self.changed = threading.Condition()
        self.started = []
        self.wake_out, self.wake_in = os.pipe()
        self.is_closed = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.wake_out, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def command(self, *flags):
        """The command line of a backend that records here."""
        interpreter = os.path.realpath(sys.executable)
        return [interpreter, "-I", "-S", str(PROGRAM), "--record", self.path, *map(str, flags)]

    # What happened.

    @property
    def processes(self):
        """Every process that has said that it started, in order, ended ones too."""
        self.drain()
        return [p for p in self.started if p.facts]

    @property
    def alive(self):
        return [p for p in self.processes if p.is_alive()]

    def only(self):
        """The one process that was ever started."""
        self.wait(lambda: self.processes, "a backend process")
        assert len(self.processes) == 1, [p.pid for p in self.processes]
        return self.processes[0]

    def wait(self, check, what, timeout=LIMIT_S):
        """Returns the first true value of `check()`, tried again at each event of a backend."""
        with self.changed:
            assert self.changed.wait_for(check, timeout), f"not within {timeout:g} s: {what}"
            return check()

    def wait_received(self, method, count=1, timeout=LIMIT_S):
        """Waits until `count` messages of that method have come to all processes together; returns them."""
        def check():
            messages = [m for p in self.started for m in p.received(method)]
            return messages if len(messages) >= count else None
        return self.wait(check, f"{count} × {method} at the backend", timeout)

    def wait_call(self, tool, count=1, timeout=LIMIT_S):
        """Waits until `count` calls of the tool have reached backends; returns their messages."""
        def check():
            messages = [m for p in self.started for m in p.calls(tool)]
            return messages if len(messages) >= count else None
        return self.wait(check, f"{count} × call of {tool} at the backend", timeout)

    def wait_ended(self, process, timeout=LIMIT_S):
        self.wait(lambda: process.ended, f"the end of backend process {process.pid}", timeout)

    # Listening: a thread, so that no backend ever waits for its record to be taken; and whoever asks, at once.

    def listen(self):
        while True:
            self.selector.select()
            if self.is_closed:
                return
            self.drain()

    def drain(self):
        """Takes everything that has been told up to now."""
        with self.changed:
            while ready := [key for key, _ in self.selector.select(0) if key.fileobj != self.wake_out]:
                for key in ready:
                    if key.fileobj is self.listener:
                        process = BackendProcess(self)
                        self.started.append(process)
                        self.selector.register(self.listener.accept()[0], selectors.EVENT_READ, process)
                    else:
                        self.hear(key)
                self.changed.notify_all()

    def hear(self, key):
        try:
            chunk = key.fileobj.recv(1 << 16)
        except OSError:
            chunk = b""
        if chunk:
            key.data.take(chunk)
        else:
            key.data.has_ended = True
            self.selector.unregister(key.fileobj)
            key.fileobj.close()

    def close(self):
        self.is_closed = True
        os.write(self.wake_in, b"x")
        self.thread.join()
        self.selector.close()
        for descriptor in (self.wake_in, self.wake_out):
            os.close(descriptor)
        self.listener.close()
        os.unlink(self.path)
