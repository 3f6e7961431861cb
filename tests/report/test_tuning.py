"""Tuning on the page: a line for each configuration that was tuned, the rate taken, and who minds its rate least."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.plan.cell import Cell
from bench.plan.tuning import group_of
from bench.report.conclusions import conclusions
from bench.report.load import read
from bench.report.tuning import tuned, tuning
from bench.store.result import Measurement, Result
from tests.report import report_sample as sample

RATES = (0.01, 0.1, 1.0, 10.0)
ACCURACIES = {"sgd": (0.95, 0.97, 0.975, None), "adam": (0.98, 0.90, 0.10, 0.10)}
TAKEN = {"sgd": 1.0, "adam": 0.01}


@pytest.fixture
def record(tmp_path: Path):
    cells = [Cell("lenet5", optimizer=name, threads=2, learning_rate=TAKEN[name]) for name in ACCURACIES]
    results = [
        Result(cell, "ok", measurements=(Measurement("accuracy", "1", "higher", 0.97, "final"),)) for cell in cells
    ]
    found = [
        {
            "id": group_of(cell).id,
            "cell": group_of(cell).to_dict(),
            "learning_rate": TAKEN[cell.optimizer],
            "trials": [
                {"learning_rate": rate, "status": "ok" if accuracy else "diverged", "reason": None,
                 "accuracy": accuracy, "loss": 0.1 if accuracy else None}
                for rate, accuracy in zip(RATES, ACCURACIES[cell.optimizer], strict=True)
            ],
        }
        for cell in cells
    ]  # fmt: skip
    return read(sample.recorded(tmp_path / "results", results, tuned=found))


def test_each_configuration_has_its_trials_and_the_width_of_its_good_rates(record):
    widths = {searched.row.cell["optimizer"]: searched.width for searched in tuned(record)}
    assert widths == {"sgd": pytest.approx(10.0), "adam": 1.0}
    assert {searched.row.cell["optimizer"]: searched.edge for searched in tuned(record)} == {"sgd": False, "adam": True}


def test_the_picture_tells_every_trial_and_the_rate_taken(record):
    (picture,) = tuning(record)
    words = " ".join(text for _, text in picture.numbers)
    assert "best at 1; 0.01 95.00 %, 0.1 97.00 %, 1 97.50 %, 10 diverged" in words.replace("\u00a0", " ")
    assert "best at 0.01, at the edge of what was tried" in words


def test_the_conclusion_names_who_minds_its_rate_least_and_who_lies_at_the_edge(record):
    (sentence,) = [drawn for drawn in conclusions(record) if drawn.topic == "Learning rate"]
    assert sentence.claim == "lenet5 · sgd · rate 1 minds its learning rate least, lenet5 · adam · rate 0.01 most."
    assert "sgd · rate 1: over a factor of 10 (3 of 4 usable)" in sentence.evidence
    assert "a better rate may lie beyond: lenet5 · adam" in sentence.evidence


def test_a_run_that_tuned_nothing_shows_none_of_it(tmp_path: Path):
    plain = read(sample.recorded(tmp_path / "results", sample.results(("mlp",), repeats=1)))
    assert tuning(plain) == []
    assert [drawn for drawn in conclusions(plain) if drawn.topic == "Learning rate"] == []


def test_a_configuration_without_a_row_is_passed_over(record):
    assert tuned(replace(record, rows=record.rows[:1])) != tuned(record)
    assert tuned(replace(record, rows=())) == []
