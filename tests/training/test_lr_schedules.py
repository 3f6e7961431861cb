from itertools import pairwise

import pytest
import torch

from bench.plan.plan import SCHEDULES as PLANNED
from bench.training.lr_schedules import PEAK, RISE, SCHEDULES
from bench.training.train import train


def test_they_are_those_of_the_plan():
    assert tuple(SCHEDULES) == PLANNED


@pytest.mark.parametrize(
    ("name", "progress", "factor"),
    [
        ("constant", 0.0, 1.0),
        ("constant", 1.0, 1.0),
        ("step", 0.49, 1.0),
        ("step", 0.5, 0.1),
        ("step", 0.8, 0.01),
        ("cosine", 0.0, 1.0),
        ("cosine", 0.5, 0.5),
        ("cosine", 1.0, 0.0),
        ("one_cycle", RISE, PEAK),
        ("one_cycle", 1.0, 0.0),
        ("triangular", 0.0, 0.2),
        ("triangular", 0.1, 0.6),
        ("triangular", 0.2, 1.0),
        ("triangular", 0.6, 0.5),
        ("triangular", 1.0, 0.0),
    ],
)
def test_a_schedule_follows_its_formula(name, progress, factor):
    assert SCHEDULES[name](progress) == pytest.approx(factor, abs=1e-12)


def test_the_cycle_rises_without_a_jump_and_falls():
    factors = [SCHEDULES["one_cycle"](at / 1000) for at in range(1001)]
    top = factors.index(max(factors))
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert max(abs(b - a) for a, b in pairwise(factors)) < 0.02 * PEAK


def test_training_sets_the_rate_at_every_step(workload, mnist):
    work = workload(images=512, schedule="cosine")
    rate, seen = work.optimizer.param_groups[0]["lr"], []
    work.optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"]))
    train(work, mnist[1], 2, lambda _: None)
    expected = [rate * SCHEDULES["cosine"](step / 16) for step in range(16)]
    assert seen == pytest.approx(expected)
    assert torch.isfinite(work.step())
