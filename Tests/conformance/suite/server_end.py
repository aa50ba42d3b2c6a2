# SPDX-License-Identifier: Apache-2.0
"""The server's end of a bridge: runs the server object of a test on a socket, and answers the neighbour's calls itself,
so that the object under test sees nothing of them."""
import json

import anyio
from mcp.shared._context_streams import create_context_streams
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

TOOL = "neighbour"
WORDS = "for the neighbour alone"
URI = "neighbour://resource"
ENDED = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class ServerEnd:
    """One connection: one process of the backend."""

    def __init__(self, connection, overlaps):
        self.connection, self.overlaps = connection, overlaps
        self.writing = anyio.Lock()
        self.held = None

    async def run(self, server):
        low = getattr(server, "_lowlevel_server", server)
        into, reading = create_context_streams[SessionMessage | Exception](0)
        writing, out = create_context_streams[SessionMessage](0)
        async with self.connection, anyio.create_task_group() as tasks:
            tasks.start_soon(self.read, into)
            tasks.start_soon(self.write, out)
            try:
                await low.run(reading, writing, low.create_initialization_options())
            finally:
                tasks.cancel_scope.cancel()

    async def read(self, into):
        rest = b""
        async with into:
            try:
                while True:
                    *lines, rest = (rest + await self.connection.receive(65536)).split(b"\n")
                    for line in filter(bytes.strip, lines):
                        if not await self.is_the_neighbours(line):
                            await into.send(decoded(line))
            except ENDED:
                pass

    async def write(self, out):
        async with out:
            async for message in out:
                await self.send(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode())

    async def send(self, line):
        async with self.writing:
            try:
                await self.connection.send(line + b"\n")
            except ENDED:
                pass

    # The neighbour.

    async def is_the_neighbours(self, line):
        """Answers what the neighbour asked. Where calls may overlap, its call waits for its next one, so that one is
        always under way."""
        try:
            message = json.loads(line)
        except ValueError:
            return False
        if not isinstance(message, dict) or "id" not in message:
            return False
        params = message.get("params") or {}
        if message.get("method") == "tools/call" and params.get("name") == TOOL:
            await self.say("notifications/message", {"level": "emergency", "data": WORDS})
            await self.say("notifications/progress", {"progressToken": params["_meta"]["progressToken"], "progress": 1})
            waiting, self.held = (self.held, message["id"]) if self.overlaps else (message["id"], None)
            if waiting is not None:
                await self.answer(waiting, {"content": [{"type": "text", "text": TOOL}], "resultType": "complete"})
            return True
        if message.get("method") in ("resources/subscribe", "resources/unsubscribe") and params.get("uri") == URI:
            await self.answer(message["id"], {})
            return True
        if message.get("method") == "logging/setLevel" and params.get("level") == "emergency":
            await self.answer(message["id"], {})
            return True
        return False

    async def say(self, method, params):
        await self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    async def answer(self, id, result):
        await self.send(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode())


def decoded(line):
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error
