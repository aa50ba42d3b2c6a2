# SPDX-License-Identifier: Apache-2.0
"""Another session on the backend of a test: calls, takes progress, sets its level and subscribes, all the while, and
with the ids and tokens that the SDK's client uses."""
import json
import subprocess
from contextlib import asynccontextmanager

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from server_end import TOOL, URI, WORDS

PACE_S = 0.01
HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": TOOL, "version": "1"}}


class Neighbour:
    def __init__(self, process, overlaps):
        self.process, self.overlaps = process, overlaps
        self.reading = BufferedByteReceiveStream(process.stdout)
        self.last = 0
        self.calls = []

    async def send(self, message):
        await self.process.stdin.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def request(self, method, params):
        self.last += 1
        await self.send({"id": self.last, "method": method, "params": params})
        return self.last

    async def call(self):
        """Begins a call; where calls may overlap it is answered when the next one has begun."""
        token = self.last + 1
        self.calls = [*self.calls[-1:], token]
        return await self.request("tools/call", {"name": TOOL, "arguments": {}, "_meta": {"progressToken": token}})

    async def answer(self, id):
        """The response to this request, whatever it is. All that comes before it must be the neighbour's own."""
        while True:
            message = json.loads(await self.reading.receive_until(b"\n", 1 << 24))
            params = message.get("params", {})
            if "method" not in message:
                assert message["id"] == id, message
                return message
            if message["method"] == "notifications/progress":
                assert params["progressToken"] in self.calls, message
            elif message["method"] == "notifications/message":
                assert params["data"] == WORDS, message
            else:
                assert message["method"].endswith("list_changed"), message

    async def settle(self):
        """After this the session is open, and where calls may overlap one is under way."""
        assert "result" in await self.answer(await self.request("initialize", HANDSHAKE))
        await self.send({"method": "notifications/initialized"})
        begun = await self.call()
        if not self.overlaps:
            await self.answer(begun)

    async def live(self):
        while True:
            awaited = self.calls[-1]
            begun = await self.call()
            answer = await self.answer(awaited if self.overlaps else begun)
            assert answer["result"]["content"][0]["text"] == TOOL, answer
            # Refused where the server has no such thing.
            await self.answer(await self.request("logging/setLevel", {"level": "emergency"}))
            await self.answer(await self.request("resources/subscribe", {"uri": URI}))
            await self.answer(await self.request("resources/unsubscribe", {"uri": URI}))
            await anyio.sleep(PACE_S)


@asynccontextmanager
async def neighbour(command, environment, cwd, overlaps):
    """Runs one while the body runs. Its own failure is the test's."""
    process = await anyio.open_process(command, stderr=subprocess.DEVNULL, env=environment, cwd=cwd)
    async with process, anyio.create_task_group() as tasks:
        one = Neighbour(process, overlaps)
        await one.settle()
        tasks.start_soon(one.live)
        yield one
        tasks.cancel_scope.cancel()
        await process.stdin.aclose()
        await process.wait()
