"""Estimate: more work is never forecast to take less time."""

from dataclasses import replace

import pytest

from bench.plan.cell import Cell
from bench.plan.estimate import (
    CEILING_SECONDS,
    INSIGHT_SECONDS,
    PAGE_SECONDS,
    PAGE_SECONDS_EACH,
    RENEWAL_SECONDS,
    STARTUP_SECONDS,
    around_seconds,
    evaluations,
    expected_seconds,
    learning_seconds,
    least_seconds,
    page_seconds,
    renewal_seconds,
    surface_seconds,
    training_seconds,
)
from bench.plan.plan import Plan
from bench.training.looks import Looks
from tests.plan.conftest import facts_of

PLAN = Plan(epochs=1, repeats=2, blocks=5)
CELL = Cell("resnet8")


@pytest.mark.parametrize("field", ["epochs", "repeats", "blocks"])
def test_more_of_anything_takes_longer(catalogue, field):
    times = [expected_seconds([CELL], replace(PLAN, **{field: value}), catalogue()) for value in (2, 3, 10, 100)]
    assert times == sorted(set(times))


def test_a_larger_network_takes_longer_to_train(catalogue):
    mlp, resnet8, resnet18 = (
        expected_seconds([Cell(name)], PLAN, catalogue()) for name in ("mlp", "resnet8", "resnet18")
    )
    assert mlp < resnet8 < resnet18


def test_steps_longer_than_a_block_are_counted_for_what_they_are(catalogue):
    speed = replace(PLAN, epochs=0)
    small, large = (expected_seconds([Cell(name)], speed, catalogue()) for name in ("mlp", "resnet18"))
    # 3 x 1e9 FLOPs x 64 images in each of more than 20 steps a process, of which there are two
    assert large - small > 2 * 20 * 3e9 * 64 / 8e10 / 2


@pytest.mark.parametrize(
    ("flops", "seconds"), [(1.43e9, 0.407), (3.63e9, 1.00), (8.18e9, 2.95), (31.0e9, 7.65), (39.3e9, 9.40)]
)
def test_steps_of_large_nets_are_forecast_within_a_factor_of_two(catalogue, flops, seconds):
    """As they were measured: alexnet, resnet18, resnet50, vgg16 and vgg19, batches of 16 on two cores."""
    known = catalogue(architectures={"net": {"flops_forward": flops, "input_shape": [1, 28, 28]}})
    plan = replace(PLAN, repeats=1)
    one, two = (training_seconds(Cell("net", batch_size=16, threads=2), replace(plan, epochs=n), known) for n in (1, 2))
    steps = known.dataset("mnist")["train"] / 16
    assert seconds / 2 < (two - one) / steps < seconds * 2


def test_the_forecast_grows_with_the_net_without_a_fall(catalogue):
    sizes = [10**power for power in (6, 7, 8, 8.3, 8.7, 9, 9.3, 10)]
    nets = {str(size): {"flops_forward": size, "input_shape": [1, 28, 28]} for size in sizes}
    times = [training_seconds(Cell(name), PLAN, catalogue(architectures=nets)) for name in nets]
    assert times == sorted(set(times))


def test_a_network_of_large_images_is_forecast_for_those_it_is_given(catalogue):
    nets = {"net": {"flops_forward": 49e9, "input_shape": [3, 224, 224]}, "same": {"flops_forward": 1e9}}
    sets = {"small": {"train": 4096, "input_shape": [1, 32, 32]}}
    speed, known = replace(PLAN, epochs=0), catalogue(architectures=nets, datasets=sets)
    net, same = (expected_seconds([Cell(name, dataset="small")], speed, known) for name in nets)
    assert net == pytest.approx(same)


def test_compiling_takes_its_time(catalogue):
    eager, compiled = (expected_seconds([Cell("mlp", mode=mode)], PLAN, catalogue()) for mode in ("eager", "compile"))
    assert compiled > eager + 10


def test_a_larger_data_set_takes_longer_to_train(catalogue):
    small, large = (
        expected_seconds([replace(CELL, dataset=name)], PLAN, catalogue()) for name in ("synthetic", "mnist")
    )
    assert small < large


def test_more_threads_take_no_longer(catalogue):
    slow, fast = (expected_seconds([replace(CELL, threads=threads)], PLAN, catalogue()) for threads in (1, 2))
    assert fast <= slow


def test_cells_add_up(catalogue):
    cells = [CELL, Cell("mlp"), Cell("vgg4", dataset="synthetic:3x32x32")]
    whole = expected_seconds(cells, PLAN, catalogue())
    assert whole == pytest.approx(sum(expected_seconds([cell], PLAN, catalogue()) for cell in cells))
    assert least_seconds(cells, PLAN) == pytest.approx(3 * least_seconds([CELL], PLAN))


def test_cells_may_come_from_anything_that_can_be_gone_through_once(catalogue):
    assert expected_seconds(iter([CELL]), PLAN, catalogue()) == expected_seconds([CELL], PLAN, catalogue())


