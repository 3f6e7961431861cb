"""Sequential comparison: which pairs are made, in which order, and when it ends; noise stands in for workers."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare import ab
from bench.compare import sequential as module
from bench.compare.facts import SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.pairs import Pair, Side, SideError
from bench.compare.sequential import SequentialComparison
from bench.compare.sides import Comparison
from bench.compare.start_order import start_of
from bench.compare.verdicts import decide
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process.worker import WorkerError


class Machine:
    """Gives pairs with a true slowdown by architecture, and remembers who was asked."""

    def __init__(self, slowdowns, spread=0.01, seed=0):
        self.slowdowns, self.spread = slowdowns, spread
        self.draw = np.random.default_rng(seed)
        self.asked, self.starts = [], []
        self.trouble = {}
        self.counts = {}
        self.renewed = []

    def renew(self):
        self.renewed.append(len(self.asked))

    def measure_pair(self, first, second, blocks, order, start):
        name = first.cell.architecture
        self.asked.append(name)
        self.starts.append(start)
        if len(self.asked) in self.trouble:
            raise self.trouble[len(self.asked)]
        log = np.log1p(self.slowdowns[name]) + self.draw.normal(0, self.spread)
        steps = np.full((blocks, 4), 0.004)
        return Pair(steps, steps * np.exp(log), {"forward": (0.002, 0.002)}, 0, started_first=start, statistic="p10")

    def count_both(self, first, second, timeout):
        return tuple(self.counts.get(side.cell.architecture, {"flops": 1.0}) for side in (first, second))


def comparison_of(machine, sides):
    """A comparison whose servers are the machine's."""
    host = SimpleNamespace(renew=machine.renew, wait_until_ready=lambda: None)
    return Comparison(before=SideFacts("a"), after=SideFacts("b"), sides=sides, system={}, hosts=(host,))


@pytest.fixture
def play(monkeypatch, told):
    """Runs a sequential comparison on a machine: the log, and what was told."""

    def run(machine, budget=None, tolerance=0.05):
        monkeypatch.setattr(module, "measure_pair", machine.measure_pair)
        monkeypatch.setattr(module, "count_both", machine.count_both)
        sides = {name: (Side(None, Cell(name)), Side(None, Cell(name))) for name in machine.slowdowns}
        log = ComparisonLog(None, told.facts(*sides, tolerance=tolerance))
        heard = []
        SequentialComparison(comparison_of(machine, sides), log, budget, heard.append).run()
        return log, heard

    return run


def made(log, name):
    return tuple(len(log.cell_logs[name].pairs[run]) for run in (1, 2))


def test_equal_sides_take_one_run_of_six(play):
    log, heard = play(Machine({"mlp": 0.0}))
    assert made(log, "mlp") == (6, 0)
    assert decide(log).exit_code == 0
    assert decide(log).verdicts[0].statistic == "p10"
    assert set(log.cell_logs["mlp"].pairs[1][0].quantiles) == {"min", "p10", "p25", "median"}
    pairs = [progress for progress in heard if progress.over]
    assert [progress.pairs for progress in pairs] == [1, 2, 3, 4, 5, 6]
    assert [progress.look is not None for progress in pairs] == [False] * 5 + [True]


def test_a_slowdown_takes_a_second_run_of_its_cell_alone(play):
    log, _ = play(Machine({"mlp": 0.0, "lenet5": 0.1}))
    assert made(log, "lenet5") == (6, 6)
    assert made(log, "mlp") == (6, 0)
    decision = decide(log)
    assert decision.exit_code == 1
    assert [one.verdict for one in decision.verdicts[:2]] == ["unchanged", "regressed"]


def test_servers_are_fresh_in_every_round_of_both_runs(play):
    machine = Machine({"mlp": 0.1})
    play(machine)
    assert machine.renewed == list(range(1, 12))


def test_the_cells_of_a_round_share_servers_and_none_are_renewed_at_the_end(play):
    machine = Machine({"mlp": 0.0, "lenet5": 0.0})
    play(machine)
    assert machine.renewed == [2, 4, 6, 8, 10]


def test_either_side_starts_once_in_each_two_rounds_for_all_cells_alike(play):
    machine = Machine({"mlp": 0.1, "lenet5": 0.1})
    log, _ = play(machine)
    for run in (1, 2):
        first, other = (log.cell_logs[name].starts(run) for name in ("mlp", "lenet5"))
        assert first == other
        assert [sum(first[at : at + 2]) for at in (0, 2, 4)] == [1, 1, 1]


