"""The grid of a plan whose batches are to be as large as fits: a search a group of cells, by tries in workers."""

from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import expand
from bench.plan.plan import Plan
from bench.process import entries
from bench.process.worker import HERE, WorkerError
from bench.session.largest import expanded
from bench.session.observer import Observer
from tests.plan.conftest import catalogue

__all__ = ["catalogue"]

PLAN = Plan(architectures=("mlp",), threads=(1,), batch_sizes=("max",))


class Machine:
    """An executor on which so many images fit; a try of more ends as it is told."""

    slots, nodes = 1, (HERE,)

    def __init__(self, fits=1000, ending=("oom", "no memory", None)):
        self.fits, self.ending, self.tasks = fits, ending, []

    def start(self, entry, task):
        assert entry == entries.TRY_BATCH
        self.tasks.append(task)
        fits = task.cell.batch_size <= self.fits
        self.left = [("limit", task.limit or 5e6), ("tried", ("ok", None, 7.0) if fits else self.ending)]
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def receive(self, _):
        kind, payload = self.left.pop(0)
        if isinstance(payload, WorkerError):
            raise payload
        return kind, payload


class Listener(Observer):
    def __init__(self):
        self.heard = []

    def noted(self, text):
        self.heard.append(text)


def test_a_plan_that_names_its_batches_searches_for_none(catalogue):
    machine, plan = Machine(), replace(PLAN, batch_sizes=(64, 16))
    assert expanded(plan, catalogue(), machine, Observer()) == (expand(plan, catalogue()), ())
    assert machine.tasks == []


def test_every_cell_has_the_batch_that_its_search_found_and_seeds_share_one(catalogue):
    machine, listener = Machine(), Listener()
    plan = replace(PLAN, seeds=(0, 1), optimizers=("sgd", "adam"), batch_sizes=("max", 64))
    grid, largest = expanded(plan, catalogue(), machine, listener)
    assert {(cell.optimizer, cell.seed, cell.batch_size) for cell in grid.cells} == {
        (optimizer, seed, size) for optimizer in ("sgd", "adam") for seed in (0, 1) for size in (64, 992)
    }
    assert [each.cell.id for each in largest] == [f"mlp-{name}-mnist-b992-cpu-t1" for name in ("sgd", "adam")]
    assert len(machine.tasks) == sum(len(each.tries) for each in largest)
    assert sum("a batch of 992 fits" in text for text in listener.heard) == 2


def test_all_tries_of_a_search_have_the_limit_that_the_first_found_free(catalogue):
    machine = Machine()
    _, (largest,) = expanded(PLAN, catalogue(), machine, Observer())
    assert [task.limit for task in machine.tasks] == [0.0] + [5e6] * (len(machine.tasks) - 1)
    assert largest.limit == 5e6
    machine = Machine()
    expanded(replace(PLAN, memory_limit=3e6), catalogue(), machine, Observer())
    assert {task.limit for task in machine.tasks} == {3e6}


def test_engines_share_the_search_of_their_training(catalogue):
    known = catalogue()
    plan = replace(PLAN, engines=("none", "eager", "inference_mode"))
    names = {name: {"unsupported": {}} for name in ("eager", "inference_mode")}
    machine = Machine()
    grid, largest = expanded(plan, replace(known, engines=names), machine, Observer())
    assert [(cell.engine, cell.batch_size) for cell in grid.cells] == [(name, 992) for name in plan.engines]
    assert len(largest) == 1


def test_a_batch_in_parts_is_a_multiple_of_them(catalogue):
    grid, _ = expanded(replace(PLAN, accumulate=(1, 3)), catalogue(), Machine(fits=1000), Observer())
    assert [(cell.accumulate, cell.batch_size % cell.accumulate) for cell in grid.cells] == [(1, 0), (3, 0)]


@pytest.mark.parametrize("status", ["oom", "failed", "timeout"])
def test_a_worker_that_is_lost_is_a_try_that_did_not_fit(catalogue, status):
    machine = Machine(ending=WorkerError(status, "ended by SIGABRT"))
    _, (largest,) = expanded(PLAN, catalogue(), machine, Observer())
    assert (largest.batch_size, largest.beyond.status, largest.beyond.reason) == (992, status, "ended by SIGABRT")


