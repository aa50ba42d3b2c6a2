# SPDX-License-Identifier: Apache-2.0
"""tools and call."""

import json

from fake_supervisor import reply

TOOLS = {"tools": [
    {"name": "find_symbol", "description": "Finds a symbol. And more.\nLong text."}, {"name": "bare"},
    {"name": "wordy", "description": "x" * 300}]}


def test_tools_by_name_and_first_sentence(mcpctl, supervisor):
    supervisor.answers["Tools"] = reply({"result": TOOLS})
    lines = mcpctl("tools", "serena").stdout.splitlines()
    assert lines[0] == "find_symbol  Finds a symbol"
    assert lines[1].strip() == "bare"
    assert len(lines[2]) < 120
    assert json.loads(mcpctl("tools", "serena", "--json").stdout) == {"result": TOOLS}


def test_a_query_is_passed_on_and_its_text_printed(mcpctl, supervisor):
    supervisor.answers["Tools"] = reply({"result": {"content": [{"type": "text", "text": "find_symbol: finds"}]}})
    assert mcpctl("tools", "serena", "--query", "look up").stdout == "find_symbol: finds\n"
    assert supervisor.parameters("Tools") == {"backend": "serena", "query": "look up"}


def test_call_prints_text_for_humans_and_everything_as_json(mcpctl, supervisor):
    result = {"content": [
        {"type": "text", "text": "one\ntwo"}, {"type": "image", "mimeType": "image/png", "data": "AA=="},
        {"type": "resource", "resource": {"uri": "file:///x", "text": "three"}}], "big": 12345678901234567890.10}
    supervisor.answers["Call"] = b'{"parameters":{"result":' + json.dumps(result).encode() + b"}}\0"
    done = mcpctl("call", "serena", "find_symbol", '{"n": 1.0, "b": [true]}')
    assert done.stdout == "one\ntwo\n[image image/png; --json prints it]\nthree\n"
    assert supervisor.parameters("Call") == {
        "backend": "serena", "tool": "find_symbol", "arguments": {"n": 1.0, "b": [True]}}
    assert json.loads(mcpctl("call", "serena", "find_symbol", "--json").stdout) == {"result": result}


def test_a_tools_own_error_is_1_with_its_words_on_stdout(mcpctl, supervisor):
    supervisor.answers["Call"] = reply({"result": {"isError": True, "content": [{"type": "text", "text": "no such"}]}})
    done = mcpctl("call", "serena", "t")
    assert (done.returncode, done.stdout) == (1, "no such\n")
    assert done.stderr.startswith("mcpctl: the tool 't' of serena reports an error")
    assert mcpctl("call", "serena", "t", "--json").returncode == 1


def test_structured_content_alone_is_printed_as_json(mcpctl, supervisor):
    supervisor.answers["Call"] = reply({"result": {"content": [], "structuredContent": {"a": 1}}})
    assert mcpctl("call", "serena", "t").stdout == '{"a":1}\n'


def test_escape_sequences_of_a_tool_do_not_reach_the_terminal(mcpctl, supervisor):
    supervisor.answers["Call"] = reply({"result": {"content": [{"type": "text", "text": "\x1b]0;t\x07\tok"}]}})
    assert mcpctl("call", "serena", "t").stdout == "?]0;t?\tok\n"
