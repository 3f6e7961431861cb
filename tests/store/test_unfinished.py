"""Unfinished: how much was measured of what a run that ended early had begun."""

import pytest

from bench.plan.cell import Cell
from bench.store.fingerprint import machine_of
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.unfinished import SPENT, begun
from tests.store.planted import HOSTS, measured

STEP = (Measurement.of_value("step", 1.0, "p25", 1),)


@pytest.fixture
def run(tmp_path):
    """Builds a run of a plan whose cells, by name and seed, had so many processes; none is a cell left out."""

    def build(status, processes, repeats=3, seeds=(0,), endings=()):
        plan = {"repeats": repeats, "seeds": list(seeds)}
        known = {Cell(net, seed=seed).id: why for net, seed, why in endings}
        run = create("mine", {"status": status, "plan": plan, "endings": known}, tmp_path)
        for (net, seed), count in processes.items():
            for repeat in range(count):
                run.append(Result(Cell(net, seed=seed), "ok", repeat=repeat, measurements=STEP))
            if not count:
                run.append(Result(Cell(net, seed=seed), "skipped", "before its turn"))
        return run

    return build


def named(run):
    return {name.partition("-")[0]: str(known) for (name, _), known in begun(run).items()}


@pytest.mark.parametrize("status", ["interrupted", "out of time", "running"])
def test_repeats_that_are_missing_are_counted_and_what_was_never_begun_is_skipped(run, status):
    assert named(run(status, {("mlp", 0): 2, ("vgg4", 0): 3, ("lenet5", 0): 0})) == {"mlp": "2 of 3"}


def test_seeds_that_are_missing_are_counted_whether_they_have_a_line_or_not(run):
    processes = {("mlp", 0): 1, ("mlp", 1): 0, ("vgg4", 0): 1, ("vgg4", 1): 1, ("vgg4", 2): 1, ("lenet5", 2): 1}
    assert named(run("interrupted", processes, 1, (0, 1, 2))) == {"mlp": "1 of 3", "lenet5": "1 of 3"}


def test_a_cell_whose_end_is_known_has_all_that_it_was_to_have(run):
    endings = [("mlp", 0, "precise after 2 repeats"), ("vgg4", 0, SPENT)]
    assert named(run("out of time", {("mlp", 0): 2, ("vgg4", 0): 2}, endings=endings)) == {"vgg4": "2 of 3"}


def test_of_a_run_that_finished_nothing_is_missing(run):
    assert begun(run("finished", {("mlp", 0): 2})) == {}


def test_machines_are_counted_apart(tmp_path):
    run = create("mine", {"status": "interrupted", "plan": {"repeats": 3, "seeds": [0]}}, tmp_path)
    for host, count in (("xeon", 3), ("epyc", 2)):
        for repeat in range(count):
            run.append(measured(Cell("mlp", seed=0), host, repeat, step=0.01))
    assert [(machine, str(known)) for (_, machine), known in begun(run).items()] == [
        (machine_of(HOSTS["epyc"]), "2 of 3")
    ]


def test_a_seed_that_another_machine_has_is_not_missing(tmp_path):
    """As where a plan was measured in shards."""
    run = create("mine", {"status": "interrupted", "plan": {"repeats": 2, "seeds": [0, 1]}}, tmp_path)
    for seed, host in enumerate(("xeon", "epyc")):
        for repeat in range(2):
            run.append(measured(Cell("mlp", seed=seed), host, repeat, step=0.01))
    assert begun(run) == {}
