# SPDX-License-Identifier: Apache-2.0
"""status, list, sessions, why, version: what humans and scripts read."""

import json
import re

from documents import BACKEND, FAILED, FIRST_STATUS, SESSION, STATUS, status
from fake_supervisor import reply


def test_status_as_json_is_the_reply_with_its_order_and_nulls(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    done = mcpctl("status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == json.dumps(STATUS, separators=(",", ":")) + "\n"


def test_status_as_json_keeps_what_this_version_does_not_know(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(status(backends=[{**BACKEND, "state": "dreaming", "mood": 1.50}]))
    done = mcpctl("status", "--json")
    assert json.loads(done.stdout)["backends"][0]["state"] == "dreaming"
    human = mcpctl("list")
    assert (human.returncode, human.stderr) == (0, "")
    assert "dreaming" in human.stdout


def test_what_came_after_the_first_interface_may_be_missing(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(FIRST_STATUS)
    supervisor.answers["Stop"] = reply({"backend": FIRST_STATUS["backends"][0]})
    for command in [["status"], ["status", "serena"], ["list"], ["sessions"], ["stop", "serena"]]:
        done = mcpctl(*command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert "serena-library-1f3a" in done.stdout, command


def test_a_word_of_another_version_is_shown_as_it_is_but_harmless(mcpctl, supervisor):
    exit_ = {**FAILED["last_exit"], "reason": "melted\x1b[2J"}
    document = status(backends=[{**BACKEND, "state": "dreaming", "era": "future", "share": "moon", "last_exit": exit_}])
    document["supervisor"].update(launcher="rocket", search={"stage": "oracle", "engine": None, "problem": None})
    supervisor.answers["Status"] = reply(document)
    everything = mcpctl("status")
    assert everything.returncode == 0
    assert "rocket launcher" in everything.stdout and "tool search    oracle" in everything.stdout
    detail = mcpctl("status", "serena").stdout
    assert "serena, one per moon, future protocol" in detail and "dreaming" in detail
    assert "melted?[2J, status 9" in detail


def test_status_for_a_human(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    done = mcpctl("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert "supervisor     0.1.0, pid 99, up 1d 2h, 8.1M, systemd launcher, cgroup v2" in done.stdout
    assert "total limits   MemoryMax=infinity" in done.stdout
    assert "sharing saves  472.0M: 248.0M instead of 720.0M" in done.stdout
    assert "254.1M" in done.stdout and "1.0G" in done.stdout and re.search(r"  3m( \d+s)?  ", done.stdout)
    assert "claude-code 2.1" in done.stdout and "2h 5m ago" in done.stdout
    assert "\x1b" not in done.stdout


def test_status_says_what_is_wrong_with_the_supervisor(mcpctl, supervisor):
    document = status()
    document["supervisor"].update(limits_enforced=False, draining=True, warnings=["no user manager"],
                                  search={"stage": "table", "engine": None, "problem": "cannot use /e: damaged"})
    supervisor.answers["Status"] = reply(document)
    done = mcpctl("status")
    assert "(not enforced by the kernel here)" in done.stdout
    assert "tool search    by words and the small table; cannot use /e: damaged" in done.stdout
    assert "draining" in done.stdout and "warning        no user manager" in done.stdout


def test_status_of_one_backend_is_detailed_and_harmless_on_a_terminal(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(status(backends=[FAILED], sessions=[]))
    done = mcpctl("status", "mosaic")
    assert supervisor.parameters("Status") == {"backend": "mosaic"}
    assert "last exit   killed: out of memory, 2h ago" in done.stdout
    assert "    ?[31mred?[0m" in done.stdout
    assert "used by     0 sessions, 0 holds, 1 call in flight" in done.stdout
    assert "no sessions" in done.stdout


def test_columns_are_aligned(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    title, *rows = mcpctl("list").stdout.splitlines()
    assert len(rows) == 2
    end = title.index("SESSIONS") + len("SESSIONS")
    assert [row[end - 1] for row in rows] == ["3", "0"]
    assert all(row[title.index("STATE") - 1] == " " for row in rows)


def test_list_and_sessions_as_json_are_that_part_of_the_status(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(STATUS)
    assert json.loads(mcpctl("list", "--json").stdout) == {"backends": [BACKEND, FAILED]}
    assert json.loads(mcpctl("sessions", "--json").stdout) == {"sessions": [SESSION]}


def test_nothing_there_is_said_in_words(mcpctl, supervisor):
    supervisor.answers["Status"] = reply(status(backends=[], sessions=[]))
    assert mcpctl("list").stdout == "no backends\n"
    assert mcpctl("sessions").stdout == "no sessions\n"


def test_why_names_variables_and_tells_what_differs(mcpctl, supervisor):
    supervisor.answers["Why"] = reply({
        "session": "s7", "key": {"server": "serena", "repo": "/home/u/library"}, "variables": ["API_KEY", "HOME"],
        "ignored": ["TERM"], "other": "s8", "same": False, "differs": ["API_KEY"],
    })
    done = mcpctl("why", "s7", "s8")
    assert supervisor.parameters("Why") == {"session": "s7", "other": "s8"}
    assert "variables  API_KEY HOME" in done.stdout
    assert "s8 has another key; what differs:\n  API_KEY\n" in done.stdout


def test_version_names_both_programs(mcpctl, supervisor):
    supervisor.answers["GetInfo"] = reply({"vendor": "mcp-supervisor", "version": "9.9"})
    assert json.loads(mcpctl("version", "--json").stdout)["supervisor"] == "9.9"
    assert "supervisor 9.9" in mcpctl("version").stdout


def test_version_needs_no_supervisor(mcpctl):
    done = mcpctl("version", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["supervisor"] is None