def test_another_seed_has_other_starts(play):
    assert len({tuple(start_of(seed, 1, at) for at in range(6)) for seed in range(50)}) == 8
    assert any(start_of(seed, 1, 0) != start_of(seed, 2, 0) for seed in range(50))


def test_pairs_of_cells_are_interleaved(play):
    machine = Machine({"mlp": 0.0, "lenet5": 0.0, "vgg4": 0.0})
    play(machine)
    assert all(set(machine.asked[at : at + 3]) == {"mlp", "lenet5", "vgg4"} for at in range(0, 18, 3))
    assert len({tuple(machine.asked[at : at + 3]) for at in range(0, 18, 3)}) > 1


def test_a_noisy_cell_goes_on_alone_to_the_cap(play):
    machine = Machine({"mlp": 0.0}, spread=0.2)
    log, _ = play(machine)
    assert made(log, "mlp") == (30, 0)
    assert decide(log).exit_code == 3


def test_a_small_loss_of_all_cells_takes_a_second_run_of_all(play):
    names = [f"net{at}" for at in range(12)]
    machine = Machine(dict.fromkeys(names, 0.02), spread=0.012, seed=3)
    log, _ = play(machine)
    assert {decide(log).verdicts[at].verdict for at in range(12)} <= {"unchanged", "inconclusive"}
    assert all(made(log, name)[1] >= 6 for name in names)
    assert decide(log).verdicts[-1].verdict == "regressed"


def test_the_budget_ends_it_before_a_pair_that_would_not_fit(play, monkeypatch):
    now = iter(np.arange(0, 1000, 2.5))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(now)))
    log, _ = play(Machine({"mlp": 0.0}, spread=0.2), budget=40.0)
    assert log.ended == "out of time"
    assert 0 < made(log, "mlp")[0] < 30
    assert decide(log).exit_code == 3


def test_what_came_before_the_first_pair_is_inside_the_budget_and_makes_no_pair_longer(told, monkeypatch):
    """Of 100 s, 60 were spent on what the sides compute; a pair takes 5 s, so eight of them fit."""
    clock = SimpleNamespace(now=60.0)
    machine = Machine({"mlp": 0.0}, spread=0.2)

    def measure_pair(*asked):
        clock.now += 5.0
        return machine.measure_pair(*asked)

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(module, "measure_pair", measure_pair)
    monkeypatch.setattr(module, "count_both", machine.count_both)
    sides = {"mlp": (Side(None, Cell("mlp")), Side(None, Cell("mlp")))}
    log = ComparisonLog(None, told.facts("mlp", tolerance=0.05))
    SequentialComparison(comparison_of(machine, sides), log, 100.0, lambda *_: None, began=0.0).run()
    assert (log.ended, log.seconds) == ("out of time", 100.0)
    assert made(log, "mlp") == (8, 0)


def test_an_interrupt_leaves_what_was_measured(play):
    machine = Machine({"mlp": 0.0})
    machine.trouble[4] = KeyboardInterrupt()
    kept = []
    with pytest.raises(KeyboardInterrupt):
        kept.append(play(machine))
    assert kept == []
    assert len(machine.asked) == 4


def test_a_worker_that_fails_once_is_tried_again(play):
    machine = Machine({"mlp": 0.0})
    machine.trouble[2] = SideError(1, WorkerError("failed", "the worker was ended by SIGKILL"))
    log, _ = play(machine)
    assert made(log, "mlp") == (6, 0)
    assert len(machine.asked) == 7


@pytest.mark.parametrize(("side", "code"), [(0, 4), (1, 1)])
def test_a_side_that_fails_twice_in_a_row_has_failed(play, side, code):
    machine = Machine({"mlp": 0.0})
    machine.trouble |= {at: SideError(side, WorkerError("failed", "it was ended")) for at in (2, 3)}
    log, _ = play(machine)
    assert made(log, "mlp") == (1, 0)
    assert decide(log).exit_code == code


def test_a_cell_that_cannot_be_counted_is_not_timed(play):
    machine = Machine({"mlp": 0.0, "lenet5": 0.0})
    machine.count_both = lambda first, *_: (
        ({"flops": 1.0}, WorkerError("failed", "it raises"))
        if (first.cell.architecture == "mlp")
        else ({"flops": 1.0}, {"flops": 2.0})
    )
    log, _ = play(machine)
    assert made(log, "mlp") == (0, 0)
    by_cell = {one.cell: one for one in decide(log).verdicts if one.metric == "step"}
    assert by_cell["mlp"].verdict == "failed"
    assert by_cell["lenet5"].evidence == ("flops 1 -> 2",)


