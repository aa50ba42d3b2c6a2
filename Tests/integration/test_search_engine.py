# SPDX-License-Identifier: Apache-2.0
"""find_tool with the model that finds by meaning: the supervisor, mcp-embed and the engine file together."""
import json
import os
import pathlib
import stat

import pytest

from harness import processes
from harness.engine import NAME, engine_file
from harness.waiting import eventually

# A list is encoded in the background, by a process that gives way to all others; and the engine may have to be built.
pytestmark = pytest.mark.timeout(300)

META = ["--meta-tools"]


@pytest.fixture(scope="module")
def engine():
    return engine_file()


@pytest.fixture
def data(folder):
    """The user's data directory, empty."""
    path = pathlib.Path(folder) / "data" / "mcp-supervisor"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def start(start_supervisor, data):
    return lambda: start_supervisor(XDG_DATA_HOME=str(data.parent))


def find(agent, query):
    found = agent.rpc("tools/call", {"name": "find_tool", "arguments": {"query": query}})
    return [match["name"] for match in found["structuredContent"]["matches"]]


def session(supervisor, fake, repo, *options):
    agent = supervisor.agent(fake.command(*options), repo, META)
    agent.initialize()
    return agent


def search(supervisor):
    return supervisor.status()["supervisor"]["search"]


def encoders(supervisor):
    """Processes of mcp-embed that the supervisor has started."""
    children = pathlib.Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
    return [int(pid) for pid in children if "mcp-embed" in " ".join(processes.command_line(int(pid)))]


def vectors(supervisor):
    return list((supervisor.folder / "state" / "mcp-supervisor" / "vectors").glob("*.vectors"))


def test_tools_are_found_by_meaning_and_their_vectors_kept(start, fake, repo, data, engine):
    os.link(engine, data / NAME)
    supervisor = start()
    assert search(supervisor) == {"stage": "engine", "engine": str(data / NAME), "problem": None}
    agent = session(supervisor, fake, repo)
    # Not a word of the tool's in common.
    assert "multiply" in find(agent, "spawn many subprocesses") and "length" in find(agent, "size of a string")
    file = eventually(lambda: vectors(supervisor), "the vectors are kept", 100)[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # The encoder of the list has ended, the one of queries waits for more.
    eventually(lambda: len(encoders(supervisor)) == 1, "one encoder is left")
    assert "tool search    by meaning, with" in supervisor.ctl("status").stdout
    # The next supervisor computes no list again.
    before = file.stat().st_mtime_ns
    agent.dispose()
    supervisor.kill(15)
    supervisor.start(XDG_DATA_HOME=str(data.parent))
    assert "length" in find(session(supervisor, fake, repo), "size of a string")
    assert file.stat().st_mtime_ns == before


def test_without_the_engine_the_table_finds(start, fake, repo):
    supervisor = start()
    assert search(supervisor) == {"stage": "table", "engine": None, "problem": None}
    assert "length" in find(session(supervisor, fake, repo), "how many characters a text has")
    assert encoders(supervisor) == [] and vectors(supervisor) == []
    assert "tool search    by words and the small table" in supervisor.ctl("status").stdout


@pytest.mark.parametrize("damage", ["header", "weights"])
def test_a_damaged_engine_is_said_once_and_the_search_goes_on(start, fake, repo, data, engine, damage):
    content = bytearray(engine.read_bytes())
    content[0 if damage == "header" else len(content) // 2] ^= 1
    (data / NAME).write_bytes(content)
    supervisor = start()
    agent = session(supervisor, fake, repo)
    for _ in range(3):
        assert "length" in find(agent, "how many characters a text has")
    problem = eventually(lambda: search(supervisor)["problem"], "the problem is told")
    assert search(supervisor)["stage"] == "table" and str(data / NAME) in problem
    assert supervisor.log().count("make engine builds it anew") == 1, supervisor.log()
    # One that is put in its place serves without a restart.
    (data / NAME).unlink()
    os.link(engine, data / NAME)
    assert "length" in find(agent, "size of a string")
    assert search(supervisor)["stage"] == "engine"


def test_damaged_vectors_are_dropped_with_a_word(start, fake, repo, data, engine):
    os.link(engine, data / NAME)
    supervisor = start()
    agent = session(supervisor, fake, repo)
    find(agent, "size of a string")
    file = eventually(lambda: vectors(supervisor), "the vectors are kept", 100)[0]
    agent.dispose()
    supervisor.kill(15)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    supervisor.start(XDG_DATA_HOME=str(data.parent))
    assert "length" in find(session(supervisor, fake, repo), "size of a string")
    eventually(lambda: file.exists() and file.read_bytes() != bytes(content), "they are made anew", 100)
    assert supervisor.log().count(f"{file} is damaged, dropped it") == 1


def test_an_encoder_that_is_killed_costs_one_query_its_meaning(start, fake, repo, data, engine):
    os.link(engine, data / NAME)
    supervisor = start()
    agent = session(supervisor, fake, repo)
    find(agent, "size of a string")
    for pid in encoders(supervisor):
        os.kill(pid, 9)
    assert "length" in find(agent, "how many characters a text has")


def test_calls_of_others_do_not_wait_while_a_list_is_encoded(start, fake, repo, data, engine):
    os.link(engine, data / NAME)
    # So many tools that no machine is through with them in the moments that this takes.
    many = data / "definitions.json"
    many.write_text(json.dumps({f"tool_{n}": f"The tool of number {n}. " + "It says much of what it does. " * 30
                                for n in range(100)}))
    options = ["--definitions", str(many)]
    supervisor = start()
    plain = supervisor.agent(fake.command(*options), repo)
    plain.initialize()
    agent = session(supervisor, fake, repo, *options)
    find(agent, "size of a string")
    eventually(lambda: len(encoders(supervisor)) == 2, "one encoder for queries, one for the list")
    for _ in range(20):
        assert plain.text(plain.call("echo", text="x")) == "x"
    assert vectors(supervisor) == [], "the list was done before anybody could wait for it"
    # With the last session the encoders go, in the middle of the list.
    for one in (agent, plain):
        one.dispose()
    eventually(lambda: encoders(supervisor) == [], "no encoder is left")
