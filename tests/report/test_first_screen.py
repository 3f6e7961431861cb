"""The first screen: its picture, its short table and what it says is compared; and what weights act on."""

from dataclasses import replace
from math import log
from pathlib import Path

import pytest

from bench.report.conclusions import conclusions
from bench.report.first_screen import MOST_ROWS, chosen, first_screen, shared
from bench.report.load import read
from bench.report.plotting import Picture
from bench.report.preference import terms
from bench.report.table import columns
from bench.stats.interval import of_ratios
from tests.report import report_sample as sample
from tests.report.report_sample import planted, record_of


def picture(name: str) -> Picture:
    return Picture(name, name, "", "<svg/>", ())


def test_it_has_the_first_conclusions_and_accuracy_against_cost(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.troubled()))
    claims = conclusions(record)
    pictures = [picture("speed-cost"), picture("choose-relative-cost"), picture("choose-parameters")]
    screen = first_screen(record, claims, pictures, columns(record))
    assert screen.claims == claims[:3]
    assert screen.picture is pictures[1]
    assert [column.metric for column in screen.columns] == ["relative_cost", "accuracy", "step", "peak_memory"]
    assert screen.compared == "10 configurations, each with sgd, mnist, batch 64, cpu, 2 threads, float32"
    assert first_screen(record, claims, pictures[:1], columns(record)).picture is pictures[0]
    assert first_screen(record, claims, [], columns(record)).picture is None


def test_what_differs_is_not_said_of_all():
    rows = [planted("mlp", cell={"optimizer": name}, relative_cost=(1, 0.1)) for name in ("sgd", "adam")]
    assert shared(record_of(*rows)) == "2 configurations, each with mlp, mnist, batch 64, cpu, 1 thread, float32"


def test_the_short_table_keeps_the_front_and_the_order_of_the_table():
    dull = [planted(f"dull{at}", relative_cost=(2 + at / 10, 0.01), accuracy=(0.5, 0.01)) for at in range(12)]
    best = planted("best", relative_cost=(9, 0.1), accuracy=(0.99, 0.001))
    rows = chosen(record_of(*dull, best))
    assert len(rows) == MOST_ROWS
    assert [row.label for row in rows] == [*(f"dull{at}" for at in range(MOST_ROWS - 1)), "best"]


def test_a_term_is_a_logarithm_with_the_error_behind_its_interval(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=3)))
    for group, scored in (terms(record)[row.key] for row in record.rows):
        assert group == ""
        assert [*scored] == ["accuracy", "relative_cost", "peak_memory"]
    cost, term = record.rows[0].values["relative_cost"], terms(record)[record.rows[0].key][1]["relative_cost"]
    assert term[0] == log(cost.value)
    values = [1.0, 1.1, 1.3]
    interval = of_ratios(values)
    row = planted("a", relative_cost=interval.value)
    value = replace(row.values["relative_cost"], low=interval.low, high=interval.high, n=interval.n)
    row = replace(row, values={"relative_cost": value})
    _, error, n = terms(record_of(row))["a"][1]["relative_cost"]
    spread = sum((log(value) - log(interval.value)) ** 2 for value in values) / 2
    assert (error, n) == (pytest.approx((spread / 3) ** 0.5), 3)


def test_who_stopped_for_being_accurate_has_no_score():
    stopped = planted("stopped", relative_cost=(1, 0.1), accuracy=(0.99, 0.001), reached=1.0)
    other = planted("other", relative_cost=(2, 0.1), accuracy=(0.98, 0.001))
    assert [*terms(record_of(stopped, other))] == ["other"]


def test_without_an_interval_there_is_no_error():
    row = planted("a", relative_cost=2.0, accuracy=(1.0, 0.0))
    _, scored = terms(record_of(row))["a"]
    assert scored["relative_cost"][:2] == (log(2.0), None)
    assert scored["accuracy"][0] == pytest.approx(log(1e-4))  # no error at all is one in ten thousand