def test_sides_of_different_batch_sizes_are_compared_by_the_image(monkeypatch, told):
    machine = Machine({"mlp": 0.0}, spread=0.0001)
    monkeypatch.setattr(module, "measure_pair", machine.measure_pair)
    monkeypatch.setattr(module, "count_both", machine.count_both)
    sides = {"one": (Side(None, Cell("mlp", batch_size=64)), Side(None, Cell("mlp", batch_size=128)))}
    log = ComparisonLog(None, told.facts("one"))
    SequentialComparison(comparison_of(machine, sides), log, None, lambda *_: None).run()
    verdict = decide(log).verdicts[0]
    assert verdict.ratio.value == pytest.approx(0.5, rel=1e-3)
    assert verdict.before == pytest.approx(0.004 / 64, rel=1e-3)


def test_a_suspect_has_its_second_run_before_others_go_on(play):
    """A noisy neighbour in the list would else eat the budget, and the suspect end undecided."""
    machine = Machine({"mlp": 0.0, "lenet5": 0.3})
    noise = {"mlp": 0.2, "lenet5": 0.01}
    measure = machine.measure_pair

    def measure_pair(first, *rest):
        machine.spread = noise[first.cell.architecture]
        return measure(first, *rest)

    machine.measure_pair = measure_pair
    log, heard = play(machine)
    assert made(log, "lenet5") == (6, 6)
    assert made(log, "mlp")[0] > 6
    assert machine.asked[12:18] == ["lenet5"] * 6  # after a round of both was looked at the first time
    runs = [progress.run for progress in heard if progress.cell == "lenet5" and progress.over]
    assert runs == [1] * 6 + [2] * 6
    assert {one.cell: one.verdict for one in decide(log).verdicts}["lenet5"] == "regressed"


@pytest.mark.parametrize(("second", "verdict"), [(40e6, "changed"), (10e6, "unchanged")])
def test_memory_that_has_risen_is_read_once_more(play, second, verdict):
    readings = [40e6, second]

    def count_both(*_):
        return {"flops": 1.0, "peak_memory": 10e6}, {"flops": 1.0, "peak_memory": readings.pop(0)}

    machine = Machine({"mlp": 0.0})
    machine.count_both = count_both
    log, _ = play(machine)
    assert readings == []
    assert dict(log.cell_logs["mlp"].counts.after) == {"flops": 1.0}
    (memory,) = [one for one in decide(log).verdicts if one.metric == "peak_memory"]
    assert (memory.before, memory.after, memory.verdict) == (10e6, second, verdict)
    assert decide(log).exit_code == 0
    assert decide(log, same_costs=True).exit_code == (1 if verdict == "changed" else 0)


def test_memory_as_it_was_is_read_once_and_one_side_that_does_not_tell_says_nothing(play):
    machine = Machine({"mlp": 0.0})
    machine.counts = {"mlp": {"flops": 1.0, "peak_memory": 5e6}}
    log, _ = play(machine)
    assert [(record.before, record.after) for record in log.cell_logs["mlp"].memory] == [(5e6, 5e6)]
    machine.count_both = lambda *_: ({"flops": 1.0}, {"flops": 1.0, "peak_memory": 5e6})
    log, _ = play(machine)
    assert log.cell_logs["mlp"].memory == []


def test_what_started_the_sides_is_part_of_the_budget(monkeypatch, told):
    """Of 10 s, 20 were gone before the first pair could be made."""
    machine = Machine({"mlp": 0.0})
    monkeypatch.setattr(module, "measure_pair", machine.measure_pair)
    monkeypatch.setattr(module, "count_both", machine.count_both)
    monkeypatch.setattr(ab, "note_sameness", lambda *_, budget, **__: asked.append(budget))
    asked = []
    sides = {"mlp": (Side(None, Cell("mlp")), Side(None, Cell("mlp")))}
    plan = Plan(budget=10.0, order_seed=0)
    decision = ab.compare(comparison_of(machine, sides), plan, ab.Rules(), lambda *_: None, time.monotonic() - 20)
    assert (asked, machine.asked) == ([0.0], [])
    assert decision.interrupted == "out of time"
    assert decision.exit_code == 3
