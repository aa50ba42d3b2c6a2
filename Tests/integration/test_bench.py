# SPDX-License-Identifier: Apache-2.0
"""What `make bench` says of targets that are missed, or were not measured."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from measure import engine, retrieval, tables, tokens  # noqa: E402


def judgements(targets):
    return {row[0]: row[-1] for row in targets.rows}


@pytest.mark.parametrize("strict, value, word", [
    (True, 2, "MISSED"), (True, 1, "met"), (False, 2, "MISSED"), (True, None, "not measured")])
def test_a_strict_target_that_is_missed_is_a_defect(strict, value, word, capsys):
    targets = tables.Targets()
    targets.add("figure", value, 1, "ms", strict=strict)
    assert judgements(targets) == {"figure": word}
    assert targets.is_defective == (strict and word == "MISSED")
    targets.show()
    assert word in capsys.readouterr().out


def test_worse_ranking_is_a_defect():
    targets = tables.Targets()
    retrieval.judge(targets, {("A", "pooled"): {"MRR": 0.764, "R@5": 0.881}}, ["time table 1386 99000 150000 70"])
    found = judgements(targets)
    assert (found["A: MRR, pooled"], found["A: R@5, pooled"]) == ("MISSED", "met")
    assert found["C: MRR, pooled"] == found["B: R@5, pooled"] == "not measured"
    assert targets.missed == ["A: MRR, pooled"]


def test_without_data_or_engine_nothing_is_said_to_be_met(monkeypatch, tmp_path):
    monkeypatch.setattr(retrieval, "DATA", tmp_path)
    monkeypatch.setattr(engine.finding, "DATA", tmp_path)
    monkeypatch.setattr(engine, "engine_to_measure", lambda: None)
    targets = tables.Targets()
    retrieval.measure(targets)
    engine.measure(1, targets)
    tokens.measure(targets, tmp_path, lambda name: False)
    assert set(judgements(targets).values()) == {"not measured"} and len(targets.rows) >= 15
    assert not targets.is_defective


def test_meta_tools_that_cost_more_than_they_save_are_a_defect():
    targets = tables.Targets()
    row = {"name": "serena (tools)", "plain": 5868, "meta": 424, "auto": 5869, "plain task": 6000, "meta task": 1300,
           "dearest task": 3000}
    tokens.judge([row], targets)
    assert targets.missed == ["Serena, tokens saved over a task", "auto against all tools, worst (serena (tools))"]
    assert judgements(targets)["workspace-mcp, tokens saved up front"] == "not measured"
