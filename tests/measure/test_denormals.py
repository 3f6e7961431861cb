"""Denormals, in real workers: the mode is each thread's own, and a pool that runs already keeps the one it has."""

from contextlib import closing

import pytest

from bench.measure.denormals import NOTED, share_of, warnings_of
from bench.plan.cell import Cell
from bench.process.executor import talk
from bench.process.local import Workers
from bench.store.warning import Warning
from bench.text import tenths
from tests.conftest import HANG
from tests.measure.denormal import NUMBERS


@pytest.fixture(scope="module")
def answer():
    """What a worker says of a cell."""
    with closing(Workers()) as workers:
        yield lambda function, cell: dict(talk(workers, f"tests.measure.denormal:{function}", cell, HANG))


@pytest.mark.parametrize(("denormals", "left"), [("keep", NUMBERS), ("flush", 0)])
def test_every_thread_keeps_or_flushes_them(answer, denormals, left):
    assert answer("survivors", Cell("debug", threads=2, denormals=denormals)) == {"survivors": left}


def test_the_averages_of_adam_fade_where_gradients_have_ended_unless_they_are_flushed(answer):
    kept, flushed = (
        answer("faded", Cell("softmax_regression", optimizer="adam", denormals=denormals))["share"]
        for denormals in ("keep", "flush")
    )

    assert flushed == 0
    assert kept > 0.1


def test_many_of_them_are_told_with_the_remedy(workload):
    work = workload()
    assert (share_of(work), warnings_of("phases", work)) == (0, [])
    work.step()
    state = next(iter(work.optimizer.state.values()))["exp_avg"]
    state.fill_(1e-40)

    share = state.numel() / sum(3 * parameter.numel() + 1 for parameter in work.model.parameters())
    assert share > NOTED
    assert share_of(work) == pytest.approx(share)
    text = f"{tenths(share)} of weights and optimizer state are denormal, which may slow the steps (--denormals flush)"
    assert warnings_of("phases", work) == [Warning("phases", "denormals", pytest.approx(share), text)]
