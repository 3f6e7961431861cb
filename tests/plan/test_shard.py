"""Shards: together they are the plan, each cell in one of them, as even as can be, the same on every machine."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.grid import expand
from bench.plan.plan import Plan, parse
from bench.plan.shard import Shard, deal, in_shard, shard_of
from bench.plan.tuning import group_of, trials_of
from tests.plan.conftest import FACTS

KNOWN = Catalogue(**FACTS)
NETS = ("mlp", "resnet8", "resnet18", "vgg4")
plans = st.builds(
    Plan,
    architectures=st.lists(st.sampled_from(NETS), min_size=1, unique=True).map(tuple),
    batch_sizes=st.lists(st.integers(1, 4096), min_size=1, max_size=4, unique=True).map(tuple),
    optimizers=st.sampled_from([("sgd",), ("sgd", "adam")]),
    seeds=st.integers(1, 3).map(lambda count: tuple(range(count))),
    epochs=st.sampled_from([0, 1]),
)


def shards(plan, catalogue=KNOWN):
    """The cells of each of so many shards; none for one that would be empty."""
    grid = expand(plan, catalogue)
    count = int(plan.shard.partition("/")[2])
    every = []
    for number in range(1, count + 1):
        try:
            every.append(in_shard(grid, replace(plan, shard=f"{number}/{count}"), catalogue).cells)
        except BenchError:
            every.append(())
    return grid, every


@given(plans, st.integers(1, 9))
def test_together_they_are_the_plan_and_each_cell_is_in_one(plan, count):
    grid, every = shards(replace(plan, shard=f"1/{count}"))
    assert sorted(cell.id for cells in every for cell in cells) == sorted(cell.id for cell in grid.cells)


@given(plans, st.integers(1, 9))
def test_their_sizes_differ_by_one_at_most(plan, count):
    sizes = [len(cells) for cells in shards(replace(plan, shard=f"1/{count}"))[1]]
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=60), st.integers(1, 9))
def test_their_costs_differ_by_no_more_than_the_dearest_cell(weights, count):
    units = [(Cell(f"net{at}"),) for at in range(len(weights))]
    of = dict(zip(units, weights, strict=True))
    sums = [sum(of[unit] for unit in deal(units, weights, Shard(number, count))) for number in range(1, count + 1)]
    assert max(sums) - min(sums) <= max(weights) * (1 + 1e-9)


@given(plans, st.integers(2, 5), st.integers(1, 64))
def test_a_machine_with_other_cores_has_the_same_cells_in_it(plan, count, cores):
    def named(catalogue):
        every = shards(replace(plan, shard=f"1/{count}"), catalogue)[1]
        return [sorted(replace(cell, threads=1).id for cell in cells) for cells in every]

    assert named(replace(KNOWN, usable_cores=cores)) == named(replace(KNOWN, usable_cores=1))


def test_equal_cells_are_not_dealt_by_their_axes():
    plan = Plan(architectures=("mlp",), batch_sizes=(16, 32), seeds=tuple(range(32)), epochs=0, shard="1/2")
    sizes = {cell.batch_size for cell in shards(plan)[1][0]}
    assert sizes == {16, 32}


def test_cells_that_share_a_learning_rate_stay_together():
    plan = Plan(architectures=NETS, optimizers=("sgd", "adam"), seeds=(0, 1, 2), tune=3, shard="1/3")
    _, every = shards(plan)
    groups = [{group_of(cell) for cell in cells} for cells in every]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 8
    trials = [set(trials_of(cells, plan, KNOWN)) for cells in every]
    assert sum(map(len, trials)) == len(set().union(*trials))


def test_several_ranks_stay_with_the_single_one_beside_them():
    plan = Plan(architectures=NETS, batch_sizes=(64, 128), world_sizes=(1, 2), epochs=0, shard="1/3")
    _, every = shards(plan)
    nets = [{cell.architecture for cell in cells} for cells in every]
    assert sorted(name for names in nets for name in names) == sorted(NETS)
    assert all({cell.world_size for cell in cells} == {1, 2} for cells in every)


def test_a_plan_without_a_shard_is_whole():
    plan = Plan(architectures=NETS)
    grid = expand(plan, KNOWN)
    assert shard_of(plan) is None
    assert in_shard(grid, plan, KNOWN) is grid


def test_what_is_left_out_is_so_in_each():
    plan = Plan(architectures=("mlp",), batch_sizes=(16, 32, 10**6), epochs=0)
    grid = expand(plan, KNOWN)
    assert len(grid.skipped) == 1
    assert all(in_shard(grid, replace(plan, shard=f"{n}/2"), KNOWN).skipped == grid.skipped for n in (1, 2))


def test_an_empty_shard_is_refused_with_how_many_there_can_be():
    plan = Plan(architectures=("mlp", "vgg4"), shard="3/3")
    with pytest.raises(BenchError, match=r"--shard 3/3 of 2 .*make 2 shards at most"):
        in_shard(expand(plan, KNOWN), plan, KNOWN)


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "2/", "/5", "2/0", "a/b", "-1/5", "2/5/7", " 2/5", "2/5\n", "²/5"])
def test_a_text_that_is_no_shard_is_refused(text):
    with pytest.raises(BenchError, match="--shard takes a part and how many there are, such as 2/5"):
        parse("shard", text)


def test_a_shard_is_read_as_it_is_written():
    assert str(shard_of(Plan(shard=parse("shard", "2/5")))) == "2/5"
