# SPDX-License-Identifier: Apache-2.0
"""A supervisor that answers each method with what a test gave it, over a real socket."""

import json
import os
import socket
import threading

INTERFACE = "io.mcpctl.Supervisor"


def reply(parameters, **more):
    return json.dumps({"parameters": parameters, **more}).encode() + b"\0"


def error(name, **parameters):
    if "." not in name:
        name = f"{INTERFACE}.{name}"
    return json.dumps({"error": name, "parameters": parameters}).encode() + b"\0"


class FakeSupervisor:
    """`answers` maps a method's name to bytes, to a list of bytes (sent one piece at a time), or to a callable that
    gets the connection and the call. A method without an answer is never answered. Give `answers` at once where somebody
    is asking already."""

    def __init__(self, path, answers=()):
        self.path = str(path)
        self.answers = dict(answers)
        self.calls = []
        self.released = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.released.set()
        # Wakes accept(2), which closing alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        os.unlink(self.path)

    def parameters(self, method):
        """The parameters of the last call of a method."""
        return [call["parameters"] for call in self.calls if call["method"].endswith("." + method)][-1]

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection:
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
                while b"\0" in received:
                    message, received = received.split(b"\0", 1)
                    call = json.loads(message)
                    self.calls.append(call)
                    if not self._answer(connection, call):
                        return

    def _answer(self, connection, call):
        answer = self.answers.get(call["method"].rsplit(".", 1)[1])
        if answer is None:
            self.released.wait()
            return False
        if callable(answer):
            return answer(connection, call)
        for piece in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
        return True
