# SPDX-License-Identifier: Apache-2.0
"""Tasks of the official SDK's server, which sees one client, between sessions: each is of the one that began it."""
import os
import pathlib
import signal

import pytest

SERVER = pathlib.Path(__file__).resolve().parent.parent / "backends" / "tasks_server.py"


@pytest.fixture
def pair(start_supervisor, program, repo):
    """Two sessions on one server, and the supervisor."""
    host = start_supervisor('[server.tasks]\ninteractive_tools = ["confirm"]\n')
    agents = [host.agent([program("sdk1"), str(SERVER)], repo, ["--name", "tasks"]) for _ in range(2)]
    for agent in agents:
        agent.initialize(capabilities={"elicitation": {}})
    return host, *agents


def begin(agent, tool, **arguments):
    """Calls a tool as a task, and returns the task."""
    id = agent.request("tools/call", {"name": tool, "arguments": arguments, "task": {"ttl": 60000}})
    return agent.result(id)["task"]


def about(agent, method, task):
    return agent.request(method, {"taskId": task["taskId"]})


def statuses(agent):
    return [m["params"]["status"] for m in agent.notifications("notifications/tasks/status")]


def test_a_task_is_the_sessions_that_began_it(pair):
    host, mine, other = pair
    task = begin(mine, "brew", cup="cup")
    assert mine.result(about(mine, "tasks/get", task))["status"] == "working"
    for method in ("tasks/get", "tasks/result", "tasks/cancel"):
        error = other.error(about(other, method, task))
        assert error["code"] == -32602
        assert error == other.error(other.request(method, {"taskId": "none"}))
    assert [t["taskId"] for t in mine.result(mine.request("tasks/list"))["tasks"]] == [task["taskId"]]
    assert other.result(other.request("tasks/list"))["tasks"] == []
    waiting = about(mine, "tasks/result", task)
    assert other.tool("pour", cup="cup") == "poured"
    assert mine.result(waiting)["content"][0]["text"] == "a full cup"
    assert mine.result(about(mine, "tasks/get", task))["status"] == "completed"
    other.fence()
    assert "completed" in statuses(mine)
    assert statuses(other) == []
    assert len(host.backends()) == 1


def test_both_have_tasks_at_the_same_time(pair):
    _, mine, other = pair
    tasks = {agent: [begin(agent, "brew", cup=f"{name}{n}") for n in range(6)] for agent, name in ((mine, "a"), (other, "b"))}
    for agent in (mine, other):
        listed = agent.result(agent.request("tasks/list"))["tasks"]
        assert {t["taskId"] for t in listed} == {t["taskId"] for t in tasks[agent]}
    assert mine.result(about(mine, "tasks/cancel", tasks[mine][0]))["status"] == "cancelled"
    assert other.result(about(other, "tasks/get", tasks[other][0]))["status"] == "working"


def test_a_question_of_a_task_reaches_its_session(pair):
    _, mine, other = pair
    task = begin(mine, "confirm")
    begin(other, "brew", cup="other")
    waiting = about(mine, "tasks/result", task)
    asked = mine.until(lambda message: message.get("method") == "elicitation/create")
    assert asked["params"]["message"] == "Are you sure?"
    mine.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept", "content": {"yes": True}}})
    assert mine.result(waiting)["content"][0]["text"] == "accept {'yes': True}"
    other.fence()
    assert not [m for m in other.seen if m.get("method") == "elicitation/create"]


def test_the_owner_is_told_when_the_server_dies(pair):
    host, mine, other = pair
    task = begin(mine, "brew", cup="cup")
    os.kill(host.backend()["pid"], signal.SIGKILL)
    told = mine.until(lambda m: m.get("method") == "notifications/tasks/status" and m["params"]["status"] == "failed")
    assert told["params"]["taskId"] == task["taskId"]
    error = mine.error(about(mine, "tasks/get", task))
    assert error["code"] == -32602 and error["data"]["reason"] == "backend_exit"
    other.fence()
    assert "failed" not in statuses(other)
    again = begin(mine, "brew", cup="cup")
    assert mine.result(about(mine, "tasks/get", again))["status"] == "working"
