# SPDX-License-Identifier: Apache-2.0
"""The supervisor's side of Attach, as much of it as a shim sees; in the test's own process."""

import json
import os
import select
import socket

LIMIT = 30  # seconds that anything here may take


class Attachment:
    """One connection of a shim, with its call and its three descriptors."""

    def __init__(self, connection):
        self.connection = connection
        connection.settimeout(2 * LIMIT)  # the shim itself is patient for 10 seconds
        message, descriptors, self.chunks = b"", [], 0
        while not message.endswith(b"\0"):
            part, received, _, _ = socket.recv_fds(connection, 65536, 8)
            assert part, "the shim went away in mid-call"
            assert self.chunks == 0 or not received, "descriptors go with the first bytes"
            self.chunks += 1
            message += part
            descriptors += received
        self.call = json.loads(message[:-1].decode())
        self.parameters = self.call["parameters"]
        assert self.call["method"] == "io.mcpctl.Supervisor.Attach"
        assert self.call["more"] is True
        assert len(descriptors) == 3
        self.cwd, self.stdin, self.stdout = descriptors

    def send(self, message):
        self.connection.sendall(json.dumps(message).encode() + b"\0")

    def attached(self, session="s7", resume=None):
        self.send({"parameters": {"session": session, "resume": resume}, "continues": True})
        return self

    def ended(self, reason="the agent went away"):
        self.send({"parameters": {"session": "s7", "ended": True, "reason": reason}})

    def refuse(self, reason, name="io.mcpctl.Supervisor.Refused"):
        self.send({"error": name, "parameters": {"reason": reason}})

    def read(self, count):
        """Exactly so many bytes of the agent's, or fewer at its end."""
        data = b""
        while len(data) < count:
            assert select.select([self.stdin], [], [], LIMIT)[0], "nothing comes from the agent"
            part = os.read(self.stdin, count - len(data))
            if not part:
                break
            data += part
        return data

    def write(self, data):
        while data:
            data = data[os.write(self.stdout, data) :]

    def close(self):
        """Goes away as a process does: everything at once."""
        self.connection.close()
        for descriptor in (self.cwd, self.stdin, self.stdout):
            os.close(descriptor)

    def is_hung_up(self):
        """Waits until the shim closes the connection."""
        try:
            return self.connection.recv(1) == b""
        except ConnectionResetError:  # it had not read everything
            return True


class FakeSupervisor:
    def __init__(self, path):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.settimeout(LIMIT)
        self.listener.bind(path)
        self.listener.listen(128)
        self.attachments = []

    def accept(self):
        connection, _ = self.listener.accept()
        attachment = Attachment(connection)
        self.attachments.append(attachment)
        return attachment

    def close(self):
        self.listener.close()
