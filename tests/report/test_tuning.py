"""Tuning on the page: a line for each configuration that was tuned, the rate taken, and who minds its rate least."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.plan.tuning import Trial, best_of, group_of, merged, rates_around
from bench.report import tuning_sentence
from bench.report.conclusions import conclusions
from bench.report.load import read
from bench.report.tuning import Tuned, tuned, tuning
from bench.report.tuning_sentence import edge_told
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


def test_one_seed_tells_the_widths_and_the_edges_and_claims_nothing(record):
    (sentence,) = [drawn for drawn in conclusions(record) if drawn.topic == "Learning rate"]
    assert (
        sentence.claim
        == "Rates were tried with one seed, so it cannot be told who minds its learning rate least or most."
    )
    assert "sgd · rate 1: over a factor of 10 (3 of 4 usable: 10 diverged)" in sentence.evidence
    assert sentence.evidence.endswith("a better rate may lie beyond: lenet5 · adam · rate 0.01.")


def test_the_accuracy_sentence_says_whose_rate_lies_at_the_edge(record):
    (sentence,) = [drawn for drawn in conclusions(record) if drawn.topic == "Most accurate"]
    assert "lenet5 · adam · rate 0.01" in sentence.evidence
    assert edge_told(record, "lenet5 · adam · rate 0.01 came out ahead.").endswith("lenet5 · adam · rate 0.01.")
    assert edge_told(record, "lenet5 · adam · rate 0.015 came out ahead.") == ""
    assert edge_told(record, "lenet5 · sgd · rate 1, 0.2 percentage points above lenet5 · sgd.") == ""


GRID = rates_around(0.1, 7)


def searched(name, scores, status="ok"):
    """A tuning of that name; `scores` has a row a rate and a column a seed, not a number where one was lost."""
    trials = tuple(
        Trial(rate, status if np.isnan(score) else "ok", None, None if np.isnan(score) else float(score), 0.1, seed)
        for rate, row in zip(GRID, scores, strict=True)
        for seed, score in enumerate(np.atleast_1d(row))
    )
    return Tuned(SimpleNamespace(label=name), tuple(merged(trials)), best_of(trials), trials)


@pytest.fixture
def claimed(monkeypatch):
    """The claim that follows from tunings."""

    def claim(*tunings):
        monkeypatch.setattr(tuning_sentence, "tuned", lambda record: list(tunings))
        return tuning_sentence.rates_told(None)[0]

    return claim


def curve(width, best=0.98, noise=0.0003):
    """Accuracies of two seeds that are good over `width` steps to either side of the middle."""
    fall = np.where(abs(np.arange(7) - 3) <= width, 0.001 * abs(np.arange(7) - 3), 0.1)
    return (best - fall)[:, None] + np.array([noise, -noise])


def test_ties_are_named_at_both_ends(claimed):
    both = claimed(*(searched(name, curve(width)) for name, width in (("a", 3), ("b", 3), ("c", 0), ("d", 0))))
    assert both == "a and b mind their learning rates least, c and d most."
    assert claimed(searched("a", curve(3)), searched("c", curve(0))) == "a minds its learning rate least, c most."
    three = claimed(searched("a", curve(3)), searched("b", curve(2)), searched("c", curve(0)))
    assert three == "a minds its learning rate least, c most."
    step = claimed(searched("a", curve(1)), searched("b", np.roll(curve(1), 1, axis=0)))
    assert step.startswith("It cannot be told")
    assert claimed(searched("a", curve(3))) == "a alone was tuned, so there is nothing to compare."


def test_a_rate_that_timed_out_may_be_a_good_one(claimed):
    lost = curve(3)
    lost[[0, 1, 2, 4, 5, 6]] = np.nan
    wide = searched("wide", curve(3))
    assert claimed(wide, searched("slow", lost, "timeout")).startswith("It cannot be told")
    assert claimed(wide, searched("wild", lost, "diverged")) == "wide minds its learning rate least, wild most."


@pytest.mark.parametrize("steep", [0.002, 0.0025, 0.004, 0.01, 0.03])
@pytest.mark.parametrize("unstable", [1, 3])
def test_of_twelve_with_the_same_curve_none_is_said_to_mind_its_rate_more(claimed, steep, unstable):
    """One seed and no interval claimed so in 96 % of runs; two seeds that agree, in up to half."""
    random, claims = np.random.default_rng(int(1e5 * steep) + unstable), 0
    for _ in range(40):
        off = np.arange(7) - 3 + random.uniform(-0.5, 0.5, (12, 1))  # the best rate lies anywhere between two rates
        level = 0.98 - steep * off**2
        spread = 0.002 * np.where(level < 0.975, unstable, 1)
        scores = level[:, :, None] + spread[:, :, None] * random.normal(size=(12, 7, 2))
        claims += "cannot be told" not in claimed(*(searched(f"net{at}", rows) for at, rows in enumerate(scores)))
    assert claims <= 2  # 5 % of 40


def test_a_real_difference_is_found(claimed):
    random, found = np.random.default_rng(2), 0
    for _ in range(40):
        steep = np.where(np.arange(12) == 0, 0.05, 0.0005)[:, None]
        level = 0.98 - steep * (np.arange(7) - 3) ** 2
        scores = level[:, :, None] + 0.001 * random.normal(size=(12, 7, 2))
        claim = claimed(*(searched(f"net{at}", rows) for at, rows in enumerate(scores)))
        found += claim.endswith("net0 most.")
    assert found >= 38


def test_a_run_that_tuned_nothing_shows_none_of_it(tmp_path: Path):
    plain = read(sample.recorded(tmp_path / "results", sample.results(("mlp",), repeats=1)))
    assert tuning(plain) == []
    assert [drawn for drawn in conclusions(plain) if drawn.topic == "Learning rate"] == []


def test_a_configuration_without_a_row_is_passed_over(record):
    assert tuned(replace(record, rows=record.rows[:1])) != tuned(record)
    assert tuned(replace(record, rows=())) == []
