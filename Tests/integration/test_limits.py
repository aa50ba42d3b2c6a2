# SPDX-License-Identifier: Apache-2.0
"""Limits: what is taken, where it is kept, and what is said when it cannot be."""
import pytest

from harness.control import INTERFACE

DECLARED = '[server.declared]\ncommand = ["true"]\n'
NAME = "declared"


@pytest.fixture
def declared(start_supervisor):
    """A supervisor whose configuration declares a server that nobody starts."""
    return start_supervisor(DECLARED)


def limits_file(supervisor):
    return supervisor.folder / "config" / "mcp-supervisor" / "config.d" / "90-limits.toml"


def set_limits(supervisor, **parameters):
    with supervisor.control() as control:
        return control.call("SetLimits", parameters)


@pytest.mark.parametrize("persist", [False, True])
@pytest.mark.parametrize("target", [{"server": NAME}, {"total": True}])
@pytest.mark.parametrize("name, value, range_", [
    ("MemoryHigh", 0, "1 or more"), ("MemoryMax", -5, "1 or more"), ("MemoryMax", 0, "1 or more"),
    ("MemorySwapMax", -2, "0 or more"), ("TasksMax", -7, "1 or more"), ("CPUWeight", 99999, "1 to 10000"),
    ("CPUWeight", -1, "1 to 10000"), ("CPUWeight", 0, "1 to 10000"),
])
def test_an_impossible_limit_is_refused_on_the_socket_too(declared, target, name, value, range_, persist):
    reply = set_limits(declared, **target, set={name: value}, persist=persist)
    assert reply["error"] == f"{INTERFACE}.InvalidParameter", reply
    assert reply["parameters"]["parameter"] == name
    assert f"{name}={value}" in reply["parameters"]["reason"] and range_ in reply["parameters"]["reason"]
    assert not limits_file(declared).exists()


def test_persist_with_a_configuration_that_cannot_be_read_does_nothing(declared):
    limits_file(declared).parent.mkdir()
    bad = limits_file(declared).parent / "10.toml"
    bad.write_text("bogus = 1\n")
    done = declared.ctl("limits", "--server", NAME, "--set", "TasksMax=9", "--persist")
    assert done.returncode == 1 and "bogus" in done.stderr
    assert done.stderr.startswith(f"mcpctl: cannot persist the limits of {NAME}: ")
    assert not limits_file(declared).exists()
    assert declared.ctl_json("limits", "--server", NAME)["limits"]["TasksMax"] == 512


def test_persist_with_nowhere_to_write_does_nothing(start_supervisor, folder, fake, repo):
    supervisor = start_supervisor(run=False)
    (supervisor.folder / "c.toml").write_text("")
    supervisor.start("--config", str(supervisor.folder / "c.toml"))
    agent = supervisor.agent(fake.command(), repo)
    agent.initialize()
    backend = supervisor.backend()["id"]
    assert supervisor.ctl("stop", backend).returncode == 0
    done = supervisor.ctl("limits", backend, "--set", "TasksMax=9", "--persist")
    assert done.returncode == 1
    assert done.stderr.startswith(f"mcpctl: cannot persist the limits of {backend}: ") and "--config" in done.stderr
    assert supervisor.backend()["limits"]["TasksMax"] == 512


def test_persist_into_a_directory_that_cannot_be_made_does_nothing(declared):
    limits_file(declared).parent.write_text("a file")
    done = declared.ctl("limits", "--server", NAME, "--set", "TasksMax=9", "--persist")
    assert done.returncode == 1
    assert done.stderr.startswith(f"mcpctl: cannot persist the limits of {NAME}: ")
    assert declared.ctl_json("limits", "--server", NAME)["limits"]["TasksMax"] == 512


def test_persist_where_limits_cannot_be_enforced_writes_nothing(supervisor, fake, repo):
    supervisor.agent(fake.command(), repo).initialize()
    backend = supervisor.backend()["id"]
    done = supervisor.ctl("limits", backend, "--set", "TasksMax=9", "--persist")
    assert done.returncode == 1 and "direct" in done.stderr
    assert not limits_file(supervisor).exists()
    assert supervisor.backend()["limits"]["TasksMax"] == 512


def test_limits_of_a_server_hold_for_backends_to_come(start_supervisor, fake, repo, git_repo):
    supervisor = start_supervisor()
    first = supervisor.agent(fake.command(), repo)
    first.initialize()
    server = supervisor.backend()["server"]
    assert supervisor.ctl("stop", supervisor.backend()["id"]).returncode == 0
    assert supervisor.ctl_json("limits", "--server", server, "--set", "TasksMax=9")["limits"]["TasksMax"] == 9
    assert supervisor.ctl_json("limits", "--server", server)["limits"]["TasksMax"] == 9
    supervisor.agent(fake.command(), git_repo("other")).initialize()
    assert [b["limits"]["TasksMax"] for b in supervisor.backends()] == [9, 9]


def test_what_is_written_for_one_takes_nothing_back_from_another(supervisor, fake, repo, git_repo):
    for place in (repo, git_repo("other")):
        supervisor.agent(fake.command(), place).initialize()
    one, other = [b["id"] for b in supervisor.backends()]
    assert supervisor.ctl("stop", one, other).returncode == 0
    assert supervisor.ctl("limits", one, "--set", "TasksMax=33").returncode == 0
    assert supervisor.ctl("limits", other, "--set", "TasksMax=44", "--persist").returncode == 0
    assert supervisor.ctl("reload").returncode == 0
    assert supervisor.ctl_json("limits", one)["limits"]["TasksMax"] == 33
    assert supervisor.ctl_json("limits", other)["limits"]["TasksMax"] == 44


def test_what_was_written_may_be_changed_by_hand(supervisor, fake, repo):
    supervisor.agent(fake.command(), repo).initialize()
    backend = supervisor.backend()["id"]
    assert supervisor.ctl("stop", backend).returncode == 0
    assert supervisor.ctl("limits", backend, "--set", "TasksMax=5").returncode == 0
    assert supervisor.ctl("limits", backend, "--set", "TasksMax=6", "--persist").returncode == 0
    file = limits_file(supervisor)
    file.write_text(file.read_text().replace("TasksMax = 6", "TasksMax = 7"))
    assert supervisor.ctl("reload").returncode == 0
    assert supervisor.ctl_json("limits", backend)["limits"]["TasksMax"] == 7


def test_the_total_is_shown_where_it_cannot_be_enforced(start_supervisor):
    supervisor = start_supervisor('slice_limits = { MemoryMax = "6G" }\n')
    answer = supervisor.ctl_json("limits")
    assert answer["limits"]["MemoryMax"] == 6 << 30 and answer["unit"] is None
    assert "6.0G" in supervisor.ctl("limits").stdout
    refused = supervisor.ctl("limits", "--total", "--set", "MemoryMax=5G")
    assert refused.returncode == 1 and "the direct launcher" in refused.stderr