@pytest.mark.parametrize("repeats", [1, 2, 10])
def test_the_forecast_is_at_least_the_least(catalogue, repeats):
    plan = replace(PLAN, repeats=repeats)
    assert expected_seconds([CELL], plan, catalogue()) >= least_seconds([CELL], plan)


def test_a_fresh_server_is_reckoned_for_each_round_but_the_first():
    seeds = [replace(CELL, seed=seed) for seed in range(3)]
    for cells, repeats, renewals in (
        ([CELL], 1, 0),
        ([CELL, Cell("mlp")], 4, 3),
        (seeds, 1, 2),
        (seeds, 2, 5),
        ([], 3, 0),
    ):
        assert renewal_seconds(cells, replace(PLAN, repeats=repeats)) == renewals * RENEWAL_SECONDS


def test_start_up_ceilings_and_the_page_are_reckoned_as_far_as_there_are_any():
    cells = [CELL, replace(CELL, threads=2), replace(CELL, seed=1)]
    bare = around_seconds([CELL], replace(PLAN, blocks=0, report=False))
    assert bare == STARTUP_SECONDS
    assert around_seconds(cells, replace(PLAN, report=False)) == bare + 2 * CEILING_SECONDS
    assert around_seconds(cells, PLAN) == around_seconds(cells, replace(PLAN, report=False)) + page_seconds(cells, PLAN)
    assert page_seconds(cells, PLAN) == PAGE_SECONDS + 2 * PAGE_SECONDS_EACH


@pytest.mark.parametrize(
    ("epochs", "of_the_limit", "split", "often", "target"),
    [
        (1, 2.0, "test", 0, None),
        (4, 2.0, "test", 0, None),
        (2, 0.2, "test", 0, None),
        (8, 0.3, "test", 0, None),
        (3, 2.0, "validation", 0, None),
        (3, 0.5, "validation", 0, None),
        (2, 2.0, "test", 4, "until"),
        (2, 2.0, "test", 4, "goal"),
        (2, 0.3, "test", 16, "until"),
    ],
)
def test_every_evaluation_of_a_training_is_counted(epochs, of_the_limit, split, often, target):
    """A training of 1,000 steps an epoch of a second each, whose limit is so many times as long as all of them."""
    whole, steps = 1000, 1000 * epochs
    looks = Looks(whole, epochs, of_the_limit * steps, parts=often, early=split == "test")
    seen = [step for step in range(1, min(steps, int(of_the_limit * steps)) + 1) if looks.due(step, float(step))]
    plan = Plan(epochs=epochs, evaluations=often or 1, **({target: 0.9} if target else {}))
    counted, with_training_images = evaluations(Cell("mlp", split=split), plan, epochs * min(1.0, of_the_limit))
    assert counted == len(seen)
    assert with_training_images == sum(step % whole == 0 or step == seen[-1] for step in seen)


def test_a_limit_ends_training_and_not_its_evaluations(catalogue):
    whole, short = (
        learning_seconds(CELL, replace(PLAN, train_limit=limit, epochs=100), catalogue()) for limit in (None, 2.0)
    )
    assert 2.0 < short < 20.0 < whole / 10


def test_a_look_into_the_net_takes_seconds_and_none_on_held_out_images(catalogue):
    def look(cell, **changes):
        plans = (replace(PLAN, insight=insight, **changes) for insight in (True, False))
        looked, without = (learning_seconds(cell, plan, catalogue()) for plan in plans)
        return looked - without

    mlp, resnet8, resnet18 = (look(Cell(name)) for name in ("mlp", "resnet8", "resnet18"))
    assert INSIGHT_SECONDS < mlp < resnet8 < resnet18
    assert look(CELL, epochs=9) == pytest.approx(resnet8)  # once a training
    assert look(replace(CELL, split="validation")) == look(CELL, epochs=0) == 0


def test_a_surface_takes_all_trainings_once_more_and_its_planes(catalogue):
    plan, cells = replace(PLAN, surface=True), [Cell("resnet8", optimizer=name) for name in ("sgd", "adam")]
    trainings = sum(training_seconds(cell, plan, catalogue()) for cell in cells)
    assert surface_seconds(cells, plan, catalogue()) > trainings > 0
    facts = {**catalogue().architectures["resnet8"], "parameters": 10**6}
    assert surface_seconds(cells, plan, catalogue(architectures={"resnet8": facts})) == 0
    assert surface_seconds(cells[:1], plan, catalogue()) == 0
    assert surface_seconds(cells, PLAN, catalogue()) == 0


def test_early_evaluations_take_as_long_as_the_last(catalogue):
    plan = replace(PLAN, train_limit=2.0, epochs=100)
    one, six = (learning_seconds(replace(CELL, split=split), plan, catalogue()) for split in ("validation", "test"))
    assert (six - 2.0) / (one - 2.0) == pytest.approx((6 * 10_000 + 5000) / (10_000 + 5000))


def test_a_gpu_is_reckoned_with_a_rate_of_its_own(catalogue):
    known = catalogue(devices=facts_of("cpu", "cuda:0"))
    cells = [Cell("resnet18", device=device) for device in ("cpu", "cuda:0")]
    host, gpu = (expected_seconds([cell], PLAN, known) for cell in cells)
    assert gpu < host / 10
