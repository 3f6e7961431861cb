"""When compiling pays, in words."""

from dataclasses import replace

import pytest

from bench.cli.render.payoffs import compiling
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.stats.payoff import Payoff, payoff
from bench.store.payoffs import in_words
from tests.store.test_accumulation import frame

EAGER = Cell("mlp", threads=1)
COMPILE = replace(EAGER, mode="compile")


def test_a_line_names_the_cell_the_steps_and_the_seconds():
    table = frame(
        (EAGER, "step", (2e-3, 2e-3)), (COMPILE, "step", (1e-3, 1e-3)), (COMPILE, "compile_time", (10.0, 10.0))
    )
    (line,) = compiling(table)
    assert line == (
        "compiling mlp-sgd-mnist-b64-cpu-t1-compile: pays after 10,000 steps (10,000 to 10,000), 20.0 s (20.0 s to "
        "20.0 s); a step takes 0.500 times as long as eager (0.500 to 0.500)"
    )


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        (Payoff("no", Interval(1.2, 1.1, 1.3, 3)), "does not pay; a step takes 1.20 times as long as eager"),
        (Payoff("not known", Interval(0.95, 0.9, 1.01, 3)), "not known whether it pays; a step takes 0.950 times"),
        (Payoff("not known", Interval(0.5, None, None, 1)), "for want of an interval"),
    ],
)
def test_what_is_not_certain_is_not_claimed(paid, words):
    assert words in in_words(paid)


def test_without_an_interval_of_compiling_there_is_none_of_the_steps():
    plain, faster = (Interval(value, value, value, 3) for value in (2.0, 1.0))
    assert in_words(payoff(Interval(10.0, None, None, 1), plain, faster)).startswith("pays after 10.0 steps, 20.0 s; ")