def test_where_no_batch_fits_the_cell_is_left_out_with_the_reason(catalogue):
    plan = replace(PLAN, batch_sizes=("max", 16))
    grid, _ = expanded(plan, catalogue(), Machine(fits=0), Observer())
    assert [cell.batch_size for cell in grid.cells] == [16]
    ((cell, why),) = grid.skipped
    assert cell.batch_size == 1
    assert "no batch fits 5.00 MB, 1 do not: no memory" in why
    with pytest.raises(BenchError, match=r"nothing to measure: .*no batch fits .* \(--memory-limit\)"):
        expanded(PLAN, catalogue(), Machine(fits=0), Observer())
    broken = Machine(fits=0, ending=("failed", "ValueError: no such layer", None))
    with pytest.raises(
        BenchError, match=r"1 do not: ValueError: no such layer \(\d tries\)\Z"
    ):  # which no memory mends
        expanded(PLAN, catalogue(), broken, Observer())


def test_what_was_found_before_is_not_searched_for_again(catalogue):
    grid, largest = expanded(PLAN, catalogue(), Machine(fits=500), Observer())
    machine = Machine(fits=1000)
    assert expanded(PLAN, catalogue(), machine, Observer(), largest) == (grid, largest)
    assert machine.tasks == []


@pytest.mark.parametrize(
    ("change", "nodes", "words"),
    [
        ({"world_sizes": (1, 2)}, (HERE,), "is of one process"),
        ({"shard": "1/2"}, (HERE,), "another batch on each machine"),
        ({}, ("a", "b"), "another batch on each machine"),
    ],
)
def test_it_is_refused_where_one_machine_cannot_tell(catalogue, change, nodes, words):
    machine = Machine()
    machine.nodes = nodes
    with pytest.raises(BenchError, match=f"--batch-sizes max .*{words}"):
        expanded(replace(PLAN, **change), catalogue(usable_cores=4), machine, Observer())


def test_other_commands_want_a_number(catalogue):
    with pytest.raises(BenchError, match="--batch-sizes max goes with run alone"):
        expand(PLAN, catalogue())


def test_only_images_of_training_can_be_in_a_batch(catalogue):
    sets = {"mnist": {"train": 120, "test": 10}}
    _, (whole,) = expanded(PLAN, catalogue(datasets=sets), Machine(), Observer())
    _, (part,) = expanded(replace(PLAN, splits=("validation",)), catalogue(datasets=sets), Machine(), Observer())
    assert (whole.batch_size, part.batch_size) == (120, 110)
    assert whole.cell == Cell("mlp", batch_size=120)


def test_all_images_of_a_data_set_smaller_than_the_first_try_are_its_largest_batch(catalogue):
    sets = {"mnist": {"train": 40, "test": 10}}
    grid, (largest,) = expanded(PLAN, catalogue(datasets=sets), Machine(), Observer())
    assert [cell.batch_size for cell in grid.cells] == [largest.batch_size] == [40]
    grid, (largest,) = expanded(replace(PLAN, accumulate=(3,)), catalogue(datasets=sets), Machine(), Observer())
    assert [cell.batch_size for cell in grid.cells] == [largest.batch_size] == [39]


def test_what_is_done_to_images_is_searched_for_apart_and_an_older_run_goes_on_with_what_it_found(catalogue):
    """A batch that is moved or cut lies there twice: some nets take three times as much memory with it."""
    machine, plan = Machine(), replace(PLAN, augmentations=("none", "crop"))
    _, (plain, crop) = expanded(plan, catalogue(), machine, Observer())
    assert {task.cell.augmentation for task in machine.tasks} == {"none", "crop"}
    assert (plain.cell.augmentation, crop.cell.augmentation) == ("none", "crop")
    again = Machine(fits=500)
    grid, _ = expanded(plan, catalogue(), again, Observer(), [plain])
    assert (again.tasks, [cell.batch_size for cell in grid.cells]) == ([], [992, 992])
