"""When what was spent on a faster step has paid: values, intervals, and when nothing is told."""

import numpy as np
import pytest

from bench.stats.interval import Interval, of_ratios
from bench.stats.payoff import payoff


def exact(value):
    return Interval(value, value, value, 3)


def test_it_pays_once_the_savings_make_up_for_what_was_spent():
    paid = payoff(exact(10.0), exact(0.005), exact(0.004))
    assert paid.pays == "yes"
    assert paid.ratio.value == pytest.approx(0.8)
    assert paid.steps.value == pytest.approx(10_000)
    assert paid.seconds.value == pytest.approx(50.0)
    assert paid.seconds.value == pytest.approx(paid.steps.value * 0.005)  # that of as many plain steps
    assert (paid.steps.low, paid.steps.high) == (pytest.approx(10_000), pytest.approx(10_000))


def test_the_interval_is_that_of_what_was_spent_where_steps_are_certain():
    paid = payoff(Interval(10.0, 8.0, 12.5, 3), exact(0.005), exact(0.004))
    assert (paid.steps.low, paid.steps.high) == (pytest.approx(8000), pytest.approx(12_500))
    assert (paid.seconds.low, paid.seconds.high) == (pytest.approx(40), pytest.approx(62.5))


@pytest.mark.parametrize(
    ("plain", "faster", "pays"),
    [
        (exact(1.0), exact(1.1), "no"),
        (Interval(1.0, 0.9, 1.1, 3), Interval(0.95, 0.9, 1.0, 3), "not known"),
        (exact(1.0), exact(1.0), "not known"),
        (Interval(1.0, None, None, 1), exact(0.5), "not known"),
        (exact(1.0), Interval(0.5, None, None, 1), "not known"),
    ],
)
def test_nothing_is_told_where_the_saving_is_not_certain(plain, faster, pays):
    paid = payoff(exact(10.0), plain, faster)
    assert (paid.pays, paid.steps, paid.seconds) == (pays, None, None)


def test_one_process_gives_a_value_of_what_was_spent_and_no_interval():
    paid = payoff(Interval(10.0, None, None, 1), exact(2.0), exact(1.0))
    assert (paid.steps.value, paid.steps.low, paid.steps.high) == (pytest.approx(10), None, None)


def test_the_intervals_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(7)
    steps = seconds = 0
    for _ in range(400):
        groups = (
            scale * np.exp(random.normal(0, spread, 4)) for scale, spread in ((10, 0.1), (2e-3, 0.01), (1e-3, 0.01))
        )
        paid = payoff(*map(of_ratios, groups))
        steps += paid.steps.low <= 10_000 <= paid.steps.high
        seconds += paid.seconds.low <= 20 <= paid.seconds.high
    assert (steps / 400, seconds / 400) == (pytest.approx(0.955, abs=0.03), pytest.approx(0.955, abs=0.03))
