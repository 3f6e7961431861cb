"""Stages: trials first, then the cells with the best rate; whatever ends it early, each cell has its line."""

from dataclasses import dataclass, field, replace

import pytest

from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.tuning import group_of
from bench.session.scheduler import Schedule
from bench.session.tuned import Stages
from bench.store.result import Measurement, Result

PLAN = Plan(tune=3, generations=2, seeds=(0, 1))
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
    visits: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    noted: list = field(default_factory=list)

    def visit(self, task, told):
        self.visits.append(task)
        if len(self.visits) == self.stop_at:
            raise KeyboardInterrupt
        cell = task.cell
        if cell.optimizer == self.hopeless:
            return Result(cell, "diverged", "the loss is nan", generation=task.generation)
        accuracy = 0.9 if cell.learning_rate == BEST[cell.optimizer] else 0.5
        found = [Measurement("accuracy", "1", "higher", accuracy, "final")]
        if task.rounds:
            found.append(Measurement("relative_cost", "1", "lower", 1.0, "p10"))
        return Result(cell, "ok", generation=task.generation, measurements=tuple(found))


def stages(fake, plan=PLAN, past=()):
    known = {(one.cell, one.generation): one for one in past}

    def begin(plan, cells, started=None):
        since = {} if started is None else {"started": started}
        return Schedule(plan, cells, fake, DEVICES, fake.kept.append, lambda *_: None, known, **since)

    return Stages(plan, CELLS, TRIALS, begin, fake.kept.append, past, fake.noted.append)


def test_trials_come_first_untimed_then_the_cells_at_the_best_rate():
    fake = Fake()
    made = stages(fake)
    made.run()
    trials, cells = fake.visits[:6], fake.visits[6:]
    assert {task.cell for task in trials} == set(TRIALS)
    assert {(task.rounds, task.costs) for task in trials} == {(0, False)}
    assert {task.cell for task in cells} == {replace(cell, learning_rate=BEST[cell.optimizer]) for cell in CELLS}
    assert len(cells) == len(CELLS) * 2
    assert {task.rounds for task in cells} == {PLAN.rounds}
    assert made.outcome == "finished"
    assert set(made.endings) == {task.cell for task in cells}


def test_what_was_found_is_noted():
    fake = Fake()
    stages(fake).run()
    (told,) = fake.noted
    assert [(one["id"], one["learning_rate"]) for one in told] == [
        ("mlp-sgd-mnist-b64-cpu-t1", 0.1),
        ("mlp-adam-mnist-b64-cpu-t1", 1.0),
    ]
    assert [trial["learning_rate"] for trial in told[0]["trials"]] == list(RATES)
    assert [trial["accuracy"] for trial in told[0]["trials"]] == [0.5, 0.9, 0.5]


def test_a_configuration_that_no_rate_trains_is_left_out_and_the_others_go_on():
    fake = Fake(hopeless="adam")
    stages(fake).run()
    lost = [one for one in fake.kept if one.status == "skipped"]
    assert [one.cell for one in lost] == CELLS[2:]
    assert "none of the 3 learning rates tried can be used: the loss is nan" in lost[0].reason
    assert {task.cell.optimizer for task in fake.visits[6:]} == {"sgd"}


def test_an_interrupt_in_the_trials_leaves_a_line_of_every_cell_and_the_run_can_go_on():
    fake = Fake(stop_at=3)
    made = stages(fake)
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert made.outcome == "interrupted"
    assert {one.cell for one in fake.kept} == {*TRIALS, *CELLS}
    done = [one for one in fake.kept if one.status != "skipped"]
    assert len(done) == 2

    again = Fake()
    stages(again, past=done).run()
    assert len(again.visits) == len(TRIALS) - 2 + len(CELLS) * 2
    assert not {task.cell for task in again.visits} & {one.cell for one in done}


def test_a_run_that_is_resumed_after_its_trials_makes_none_again_and_chooses_alike():
    first = Fake(stop_at=8)
    with pytest.raises(KeyboardInterrupt):
        stages(first).run()
    past = [one for one in first.kept if one.status != "skipped"]
    again = Fake()
    stages(again, past=past).run()
    assert not {task.cell for task in again.visits} & set(TRIALS)
    assert again.noted == first.noted
    assert len(again.visits) == len(CELLS) * 2 - 1


def test_a_budget_that_ends_in_the_trials_leaves_a_line_of_every_cell():
    fake = Fake()
    made = stages(fake, plan=replace(PLAN, budget=1e-9))
    made.run()
    assert made.outcome == "out of time"
    assert {one.status for one in fake.kept} == {"skipped"}
    assert {one.cell for one in fake.kept} == {*TRIALS, *CELLS}
