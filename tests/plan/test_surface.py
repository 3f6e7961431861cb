"""Which cells of a plan have a surface together, and what is said of the others."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.surface import MOST_PARAMETERS, MOST_PATHS, groups_of, sampled_images, surface_left_out

PLAN = Plan(surface=True)
SGD = Cell("debug", implementation="fused")
ADAM = replace(SGD, optimizer="adam", implementation="default", learning_rate=0.1)


@pytest.fixture
def listed(catalogue):
    """The catalogue with one net that is small enough, and one that is not."""
    sizes = {"debug": 562, "mlp": MOST_PARAMETERS + 1}
    return catalogue(architectures={name: {"parameters": size} for name, size in sizes.items()})


def test_cells_are_of_one_group_where_nothing_but_the_optimizer_differs():
    other = replace(SGD, batch_size=8)
    assert groups_of([SGD, other, ADAM]) == [(SGD, ADAM)]
    assert groups_of([SGD, ADAM, other, replace(ADAM, batch_size=8)]) == [
        (SGD, ADAM),
        (other, replace(ADAM, batch_size=8)),
    ]
    assert groups_of([SGD, SGD, replace(SGD, seed=1)]) == []
    assert groups_of([SGD, replace(ADAM, dtype="bfloat16")]) == []


def test_the_first_seed_alone_is_shown():
    later = [replace(cell, seed=2) for cell in (SGD, ADAM)]
    assert groups_of([*later, SGD, ADAM]) == [(SGD, ADAM)]


def test_a_larger_net_has_a_smaller_sample_and_none_more_images_than_there_are():
    assert [sampled_images(flops, 60_000) for flops in (0, 1e6, 5e6, 1e9)] == [512, 512, 200, 128]
    assert sampled_images(1e6, 100) == 100


def test_an_optimizer_of_ones_own_is_of_the_group():
    own = replace(SGD, optimizer="Mine", origins=("optimizer=mine.py:Mine",))
    assert groups_of([SGD, own]) == [(SGD, own)]
    net = replace(own, origins=("architecture=mine.py:debug", *own.origins))
    assert groups_of([SGD, net]) == []


def test_a_large_net_is_left_out_with_the_reason(listed):
    large = [replace(cell, architecture="mlp") for cell in (SGD, ADAM)]
    assert surface_left_out([SGD, ADAM], PLAN, listed) == []
    (reason,) = surface_left_out([SGD, ADAM, *large], PLAN, listed)
    assert "mlp has 100,001 parameters" in reason
    assert "100,000" in reason
    assert surface_left_out(large, Plan(), listed) == []


def test_a_limit_of_time_is_warned_of_before_it_costs_the_surface(listed):
    (line,) = surface_left_out([SGD, ADAM], replace(PLAN, train_limit=3.0), listed)
    assert line == "a training that ends after 3 s has no loss surface: give --train-limit 0 to have all"


@pytest.mark.parametrize(
    ("cells", "plan", "words"),
    [
        ([SGD], PLAN, "no two cells differ in theirs alone: give several --optimizers"),
        ([SGD, ADAM], replace(PLAN, epochs=0), "--surface needs training: give --epochs 1 or more"),
        ([SGD, ADAM], replace(PLAN, shard="1/2"), "on one machine: leave out --shard"),
        ([replace(SGD, architecture="mlp"), replace(ADAM, architecture="mlp")], PLAN, "leave out --surface"),
        ([replace(SGD, world_size=2), replace(ADAM, world_size=2)], PLAN, "several ranks"),
        ([replace(SGD, loader="crops_1"), replace(ADAM, loader="crops_1")], PLAN, "crops"),
        ([replace(SGD, engine="eager"), replace(ADAM, engine="eager")], PLAN, "an engine"),
        ([replace(ADAM, learning_rate=rate) for rate in range(1, MOST_PATHS + 2)], PLAN, "25 paths"),
    ],
)
def test_a_plan_that_can_have_none_is_refused(cells, plan, words, listed):
    with pytest.raises(BenchError) as caught:
        surface_left_out(cells, plan, listed)
    assert words in str(caught.value)
