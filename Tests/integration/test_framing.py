# SPDX-License-Identifier: Apache-2.0
"""Lines: what servers and clients get wrong on their pipes must not reach the other side, nor stop it."""
import json

import pytest

from harness.agent import Ended

CALL = '{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"text":%s}}}'


@pytest.mark.parametrize("flags", [
    ["--before", r"Starting server...\nnpm WARN deprecated\n"],
    ["--before", r"\x1b[32mready\x1b[0m\r\n\r\n"],
    ["--before", r"[1, 2, 3]\n\"text\"\n17\n{\"not\": \"rpc\"}\n{broken\n"],
    ["--before", r"10%\r50%\r100%\r\n"],
    ["--before", r"\xff\xfe\x00binary\n"],
    ["--glued", "print without newline "],
    ["--bom"],
    ["--crlf"],
    ["--dribble"],
], ids=lambda flags: " ".join(flags)[:30])
def test_a_server_with_bad_manners_on_stdout_is_understood(supervisor, fake, repo, flags):
    agent = supervisor.agent(fake.command(*flags), repo)
    agent.initialize()
    for text in ("plain", "zwölf Ünïcode ⚙ 🦊", "line\u2028and\u2029paragraph\x85end", "tab\tand\r\nbreak"):
        assert agent.tool("echo", text=text) == text
    assert all(m.raw.startswith(b"{") and not m.raw.endswith(b"\r") for m in agent.seen)


def test_garbage_in_the_middle_of_a_session_is_skipped(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    for text in ("debug: here\n", "{\"jsonrpc\":\n", "\n\n", "\x1b[2K\r", "null\n", "x" * 100_000 + "\n"):
        assert agent.tool("raw", text=text) == "written"
    assert agent.tool("echo", text="fine") == "fine"


def test_an_agent_may_send_crlf_blank_lines_and_a_byte_order_mark(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.send_bytes(b"\xef\xbb\xbf")
    agent.initialize()
    agent.send_bytes(b"\r\n\n" + CALL.encode() % (1, b'"crlf"') + b"\r\n\r\n")
    assert agent.text(1) == "crlf"


def test_a_line_that_is_not_json_is_skipped(host, fake, repo):
    if type(host).__name__ == "Direct":
        pytest.skip("the fake backend trusts its client")
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    agent.send_bytes(b"what?\n{\"jsonrpc\":\"2.0\",\n\x00\xff\n")
    assert agent.tool("echo", text="fine") == "fine"
    assert [m for m in fake.only().received() if "method" not in m] == []


def test_bytes_split_anywhere_arrive_whole(host, fake, repo):
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    text = "ä€𝄞\u2028"
    lines = [(CALL % (id, json.dumps(text, ensure_ascii=False)) + "\n").encode() for id in range(100, 300)]
    cuts = range(1, len(lines[0]))
    for cut, line in zip(cuts, lines):
        agent.send_bytes(line[:cut])
        agent.send_bytes(line[cut:])
    for id in range(100, 100 + len(cuts)):
        assert agent.text(id) == text


def test_payload_bytes_are_not_rewritten(host, fake, repo):
    """Numbers, key order, escapes and unknown members reach the backend as they were sent."""
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    agent.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"x/bytes","params":{"z":1.10,"a":1e2,"n":-0,"big":12345678901234567890,'
                     b'"s":"\\/\\u00e9\\ud83d\\ude00","nested":{"id":7,"method":"no"}},"extra":[1.0]}\n')
    agent.error(1)
    [message] = fake.wait_received("x/bytes")
    assert message["params"]["nested"] == {"id": 7, "method": "no"} and message["extra"] == [1.0]
    assert list(message["params"]) == ["z", "a", "n", "big", "s", "nested"]
    assert message["params"]["big"] == 12345678901234567890 and message["params"]["s"] == "/é😀"


def test_half_a_line_at_the_end_of_a_backend_is_never_delivered(supervisor, fake, repo):
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    error = agent.error(agent.call("half", id=1))
    assert error["code"] == -32603 and error["data"]["reason"] == "backend_exit"
    assert agent.tool("echo", text="new generation") == "new generation"
    assert len(agent.answers(1)) == 1


def test_half_a_line_at_the_end_of_an_agent_is_never_forwarded(supervisor, fake, repo):
    agent, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for a in (agent, other):
        a.initialize()
    agent.send_bytes(CALL.encode()[:-1] % (1, b'"half"'))
    assert agent.finish() == 0
    assert other.tool("echo", text="whole") == "whole"
    assert len(fake.only().calls("echo")) == 1


@pytest.mark.timeout(120)
def test_twelve_megabytes_each_way(host, fake, repo):
    agent = host.agent(fake.command(), repo)
    agent.initialize()
    size = 12_000_000
    id = agent.request("tools/call", {"name": "length", "arguments": {"text": "y" * size}})
    assert agent.text(id, timeout=60) == str(size)
    answer = agent.answer(agent.call("big", bytes=9_000_000), timeout=60)
    assert len(answer["result"]["content"][0]["text"]) == 9_000_000


def test_an_answer_beyond_the_limit_becomes_an_error(supervisor, fake, repo):
    """64 MiB: below that a client that reads the server itself would have got the answer, so it gets it from us."""
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    error = agent.error(agent.call("big", bytes=70 << 20), timeout=40)
    assert error["code"] == -32603 and "limit" in error["message"]
    assert agent.tool("echo", text="on") == "on"


@pytest.mark.timeout(120)
def test_a_line_without_end_is_bounded(supervisor, fake, repo):
    """100 MB in one line of an agent: that request is refused or the session ended; the others do not notice."""
    agent, other = (supervisor.agent(fake.command(), repo) for _ in range(2))
    for a in (agent, other):
        a.initialize()
    head, tail = CALL.split("%s")
    try:
        agent.send_bytes((head % 1).encode() + b'"' + b"z" * 100_000_000 + b'"' + tail.encode() + b"\n", timeout=60)
        assert "error" in agent.answer(1)
    except (Ended, BrokenPipeError):
        pass
    assert other.tool("echo", text="unhurt") == "unhurt"
    assert len(fake.processes) == 1, supervisor.log()
    assert supervisor.status()["supervisor"]["memory"]["pss_bytes"] < 400_000_000


@pytest.mark.parametrize("sockets", [False, True], ids=["pipes", "sockets"])
def test_pipes_and_socket_pairs_serve_alike(host, fake, repo, sockets):
    agent = host.agent(fake.command(), repo, sockets=sockets)
    agent.initialize()
    assert agent.tool("echo", text="hello") == "hello"
    assert agent.finish() == 0
