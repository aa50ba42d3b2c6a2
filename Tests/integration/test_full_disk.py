# SPDX-License-Identifier: Apache-2.0
"""State that cannot be written, or cannot be read any more, costs no session."""
import os
import subprocess

import pytest


@pytest.fixture
def full_disk(folder):
    """A function that puts a full file system of 64 KiB on a directory."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = []

    def make(path):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
        mounted.append(path)
        try:
            with open(os.path.join(path, "filler"), "wb", buffering=0) as filler:
                while filler.write(b"x" * 4096):
                    pass
        except OSError:
            pass
    yield make
    for path in mounted:
        subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_for_logs_and_snapshots_costs_no_session(full_disk, start_supervisor, fake, repo):
    supervisor = start_supervisor(run=False)
    full_disk(str(supervisor.folder / "state"))
    supervisor.start()
    agent = supervisor.agent(fake.command("--stderr-storm", 2000), repo)
    agent.initialize()
    assert agent.tool("echo", text="works") == "works"
    agent.error(agent.call("exit", status=9))
    assert agent.tool("echo", text="again") == "again"
    assert any("storm" in line for line in supervisor.backend()["last_exit"]["stderr_tail"])


def test_a_broken_snapshot_is_ignored(start_supervisor, fake, repo):
    supervisor = start_supervisor('idle_timeout = "1s"\n')
    first = supervisor.agent(fake.command(), repo)
    first.initialize()
    first.rpc("tools/list")
    first.finish()
    fake.wait_ended(fake.only())
    supervisor.stop()
    for path in (supervisor.folder / "state").rglob("*"):
        if path.is_file():
            path.write_bytes(b'{"half": ')
    supervisor.start()
    second = supervisor.agent(fake.command(), repo)
    assert second.initialize()["serverInfo"]["name"] == "fake"
    assert second.tool("echo", text="fresh") == "fresh"
