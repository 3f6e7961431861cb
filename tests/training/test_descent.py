"""A path ends exactly where the training that it repeats does, whatever the optimizer and the schedule."""

from itertools import pairwise

import pytest
import torch

from bench.training.descent import flat, points_of, trodden
from bench.training.train import DivergedError, train


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": "sgd"},
        {"optimizer": "adam", "schedule": "one_cycle"},
        {"optimizer": "schedule_free"},
        {"optimizer": "lbfgs", "augmentation": "shift"},
    ],
    ids=lambda fields: fields["optimizer"],
)
def test_it_ends_where_the_training_did(workload, mnist, fields):
    trained = workload(**fields)
    record, _ = train(trained, mnist[1], 2, lambda _: None)
    trained.eval()
    path = trodden(workload(**fields), 2, record["epochs"][-1]["steps"])
    assert path.steps[0] == 0
    assert path.steps[-1] == record["epochs"][-1]["steps"]
    if fields["optimizer"] == "schedule_free":  # each look at its averages rounds its weights
        assert torch.allclose(path.weights[-1], flat(trained.model), atol=1e-5)
    else:
        assert torch.equal(path.weights[-1], flat(trained.model))
    assert torch.equal(path.weights[0], flat(workload(**fields).model))


def test_it_ends_in_the_midst_where_a_target_ended_it(workload, mnist):
    early, late = (trodden(workload(), 2, steps) for steps in (5, 16))
    assert early.steps == (0, 1, 2, 3, 4, 5)
    assert torch.equal(early.weights[3], late.weights[late.steps.index(3)])


def test_points_lie_closer_together_at_first_and_none_comes_twice():
    points = points_of(1000)
    gaps = [after - before for before, after in pairwise(points)]
    assert (points[0], points[-1], len(points)) == (0, 1000, 33)
    assert gaps[0] < gaps[-1]
    assert points_of(2) == [0, 1, 2]


def test_weights_that_are_not_finite_end_it(workload):
    with pytest.raises(DivergedError):
        trodden(workload(optimizer="sgd", learning_rate=1e30), 2, 16)
