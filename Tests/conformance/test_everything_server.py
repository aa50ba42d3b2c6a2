# SPDX-License-Identifier: Apache-2.0
"""The official server that does everything, with the official clients of both generations: what a session sees through us
is what it sees without us, alone and beside others."""
import json
import os
import pathlib
import subprocess

import environment
import pytest
from harness.supervisor import Direct

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = {"v1": "sdk1", "v2": "sdk2", "v2-modern": "sdk2"}
CONFIGURATION = '[server.modern]\nera = "modern"\n[server.lane]\ninteractive_tools = ["*"]\n'
# Tools through which the server asks the client something: nothing says which of several sessions is meant.
QUESTIONS = ["questions"]
ROUNDS = ["rounds"]
LIMIT_S = 150


@pytest.fixture
def world(start_supervisor, folder, repo, program):
    direct = Direct(f"{folder}/direct")
    yield World(start_supervisor(CONFIGURATION), direct, repo, program)
    direct.dispose()


class World:
    """Sessions of the official clients, directly or through the supervisor."""

    def __init__(self, supervisor, direct, repo, program):
        self.supervisor, self.direct, self.repo, self.program = supervisor, direct, repo, program
        self.server = [program("suite"), str(HERE / "everything.py"), str(environment.ROOT / "suite" / "source")]

    def start(self, kind, extras=(), options=None):
        """A running session; without `options` it has the server for itself, and nothing of us between."""
        host = self.direct if options is None else self.supervisor
        command = host.front(self.server, options) if options is not None else self.server
        return subprocess.Popen(
            [self.program(CLIENTS[kind]), str(HERE / "everything_client.py"), kind, json.dumps(command), *extras],
            cwd=self.repo, env=host.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def told(self, *sessions):
        """What each of the sessions tells."""
        for session in sessions:
            output, errors = session.communicate(timeout=LIMIT_S)
            assert session.returncode == 0, errors[-3000:]
            yield comparable(json.loads(output))


def options(kind, *more):
    return [*more, *(["--name", "modern"] if kind == "v2-modern" else [])]


def comparable(told):
    """This tool's answer is the token that the server saw, which is ours."""
    token = told["test_tool_with_progress"]
    assert token.pop("content")[0]["text"] == token.pop("structuredContent")["result"]
    return told


def differences(through_us, by_itself):
    """Step → what it was through us, and directly."""
    return {step: (through_us.get(step), by_itself.get(step)) for step in through_us.keys() | by_itself.keys()
            if through_us.get(step) != by_itself.get(step)}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", CLIENTS)
def test_one_session_sees_what_it_sees_directly(world, kind):
    extras = QUESTIONS + ROUNDS if kind == "v2-modern" else []
    by_itself, through_us = world.told(world.start(kind, extras), world.start(kind, extras, options(kind)))
    assert differences(through_us, by_itself) == {}
    assert by_itself["test_simple_text"]["content"][0]["text"] == "This is a simple text response for testing."
    assert len(by_itself["test_tool_with_progress: progress"]) == 3
    assert len(by_itself["test_tool_with_logging: log"]) == 3


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_private_session_is_asked_as_directly(world, kind):
    """Sampling, elicitation in all its forms, roots."""
    extras = QUESTIONS + ROUNDS
    by_itself, through_us = world.told(
        world.start(kind, extras), world.start(kind, extras, options(kind, "--share", "session")))
    assert differences(through_us, by_itself) == {}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_two_sessions_in_the_lane_are_asked_and_told_as_directly(world, kind):
    """Where every tool may ask, calls take turns, and nothing is left that could be another's: neither question nor log."""
    by_itself, *both = world.told(world.start(kind, QUESTIONS), world.start(kind, QUESTIONS, ["--name", "lane"]),
                                  world.start(kind, QUESTIONS, ["--name", "lane"]))
    assert len(world.supervisor.backends()) == 1
    for through_us in both:
        assert differences(through_us, by_itself) == {}
    assert "hej" in by_itself["test_sampling"]["content"][0]["text"]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", CLIENTS)
def test_two_sessions_at_once_each_see_their_own(world, kind):
    """Logs of calls at the same time cannot be told apart, and are dropped: none is ever another's."""
    by_itself, *both = world.told(world.start(kind), world.start(kind, (), options(kind)),
                                  world.start(kind, (), options(kind)))
    assert len(world.supervisor.backends()) == 1
    for through_us in both:
        found = differences(through_us, by_itself)
        for step in [step for step in found if step.endswith(": log")]:
            here, direct = found.pop(step)
            assert all(entry in direct for entry in here) and len(here) <= len(direct), step
        assert found == {}


@pytest.mark.timeout(400)
def test_clients_of_both_eras_at_once_on_a_server_of_either(world):
    """The same texts, whichever era the client and the server speak."""
    for era in ([], ["--name", "modern"]):
        sessions = [world.start(kind, (), [*era]) for kind in CLIENTS]
        reports = list(world.told(*sessions))
        for tool in ("test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
                     "test_multiple_content_types", "test_error_handling"):
            assert len({json.dumps(report[tool]["content"], sort_keys=True) for report in reports}) == 1, tool
        for uri in ("test://static-text", "test://static-binary", "test://template/7/data"):
            assert len({json.dumps(report[uri]["contents"], sort_keys=True) for report in reports}) == 1, uri
        for report in reports:
            assert len(report["test_tool_with_progress: progress"]) == 3
    assert len(world.supervisor.backends()) == 2
