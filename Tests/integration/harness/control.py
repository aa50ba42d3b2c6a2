# SPDX-License-Identifier: Apache-2.0
"""The control protocol by a raw socket: Varlink is JSON, ended by a NUL."""
import array
import json
import socket

INTERFACE = "io.mcpctl.Supervisor"
LIMIT_S = 60.0


class Closed(Exception):
    """The supervisor closed the connection."""


class ControlConnection:
    def __init__(self, path, timeout=LIMIT_S):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, method, parameters=None, descriptors=(), **flags):
        """Sends one call; a method without a dot is one of our interface."""
        name = method if "." in method else f"{INTERFACE}.{method}"
        call = json.dumps({"method": name, "parameters": parameters or {}, **flags}).encode() + b"\0"
        ancillary = []
        if descriptors:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = self.socket.sendmsg([call], ancillary)
        self.socket.sendall(call[sent:])

    def receive(self):
        """The next reply. Raises `Closed` at the end of the stream."""
        while b"\0" not in self.buffer:
            try:
                chunk = self.socket.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed(self.buffer[:200])
            self.buffer += chunk
        reply, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(reply)

    def call(self, method, parameters=None, **flags):
        """One call and its reply, error or not."""
        self.send(method, parameters, **flags)
        return self.receive()
