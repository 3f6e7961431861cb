"""A verdict on a budget: the metric is stored plain, and every reader is shown that it was held to a limit."""

import json
from xml.etree import ElementTree as ET

import pytest

from bench.cli.render.decision import Outputs
from bench.plan.cell import Cell
from bench.regression.direct import judge_budgets
from bench.regression.tolerances import Tolerances
from bench.report.decision import checked
from bench.report.record import Record
from bench.store.facts import RunFacts
from bench.store.summary import CellSummary
from bench.verdict.junit import junit
from bench.verdict.markdown import markdown
from bench.verdict.verdict import Decision
from tests.verdict.decisions import decision

CELL = Cell("mlp")


@pytest.fixture
def decided():
    """The decision on a run whose accuracy misses its budget."""
    allowed = Tolerances("mine.toml", limits=(("*", {"accuracy": 0.97}),))
    return decision(*judge_budgets(CellSummary(cell=CELL, run="r"), allowed, {"accuracy": 0.95}), kind="check")


def test_the_document_has_the_plain_metric_and_says_that_it_is_a_limit(decided, capsys):
    Outputs(as_json=True).tell(decided)
    document = json.loads(capsys.readouterr().out)
    (verdict,) = document["verdicts"]
    assert (verdict["metric"], verdict["limit"], verdict["verdict"]) == ("accuracy", True, "regressed")
    assert Decision.from_dict(document) == decided


def test_the_terminal_names_the_budget_with_the_unit_of_its_metric(decided, capsys):
    Outputs().tell(decided)
    shown = capsys.readouterr().out
    assert f"{CELL.id}, accuracy (budget): 95 %, at least 97 % is asked" in shown
    (row,) = [line for line in shown.splitlines() if line.startswith(CELL.id) and "97.00 %" in line]
    assert "accuracy (budget)" in row
    assert "95.00 %" in row


def test_the_comment_names_the_budget_with_the_unit_of_its_metric(decided):
    text = markdown(decided)
    assert "| accuracy (budget) | 97.00 % | 95.00 % |" in text
    assert f"- {CELL.id}, accuracy (budget): 95 %, at least 97 % is asked" in text


def test_the_xml_names_the_budget(decided):
    (case,) = ET.fromstring(junit(decided)).iter("testcase")
    assert case.get("name") == "accuracy (budget)"


@pytest.mark.parametrize(("limit", "shown"), [(True, "step (budget)"), (False, "step"), (None, "step")])
def test_the_page_names_the_budget_by_the_field(limit, shown):
    stored = {"cell": CELL.id, "metric": "step", "verdict": "regressed", "limit": limit}
    record = Record("r", RunFacts(), (), (), check={"overall": "regression", "verdicts": [stored]})
    assert checked(record).rows[0].metric == shown
