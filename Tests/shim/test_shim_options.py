# SPDX-License-Identifier: Apache-2.0
"""What the command line may say, and what a wrong one costs."""

import pytest


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "neither"),
        (("--",), "no command"),
        (("--name",), "--name needs a value"),
        (("--name=", "--", "cat"), "--name needs a value"),
        (("--repo",), "--repo needs a value"),
        (("--share", "all", "--", "cat"), "--share is repo, user or session, not all"),
        (("--meta-tools=on", "--", "cat"), "unknown option --meta-tools=on"),
        (("--nam", "x", "--", "cat"), "unknown option --nam"),
        (("serena", "start"), 'a command goes after "--"'),
        (("serena", "--", "cat"), 'a command goes after "--"'),
        (("--name", "x", "serena"), "--name names a command"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(world, arguments, said):
    status, out, error = world.run(*arguments)
    assert status == 2 and out == b""
    assert said in error and error.startswith("mcp-shim: ") and error.count("\n") == 1


def test_a_wrong_option_cannot_drive_the_terminal(world):
    status, _, error = world.run("--x\x1b[2J\nmcp-shim: fine")
    assert status == 2 and "\x1b" not in error and error.count("\n") == 1


def test_help_and_version_go_to_stdout(world):
    status, out, error = world.run("--help")
    assert (status, error) == (0, "") and out.startswith(b"usage: mcp-shim ")
    status, out, error = world.run("--version")
    assert (status, error) == (0, "") and out == b"mcp-shim 0.1.0\n"


def test_options_of_the_command_are_its_own(world, supervisor):
    world.shim("--", "cat", "--help", "--", "--version")
    assert supervisor.accept().parameters["argv"] == ["cat", "--help", "--", "--version"]


def test_every_option_reaches_the_supervisor(world, supervisor):
    world.shim("--name", "n", "--repo=/r", "--share", "user", "--meta-tools=auto", "--", "cat")
    sent = supervisor.accept().parameters
    assert [sent[key] for key in ("name", "repo", "share", "meta_tools")] == ["n", "/r", "user", "auto"]


def test_a_configured_server_has_a_name_and_no_command(world, supervisor):
    world.shim("--meta-tools", "serena")
    sent = supervisor.accept().parameters
    assert sent["argv"] is None and sent["name"] == "serena" and sent["meta_tools"] == "on"
