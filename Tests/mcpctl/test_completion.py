# SPDX-License-Identifier: Apache-2.0
"""Completion scripts, and the ids they ask for."""

import shutil
import subprocess

import pytest
from documents import STATUS
from fake_supervisor import reply


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(mcpctl, shell):
    done = mcpctl("completion", shell)
    assert done.returncode == 0 and "mcpctl" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def complete(mcpctl, *words):
    """What bash shows after these words."""
    script = mcpctl("completion", "bash").stdout
    line = " ".join(words)
    quoted = " ".join(f"'{word}'" for word in words)
    program = (
        f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE='{line}'; COMP_POINT={len(line)}\n"
        f"_mcpctl {words[0]} '{words[-1]}' '{words[-2]}'\n" 'printf "%s\\n" "${COMPREPLY[@]}"\n')
    path = f"{mcpctl.binary.rsplit('/', 1)[0]}:{mcpctl.environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", program], env=mcpctl.environment | {"PATH": path}, capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    return done.stdout.split()


def test_backends_and_sessions_are_completed(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    assert complete(mcpctl, "mcpctl", "stop", "ser") == ["serena-library-1f3a"]
    assert complete(mcpctl, "mcpctl", "why", "s") == ["s7"]


def test_without_a_supervisor_there_is_nothing_and_no_noise(mcpctl):
    assert complete(mcpctl, "mcpctl", "stop", "ser") == []
