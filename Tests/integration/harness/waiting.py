# SPDX-License-Identifier: Apache-2.0
"""Waiting for facts that come without an event (a process table, a status), always with a limit and a reason."""
import time

STEP_S = 0.01


def eventually(check, what, timeout=10.0):
    """Returns the first true value of `check()`; after `timeout` seconds fails with `what` (a text, or a function that
    makes one then) and the last value."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {timeout:g} s: {text} (last seen: {value!r})")
        time.sleep(STEP_S)


class Deadline:
    """A point in time; `left()` is what select wants to know."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())
