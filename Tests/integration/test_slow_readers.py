# SPDX-License-Identifier: Apache-2.0
"""Clients that are behind in reading, and clients that take no long messages."""
import re
import time

import pytest

from harness.waiting import eventually

SMALL = 'output_queue_max = "64K"\n'


def two(supervisor, fake, repo):
    agents = [supervisor.agent(fake.command(), repo) for _ in range(2)]
    for agent in agents:
        agent.initialize()
    return agents


def left_out(supervisor):
    """All that the supervisor says it has left out: a client may fall behind more than once."""
    return sum(map(int, re.findall(r"(\d+) log messages left out", supervisor.log())))


@pytest.mark.timeout(120)
def test_of_a_storm_of_progress_one_who_is_behind_gets_the_newest_and_the_answer(start_supervisor, fake, repo):
    slow, other = two(start_supervisor(SMALL), fake, repo)
    slow.call("progress", id=1, token="p", steps=20_000)
    fake.wait_call("progress")
    assert other.tool("echo", timeout=60, text="answered after it") == "answered after it"
    assert slow.text(1, timeout=60)
    steps = [m["params"]["progress"] for m in slow.notifications("notifications/progress")]
    assert steps == sorted(steps) and steps[-1] == 20_000 and len(steps) < 20_000
    assert all(m["params"]["progressToken"] == "p" for m in slow.notifications("notifications/progress"))


@pytest.mark.timeout(120)
def test_log_messages_are_left_out_for_one_who_is_behind_and_the_log_counts_them(start_supervisor, fake, repo):
    supervisor = start_supervisor(SMALL)
    slow = two(supervisor, fake, repo)[0]
    # Nobody else may have a call under way, or the messages could be about that.
    slow.call("notify", id=1, method="notifications/message", times=20_000, params={"level": "error", "data": "d"})
    fake.wait_call("notify")
    eventually(lambda: not any(s["in_flight"] for s in supervisor.sessions()), "the storm is over", 60)
    assert slow.text(1, timeout=60) == "sent"
    got = len(slow.notifications("notifications/message"))
    assert 0 < got < 20_000
    eventually(lambda: left_out(supervisor) == 20_000 - got, "the log counts them")
    assert slow.tool("echo", text="goes on") == "goes on"


@pytest.mark.timeout(120)
def test_one_who_reads_in_time_loses_no_answer(start_supervisor, fake, repo):
    supervisor = start_supervisor(SMALL)
    slow, other = two(supervisor, fake, repo)
    for id in range(40):
        slow.call("big", id=id, bytes=500_000)
    fake.wait_call("big", 2)
    assert other.tool("echo", text="x") == "x"
    time.sleep(1)  # Long enough to be ended if there were no patience.
    assert [len(slow.text(id, timeout=60)) for id in range(40)] == [500_000] * 40
    assert len(supervisor.sessions()) == 2


@pytest.mark.timeout(120)
def test_one_who_never_reads_is_ended_when_its_time_is_over_and_nobody_else(start_supervisor, fake, repo):
    supervisor = start_supervisor(SMALL + 'output_timeout = "1s"\n')
    deaf, other = two(supervisor, fake, repo)
    begun = time.monotonic()
    for id in range(10):
        deaf.call("big", id=id, bytes=200_000)
    fake.wait_call("big")
    eventually(lambda: [s["pid"] for s in supervisor.sessions()] == [other.pid], "the deaf one is ended")
    assert 1 < time.monotonic() - begun
    [line] = [line for line in supervisor.log().splitlines() if "output_timeout" in line]
    assert "does not read" in line and "bytes wait" in line
    assert other.tool("echo", text="unhurt") == "unhurt"


def test_a_client_that_takes_no_long_messages_gets_an_error_and_another_the_result(start_supervisor, fake, repo):
    supervisor = start_supervisor('[max_message_to_client]\n"tiny*" = "64K"\n')
    tiny, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    tiny.initialize(name="tiny-client")
    other.initialize(name="another")
    error = tiny.error(tiny.call("big", bytes=100_000))
    assert error["code"] == -32603 and error["data"]["reason"] == "oversize_result"
    assert "tiny-client" in error["message"] and "max_message_to_client" in error["message"]
    assert len(other.tool("big", bytes=100_000)) == 100_000
    assert tiny.tool("echo", text="goes on") == "goes on"
