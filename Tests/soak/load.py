# SPDX-License-Identifier: Apache-2.0
"""Sessions that call all the time and keep books: every request is answered once, by what it asked for, or explained."""
import collections
import random
import select
import threading
import time

from harness.agent import Ended

# A request that has no answer after so long is lost. Far beyond what any fault may cost.
LOST_S = 60.0
TEXT = "soak"


class Books:
    """What came of the requests of all sessions."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.troubles = []
        self.slowest = 0.0
        # When the last fault was, and how long after it the last error came that a request of before it was answered with.
        self.fault = None
        self.slowest_error = 0.0

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by

    def trouble(self, what, text):
        with self.lock:
            self.counts[what] += 1
            if len(self.troubles) < 20:
                self.troubles.append(f"{what}: {text}")

    def broken(self):
        """Something is broken at this moment."""
        with self.lock:
            self.fault = time.monotonic()

    def error(self, error, began):
        """An error says why in `data.reason`; one without explains nothing."""
        reason = (error.get("data") or {}).get("reason")
        with self.lock:
            if self.fault and began < self.fault:
                self.slowest_error = max(self.slowest_error, time.monotonic() - self.fault)
            self.counts["errors"] += 1
            self.reasons[reason or f"none: {error.get('message')}"] += 1

    def took(self, seconds):
        with self.lock:
            self.slowest = max(self.slowest, seconds)


class Caller(threading.Thread):
    """One session, with up to `width` requests open at a time; a new one begins where a killed shim took the old."""

    def __init__(self, number, books, connect, seed, width=3):
        super().__init__(name=f"caller-{number}", daemon=True)
        self.number, self.books, self.connect, self.width = number, books, connect, width
        self.random = random.Random(seed * 1000 + number)
        self.stopping = threading.Event()
        self.agent = None
        self.open = {}
        self.answered = set()
        self.serial = 0

    def run(self):
        while not self.stopping.is_set():
            try:
                self.converse()
            except (Ended, OSError):
                # Its shim was killed: an agent would start another. What was open has nobody to be answered to.
                self.books.count("sessions ended")
                self.books.count("gone with their session", len(self.open))
            except TimeoutError as error:
                self.books.trouble("lost", f"session {self.number}: {error}")
            finally:
                self.open, self.answered = {}, set()

    def converse(self):
        self.agent = self.connect(self.number)
        self.books.count("sessions begun")
        self.agent.initialize(name=f"soak-{self.number}", timeout=LOST_S)
        while not self.stopping.is_set():
            while len(self.open) < self.width:
                self.ask()
            self.listen(0.5)
        self.settle()
        self.agent.end_input()
        self.agent.process.wait(LOST_S)

    def ask(self):
        """One of the things agents do, with a text that is this request's alone."""
        self.serial += 1
        text = f"{TEXT}-{self.number}-{self.serial}"
        kind = self.random.random()
        if kind < 0.8:
            id = self.agent.call("echo", text=text)
            self.open[id] = (time.monotonic(), lambda m: m["result"]["content"][0]["text"] == text)
        elif kind < 0.9:
            size = self.random.choice([100, 10_000, 300_000])
            id = self.agent.call("big", bytes=size)
            self.open[id] = (time.monotonic(), lambda m: len(m["result"]["content"][0]["text"]) >= size)
        elif kind < 0.95:
            id = self.agent.request("tools/list")
            self.open[id] = (time.monotonic(), lambda m: bool(m["result"]["tools"]))
        else:
            id = self.agent.call("echo", text=text)
            self.agent.cancel(id)
            self.books.count("taken back")
            self.answered.add(id)  # At most one answer, and none is owed.
            self.books.count("sent")
            return
        self.books.count("sent")

    def listen(self, seconds):
        """What has come; a request that waits for too long is lost, and said once."""
        agent = self.agent
        if not agent.lines and not select.select([agent.output], [], [], seconds)[0]:
            return self.look_for_lost()
        if not agent.lines and not agent.fill():
            raise Ended(agent.stderr())
        while agent.lines:
            message = agent.receive(0)
            agent.seen.clear()
            self.take(message)
        self.look_for_lost()

    def take(self, message):
        if "method" in message:
            return self.books.count("notifications")
        id = message.get("id")
        if id not in self.open:
            if id not in self.answered:
                self.books.trouble("answered twice, or never asked", f"session {self.number}: {str(message)[:300]}")
            self.answered.discard(id)
            return None
        began, is_right = self.open.pop(id)
        self.books.took(time.monotonic() - began)
        if "error" in message:
            return self.books.error(message["error"], began)
        if not is_right(message):
            return self.books.trouble("another's answer", f"session {self.number}: {str(message)[:300]}")
        return self.books.count("answered")

    def look_for_lost(self):
        now = time.monotonic()
        for id in [id for id, (began, _) in self.open.items() if now - began > LOST_S]:
            del self.open[id]
            self.books.trouble("lost", f"session {self.number}: {id} had no answer for {LOST_S:g} s")

    def settle(self):
        """Waits for what is still open."""
        while self.open:
            self.listen(0.5)

    def stop(self):
        self.stopping.set()
