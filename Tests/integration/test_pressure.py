# SPDX-License-Identifier: Apache-2.0
"""When memory is short, who is idle makes room. Here a reserve that no machine has makes it short for good."""
from harness.waiting import eventually

SHORT = 'memory_reserve = "1000T"\n'


def served(supervisor, fake, repo, *options):
    agent = supervisor.agent(fake.command(), repo, options=options)
    agent.initialize()
    agent.tool("echo", text="x")
    return agent


def test_an_unused_backend_is_stopped(start_supervisor, fake, repo):
    supervisor = start_supervisor(SHORT)
    agent = served(supervisor, fake, repo)
    assert "MemAvailable" in supervisor.status()["supervisor"]["pressure_sources"]
    agent.finish()
    eventually(lambda: not fake.alive, "it is stopped long before idle_timeout", 60)
    assert "memory is short" in supervisor.log()


def test_one_with_a_session_stays_unless_that_is_allowed(start_supervisor, fake, repo, git_repo):
    config = SHORT + '[server.stateless]\nstop_under_pressure = "idle"\n'
    supervisor = start_supervisor(config)
    kept = served(supervisor, fake, repo, "--name", "stateful")
    gone = served(supervisor, fake, repo, "--name", "stateless")

    def states():
        return {b["server"]: b["state"] for b in supervisor.backends()}
    eventually(lambda: states() == {"stateful": "ready", "stateless": "stopped"}, states, 60)
    assert gone.tool("echo", text="back") == "back" and kept.tool("echo", text="here") == "here"
    generations = {b["server"]: b["generation"] for b in supervisor.backends()}
    assert generations == {"stateful": 1, "stateless": 2}


def test_one_at_work_is_never_touched(start_supervisor, fake, repo):
    supervisor = start_supervisor(SHORT + 'stop_under_pressure = "idle"\n')
    agent = served(supervisor, fake, repo)
    id = agent.call("wait", gate="g")
    fake.wait_call("wait")
    eventually(lambda: "no backend is idle" in supervisor.log(), "the shortage was met", 60)
    agent.tool("open", gate="g")
    assert "result" in agent.answer(id) and supervisor.backend()["generation"] == 1


def test_it_can_be_switched_off(start_supervisor, fake, repo):
    supervisor = start_supervisor(SHORT + 'MemoryPressureWatch = "off"\n')
    served(supervisor, fake, repo)
    assert supervisor.status()["supervisor"]["pressure_sources"] == []
