"""Pooling: one rule, whoever asks; the frame, a reading, the history and the page tell the same number."""

import numpy as np
import pytest
from scipy import stats

from bench.plan.cell import Cell
from bench.regression.history import history
from bench.report.load import read
from bench.store.frame import configurations
from bench.store.pooling import pooled, pooled_groups
from bench.store.result import Measurement, Result
from bench.store.summary import summaries

VALUES = [1.0, 2.0, 9.0]


def parts(interval):
    return (interval.value, interval.low, interval.high, interval.n)


def test_what_multiplies_has_a_geometric_mean_with_the_interval_of_its_logarithms():
    low, high = np.exp(stats.t.interval(0.95, 2, np.log(VALUES).mean(), stats.sem(np.log(VALUES))))
    assert parts(pooled(VALUES, "log_mean")) == pytest.approx((18 ** (1 / 3), low, high, 3))


def test_what_adds_has_the_mean():
    low, high = stats.t.interval(0.95, 2, 4.0, stats.sem(VALUES))
    assert parts(pooled(VALUES, "mean")) == pytest.approx((4.0, low, high, 3))


def test_a_value_of_zero_leaves_the_mean():
    assert pooled([0.0, 2.0], "log_mean").value == 1.0


def test_a_proportion_has_the_exact_interval_and_what_is_read_once_is_the_first():
    ends = stats.binomtest(3, 4).proportion_ci(method="exact")
    assert parts(pooled([1.0, 0.0, 1.0, 1.0], "proportion")) == pytest.approx((0.75, ends.low, ends.high, 4))
    assert parts(pooled([1.0] * 5, "proportion")) == pytest.approx((1.0, 0.4782, 1.0, 5), abs=1e-4)
    assert parts(pooled([7.0, 7.5], "once")) == (7.0, None, None, 2)


@pytest.mark.parametrize("how", ["log_mean", "mean", "proportion", "once"])
def test_a_lone_value_stays_as_it_was_read(how):
    assert parts(pooled([0.1 + 0.2], how)) == (0.1 + 0.2, None, None, 1)


def test_many_groups_at_once_are_as_each_alone():
    poolings = np.array(["once", "log_mean", "mean", "log_mean"], dtype=object)
    values = [[3.0, 4.0], VALUES, VALUES, [0.0, 1.0]]
    order = np.random.default_rng(0).permutation(10)
    order = order[np.argsort(order >= 2, kind="stable")]  # what is read once keeps its first value in front
    order[:2] = [0, 1]
    flat, group = np.concatenate(values), np.repeat(np.arange(4), [2, 3, 3, 2])
    ends = np.array(pooled_groups(flat[order], group[order], poolings)).T
    alone = [parts(pooled(each, how))[:3] for each, how in zip(values, poolings, strict=True)]
    np.testing.assert_allclose(ends, np.array(alone, dtype=float))


def test_every_reader_tells_the_same_of_a_configuration(run):
    cell = Cell("mlp")
    for seed, (cost, accuracy) in enumerate(zip(VALUES, (0.9, 0.92, 0.97), strict=True)):
        values = (
            Measurement("relative_cost", "1", "lower", cost, "p10", 1),
            Measurement("accuracy", "1", "higher", accuracy, "final"),
        )
        run.append(Result(Cell("mlp", seed=seed), "ok", measurements=values, system={"cpu": "made up"}))
    for metric, how, values in (("relative_cost", "log_mean", VALUES), ("accuracy", "mean", (0.9, 0.92, 0.97))):
        expected = pytest.approx(parts(pooled(values, how)))
        table = configurations(run)
        (row,) = table[table["metric"] == metric].to_dict("records")
        assert (row["value"], row["low"], row["high"], row["n"]) == expected
        (series,) = (series for series in history([run]) if series.metric == metric)
        assert series.cell == cell
        assert parts(series.points[0]) == expected
        (shown,) = read(run).rows
        assert parts(shown.values[metric]) == expected
    (summary,) = summaries(run)
    assert (summary.cell, summary.processes) == (cell, 3)
    assert np.exp(summary.log_cost) == pytest.approx(pooled(VALUES, "log_mean").value)
