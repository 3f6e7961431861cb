"""Tuned: trials first, then the cells with the best rate; whatever ends it early, each cell has its line."""

from dataclasses import dataclass, field, replace

import pytest

from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.tuning import group_of
from bench.session.recording import Recording
from bench.session.tuned import Tuned
from bench.store.result import Measurement, Result
from bench.store.run import create

PLAN = Plan(tune=3, repeats=2, seeds=(0, 1))
RATES = (0.01, 0.1, 1.0)
CELLS = [Cell("mlp", optimizer=name, seed=seed) for name in ("sgd", "adam") for seed in (0, 1)]
TRIALS = [replace(group_of(cell), learning_rate=rate, split="validation") for cell in CELLS[::2] for rate in RATES]
BEST = {"sgd": 0.1, "adam": 1.0}

DEVICES = {"cpu": DeviceFacts("cpu", on_host=True)}


@dataclass
class Fake:
    """A collector in whose world each optimizer has a best rate; `stop_at` and `slow` end a run early."""

    slots: int = 1
    stop_at: int | None = None
    hopeless: str = ""
    tasks: list = field(default_factory=list)
    renewed: list = field(default_factory=list)

    def renew(self):
        self.renewed.append(len(self.tasks))

    def measure(self, task, _):
        self.tasks.append(task)
        if len(self.tasks) == self.stop_at:
            raise KeyboardInterrupt
        cell = task.cell
        if cell.optimizer == self.hopeless:
            return Result(cell, "diverged", "the loss is nan", repeat=task.repeat)
        accuracy = 0.9 if cell.learning_rate == BEST[cell.optimizer] else 0.5
        readings = [Measurement("accuracy", "1", "higher", accuracy, "final")]
        if task.blocks:
            readings.append(Measurement("relative_cost", "1", "lower", 1.0, "p10"))
        return Result(cell, "ok", repeat=task.repeat, measurements=tuple(readings))


@pytest.fixture
def tuned(tmp_path):
    """Builds a tuned run with a folder of its own, by name."""

    def build(fake, plan=PLAN, past=(), name="tuned"):
        measured = {(result.cell, result.repeat): result for result in past}
        run = create(name, {"plan": {}}, tmp_path)
        return Tuned(plan, CELLS, TRIALS, Recording(run, fake, DEVICES, past=measured))

    return build


def kept(tuned):
    return tuned.recording.run.results()


def done(tuned):
    return [result for result in kept(tuned) if result.status != "skipped"]


def noted(tuned):
    return list(tuned.recording.run.facts.tuned)


def test_trials_come_first_untimed_then_the_cells_at_the_best_rate(tuned):
    fake = Fake()
    run = tuned(fake)
    run.run()
    trials, cells = fake.tasks[:6], fake.tasks[6:]
    assert {task.cell for task in trials} == set(TRIALS)
    assert {(task.blocks, task.costs) for task in trials} == {(0, False)}
    assert {task.cell for task in cells} == {replace(cell, learning_rate=BEST[cell.optimizer]) for cell in CELLS}
    assert len(cells) == len(CELLS) * 2
    assert {task.blocks for task in cells} == {PLAN.blocks}
    assert run.outcome == "finished"
    assert set(run.endings) == {task.cell for task in cells}


def test_what_was_readings_is_noted(tuned):
    fake = Fake()
    run = tuned(fake)
    run.run()
    facts = noted(run)
    assert [(one["id"], one["learning_rate"]) for one in facts] == [
        ("mlp-sgd-mnist-b64-cpu-t1", 0.1),
        ("mlp-adam-mnist-b64-cpu-t1", 1.0),
    ]
    assert [trial["learning_rate"] for trial in facts[0]["trials"]] == list(RATES)
    assert [trial["accuracy"] for trial in facts[0]["trials"]] == [0.5, 0.9, 0.5]


def test_a_configuration_that_no_rate_trains_is_left_out_and_the_others_go_on(tuned):
    fake = Fake(hopeless="adam")
    run = tuned(fake)
    run.run()
    lost = [one for one in kept(run) if one.status == "skipped"]
    assert [one.cell for one in lost] == CELLS[2:]
    assert "none of the 3 learning rates tried can be used: the loss is nan" in lost[0].reason
    assert {task.cell.optimizer for task in fake.tasks[6:]} == {"sgd"}


def test_an_interrupt_in_the_trials_leaves_a_line_of_every_cell_and_the_run_can_go_on(tuned):
    fake = Fake(stop_at=3)
    run = tuned(fake)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert run.outcome == "interrupted"
    assert {one.cell for one in kept(run)} == {*TRIALS, *CELLS}
    past = done(run)
    assert len(past) == 2

    again = Fake()
    tuned(again, past=past, name="again").run()
    assert len(again.tasks) == len(TRIALS) - 2 + len(CELLS) * 2
    assert not {task.cell for task in again.tasks} & {result.cell for result in past}


def test_a_run_that_is_resumed_after_its_trials_makes_none_again_and_chooses_alike(tuned):
    first = tuned(Fake(stop_at=8))
    with pytest.raises(KeyboardInterrupt):
        first.run()
    again = Fake()
    second = tuned(again, past=done(first), name="second")
    second.run()
    assert not {task.cell for task in again.tasks} & set(TRIALS)
    assert noted(second) == noted(first)
    assert len(again.tasks) == len(CELLS) * 2 - 1


def test_a_budget_that_ends_in_the_trials_leaves_a_line_of_every_cell(tuned):
    fake = Fake()
    run = tuned(fake, plan=replace(PLAN, budget=1e-9))
    run.run()
    assert run.outcome == "out of time"
    assert {one.status for one in kept(run)} == {"skipped"}
    assert {one.cell for one in kept(run)} == {*TRIALS, *CELLS}
