"""Ranks: the cells of several processes that train together, and what is refused of them before anything runs."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.cell_id import cell_of_id
from bench.plan.command import flags_of
from bench.plan.grid import expand
from bench.plan.plan import Plan
from bench.plan.ranks import device_of, is_oversubscribed
from bench.plan.task import request_of
from tests.plan.conftest import facts_of


def worlds(catalogue, **changes):
    plan = Plan(architectures=("mlp",), **changes)
    return [(cell.batch_size, cell.world_size, cell.threads) for cell in expand(plan, catalogue(usable_cores=4)).cells]


def test_weak_scaling_has_as_many_images_a_rank_and_strong_as_many_in_all(catalogue):
    assert worlds(catalogue, world_sizes=(1, 2, 4)) == [
        (64, 1, 1),
        (128, 2, 1),
        (64, 2, 1),
        (256, 4, 1),
        (64, 4, 1),
    ]
    assert worlds(catalogue, world_sizes=(1, 2), scaling=("weak",)) == [(64, 1, 2), (128, 2, 2)]
    assert worlds(catalogue, world_sizes=(1, 2), scaling=("strong",)) == [(64, 1, 2), (64, 2, 2)]


def test_a_cell_of_both_kinds_is_measured_once(catalogue):
    sizes = worlds(catalogue, world_sizes=(1, 2), batch_sizes=(64, 128))
    assert sorted(set(sizes)) == sorted(sizes)
    assert (128, 2, 2) in sizes


def test_threads_are_those_that_the_largest_world_leaves_unless_they_are_named(catalogue):
    assert {threads for *_, threads in worlds(catalogue, world_sizes=(1, 3))} == {1}
    assert {threads for *_, threads in worlds(catalogue, world_sizes=(1, 2), threads=(1,))} == {1}
    assert {threads for *_, threads in worlds(catalogue)} == {4}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"world_sizes": (1, 8)}, "--world-sizes 8 is more than the 4 cores usable here: ask for 4 at most, or have"),
        (
            {"world_sizes": (4,), "threads": (2,)},
            "--world-sizes 4 with 2 threads each is more .* ask for 2 at most",
        ),
        (
            {"world_sizes": (64,), "oversubscribe": True},
            "more than 8 to each of the 4 cores usable here: ask for 32",
        ),
        ({"world_sizes": (3,), "devices": ("cuda",)}, "from cuda:0 on needs 3 devices, .* no cuda:2 here: ask for 2"),
        ({"world_sizes": (2,), "devices": ("cuda:1",), "oversubscribe": True}, "there is no cuda:2 here: ask for 1"),
    ],
)
def test_more_ranks_than_there_is_room_for_are_refused_in_one_line(catalogue, changes, words):
    with pytest.raises(BenchError, match=words) as refused:
        expand(Plan(architectures=("mlp",), **changes), catalogue(usable_cores=4, devices=facts_of(*DEVICES)))
    assert "\n" not in str(refused.value)


DEVICES = ("cpu", "cuda:0", "cuda:1")


def test_cores_may_be_shared_where_that_is_asked_for(catalogue):
    assert (64, 8, 1) in worlds(catalogue, world_sizes=(8,), oversubscribe=True)
    cell = Cell("mlp", world_size=8)
    assert is_oversubscribed(cell, 4, on_host=True)
    assert not is_oversubscribed(cell, 8, on_host=True)
    assert not is_oversubscribed(cell, 4, on_host=False)
    assert not is_oversubscribed(Cell("mlp", threads=8), 4, on_host=True)  # that is refused elsewhere


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"batch_sizes": (63,), "scaling": ("strong",)}, "a batch of 63 cannot be split evenly among 2 ranks"),
        ({"modes": ("compile",)}, "several ranks are timed in eager mode alone, not as compile"),
        ({"optimizers": ("lbfgs",)}, "lbfgs steps by its own loss, of which each rank has another"),
    ],
)
def test_what_several_ranks_cannot_is_skipped_with_the_reason(catalogue, changes, reason):
    plan = Plan(architectures=("mlp",), threads=(1,), **{"world_sizes": (1, 2), **changes})
    grid = expand(plan, catalogue())
    assert {cell.world_size for cell in grid.cells} == {1}
    assert {cell.world_size for cell, _ in grid.skipped} == {2}
    assert all(reason in why for _, why in grid.skipped)


def test_a_rank_with_a_single_image_is_skipped_where_a_net_cannot_train_on_one(catalogue):
    nets = {"mlp": {"family": "made up", "flops_forward": 1.0, "more_than_one": {"mnist": "it normalizes"}}}
    plan = Plan(architectures=("mlp",), threads=(1,), world_sizes=(1, 2), batch_sizes=(2,), scaling=("strong",))
    grid = expand(plan, catalogue(architectures=nets))
    assert [(cell.world_size, why) for cell, why in grid.skipped] == [(2, "it normalizes")]
    assert 1 in request_of(plan).batch_sizes  # so that it is looked at


def test_ranks_have_the_next_devices_of_the_kind_or_all_the_host():
    assert [device_of("cuda:1", rank) for rank in range(3)] == ["cuda:1", "cuda:2", "cuda:3"]
    assert [device_of("cpu", rank) for rank in range(2)] == ["cpu", "cpu"]


def test_the_id_of_a_cell_has_its_ranks_and_can_be_read_back():
    cell = Cell("mlp", batch_size=128, world_size=2, seed=3)
    assert cell.id == "mlp-sgd-mnist-b128-cpu-t1-world2-seed3"
    assert cell_of_id(cell.id) == cell
    assert Cell("mlp").id == "mlp-sgd-mnist-b64-cpu-t1"


def test_the_command_of_a_cell_gives_that_cell_back(catalogue):
    cell = Cell("mlp", batch_size=128, threads=2, world_size=2)
    words = flags_of(cell, Plan(world_sizes=(1, 2), threads=(2,)).to_dict())
    assert "--batch-sizes 128" in words
    assert "--world-sizes 2 --scaling strong" in words
    plan = Plan(architectures=("mlp",), batch_sizes=(128,), threads=(2,), world_sizes=(2,), scaling=("strong",))
    assert expand(plan, catalogue(usable_cores=4)).cells == (replace(cell),)
