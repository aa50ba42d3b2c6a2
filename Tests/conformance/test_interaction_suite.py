# SPDX-License-Identifier: Apache-2.0
"""The official SDK's own interaction suite, through a process: see suite/suite_plugin.py for the legs.

What is expected to fail stands in expected/LEG.txt with its reason; both a new failure and a new pass fail here.
"""
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import environment
import pytest
from harness.supervisor import BINARIES

HERE = pathlib.Path(__file__).resolve().parent
TESTS = 228
LIMIT_S = 540


def run_suite(leg, program, folder):
    """The names of the suite's tests that passed, and of those that did not."""
    report = pathlib.Path(folder) / "report.xml"
    done = subprocess.run(
        [program("suite"), "-m", "pytest", "-p", "suite_plugin", "-p", "no:cacheprovider", "-p", "no:logfire", "-q",
         "-o", "log_cli=false", "--tb=native", "--color=no", "--timeout", "20", f"--junitxml={report}",
         f"--basetemp={folder}/t", "-k", "in-memory", "tests/interaction/lowlevel", "tests/interaction/mcpserver"],
        cwd=environment.ROOT / "suite" / "source", stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=LIMIT_S, env={**os.environ, "SUITE_LEG": leg, "MCP_BIN": str(BINARIES), "PYTHONPATH": str(HERE / "suite"),
                              "PYTEST_XDIST_WORKER": ""},
    )
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    results, details = {}, {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname').removeprefix('tests.interaction.')}::{case.get('name')}"
        bad = [child.text or "" for child in case if child.tag in ("failure", "error", "skipped")]
        results[name] = results.get(name, True) and not bad
        details[name] = "".join(bad)[-1500:]
    assert len(results) == TESTS, f"{len(results)} tests ran: {done.stdout[-3000:]}"
    return {n for n, ok in results.items() if ok}, {n for n, ok in results.items() if not ok}, details


def expected_failures(leg):
    """Test → reason. A line that begins with # is the reason for the tests after it."""
    expected, reason = {}, None
    for line in (HERE / "expected" / f"{leg}.txt").read_text().splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line.strip():
            expected[line.strip()] = reason
    return expected


@pytest.mark.timeout(1300)
@pytest.mark.parametrize("leg", ["shared", "lane", "private", "relay"])
def test_the_suite_passes_but_for_what_is_listed(leg, program, folder):
    """`relay` is the measure: what a plain byte relay passes, which is everything."""
    passed, failed, details = run_suite(leg, program, folder)
    expected = expected_failures(leg) if leg != "relay" else {}
    assert all(expected.values()), "a test is listed without a reason"
    new, fixed = sorted(failed - set(expected)), sorted(passed & set(expected))
    if new or fixed:
        # What comes out differently in two runs is a race of the suite's own, inside of the test's process.
        passed_again, failed_again, details = run_suite(leg, program, folder)
        new, fixed = sorted(set(new) & failed_again), sorted(set(fixed) & passed_again)
    unknown = sorted(set(expected) - passed - failed)
    texts = [f"FAILS, and is not listed: {name}\n{details[name]}" for name in new]
    texts += [f"PASSES, take it off expected/{leg}.txt: {name}" for name in fixed]
    texts += [f"is listed, but there is no such test: {name}" for name in unknown]
    assert not texts, f"{len(passed)} of {TESTS} passed\n" + "\n".join(texts)


def test_what_fails_in_the_lane_fails_without_it():
    """A server that may ask, and is left alone with one session's calls, loses nothing by it."""
    assert set(expected_failures("lane")) < set(expected_failures("shared"))


@pytest.mark.timeout(600)
def test_without_the_programs_nothing_passes(program, folder):
    """The control: the tests do go through what the client starts."""
    passed, failed, _ = run_suite("nothing", program, folder)
    assert not passed and len(failed) == TESTS
