"""Scheduler: the order of cells, when a cell has had enough, and what is kept when; the executor is a fake."""

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.estimate import RENEWAL_SECONDS
from bench.plan.plan import Plan
from bench.plan.timing import LEAST_REPEATS
from bench.session import scheduler as module
from bench.session.forecast import SAME, Forecast, Parts
from bench.session.scheduler import Scheduler
from bench.store.result import Measurement, Result
from bench.store.warning import Warning
from bench.vocabulary import STATUSES

CELLS = [Cell(f"net{number}") for number in range(8)]
TASK_SECONDS = 10.0
DEVICES = {"cpu": DeviceFacts("cpu", on_host=True)}


@dataclass
class Fake:
    """A collector that measures nothing; with the clock, the records and the ears of a run.

    Everything that happens is an event, in order.
    """

    ratio: object = lambda task: 1.0 + 0.5 * (task.repeat % 2)  # wide apart: never precise
    status: object = lambda task: "ok"
    interrupt_at: int | None = None
    now: float = 0.0
    events: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    shares: list = field(default_factory=list)
    lefts: list = field(default_factory=list)
    slots: int = 1
    disturbed: object = lambda task: ()  # parts
    renewed: list = field(default_factory=list)  # after how many tasks
    renewal: float = 0.0  # seconds

    def renew(self):
        self.renewed.append(len(self.measured_cells()))
        self.now += self.renewal

    def measure(self, task, report):
        self.events.append(("measure", task.cell, task.repeat))
        report("phases")
        if len(self.measured_cells()) == self.interrupt_at:
            raise KeyboardInterrupt
        report("training")
        self.now += TASK_SECONDS
        status = self.status(task)
        found = Measurement("relative_cost", "1", "lower", self.ratio(task), "p25", 1)
        warnings = tuple(Warning(part, "contended", 0.5, "made to be") for part in self.disturbed(task))
        measured = (found,) if status == "ok" else ()
        seconds = TASK_SECONDS
        return Result(task.cell, status, repeat=task.repeat, measurements=measured, warnings=warnings, seconds=seconds)

    def keep(self, result):
        self.events.append(("keep", result.cell, result.repeat))
        self.kept.append(result)

    def tell(self, progress, result):
        self.events.append(("tell", progress.stage if result is None else result.status))
        self.shares.append(progress.share)
        self.lefts.append(progress.left)

    def measured_cells(self):
        return [(cell, repeat) for kind, cell, *repeat in self.of("measure") for repeat in repeat]

    def of(self, kind):
        return [event for event in self.events if event[0] == kind]

    def order(self, repeat):
        return [cell for cell, of in self.measured_cells() if of == repeat]


@pytest.fixture
def run(monkeypatch):
    """Runs a schedule of CELLS with a fake and gives both; fields of the plan may be given."""

    def start(fake=None, cells=CELLS, past=None, expected=SAME, after=0.0, **fields):
        fake = fake or Fake()
        plan = Plan(**{"repeats": 3, "order_seed": 0, **fields})
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: fake.now))
        schedule = Scheduler(
            plan,
            cells,
            fake,
            DEVICES,
            fake.keep,
            fake.tell,
            past or {},
            started=0.0,
            forecast=Forecast(plan, expected, after),
        )
        fake.schedule = schedule
        schedule.run()
        return fake

    return start


def test_each_cell_is_measured_once_a_repeat(run):
    assert Counter(run().measured_cells()) == Counter((cell, repeat) for cell in CELLS for repeat in range(3))


def test_a_repeat_ends_before_the_next_begins(run):
    repeats = [repeat for _, repeat in run().measured_cells()]
    assert repeats == sorted(repeats)


def test_the_order_is_not_the_one_asked_for_and_differs_between_repeats(run):
    fake = run()
    orders = [fake.order(repeat) for repeat in range(3)]
    assert CELLS not in orders
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_the_order_follows_from_its_seed(run):
    assert run(order_seed=5).measured_cells() == run(order_seed=5).measured_cells()
    assert run(order_seed=5).measured_cells() != run(order_seed=6).measured_cells()


def test_the_order_is_the_same_on_every_machine(run):
    assert [int(cell.architecture[3:]) for cell in run(repeats=1).order(0)] == [4, 1, 5, 2, 0, 3, 7, 6]


def test_every_cell_comes_first_now_and_then(run):
    firsts = Counter(run(cells=CELLS[:2], repeats=1, order_seed=seed).order(0)[0] for seed in range(100))
    assert min(firsts[cell] for cell in CELLS[:2]) > 30  # 3e-5 that a fair coin gives fewer of either


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
def test_a_cell_that_failed_is_not_measured_again(run, status):
    fake = run(Fake(status=lambda task: status if task.cell == CELLS[3] and task.repeat == 1 else "ok"))
    assert [repeat for cell, repeat in fake.measured_cells() if cell == CELLS[3]] == [0, 1]
    assert len(fake.measured_cells()) == 3 * len(CELLS) - 1
    assert fake.schedule.endings[CELLS[3]] == status
    assert fake.schedule.outcome == "finished"


def test_the_run_goes_on_when_every_cell_failed(run):
    fake = run(Fake(status=lambda task: "failed"))
    assert len(fake.measured_cells()) == len(fake.kept) == len(CELLS)


def test_the_executor_is_renewed_before_each_repeat(run):
    assert run().renewed == [0, len(CELLS), 2 * len(CELLS)]


def test_each_seed_of_a_repeat_is_a_round_with_an_order_of_its_own(run):
    cells = [replace(cell, seed=seed) for seed in range(3) for cell in CELLS[:4]]
    fake = run(cells=cells, repeats=2)
    assert fake.renewed == list(range(0, 2 * len(cells), 4))
    measured = fake.measured_cells()
    assert Counter(measured) == Counter((cell, repeat) for cell in cells for repeat in range(2))
    rounds = [measured[at : at + 4] for at in fake.renewed]
    assert all(len({(cell.seed, repeat) for cell, repeat in together}) == 1 for together in rounds)
    assert len({tuple(cell.architecture for cell, _ in together) for together in rounds}) > 1
    assert fake.shares == sorted(fake.shares)


def test_any_seed_may_come_first(run):
    cells = [replace(CELLS[0], seed=seed) for seed in range(2)]
    firsts = Counter(run(cells=cells, repeats=1, order_seed=seed).order(0)[0].seed for seed in range(100))
    assert min(firsts[seed] for seed in range(2)) > 30


def test_trials_that_are_not_timed_need_no_renewal(run):
    assert run(blocks=0, repeats=1).renewed == []


def test_what_is_measured_again_is_a_round_too(run):
    fake = run(Fake(disturbed=disturbed_in(0)))
    assert fake.renewed == [0, len(CELLS), 2 * len(CELLS), 3 * len(CELLS)]


def test_a_round_that_an_earlier_session_measured_costs_no_renewal(run):
    whole = run()
    past = dict(list(results_of(whole).items())[: len(CELLS) + 3])
    assert run(past=past).renewed == [0, len(CELLS) - 3]
    assert run(past=results_of(whole)).renewed == []


def test_the_budget_pays_for_renewals_and_none_is_made_after_its_end(run):
    fake = run(Fake(renewal=TASK_SECONDS), cells=CELLS[:2], budget=4.5 * TASK_SECONDS)
    assert (fake.renewed, len(fake.measured_cells())) == ([0, 2], 3)
    assert run(cells=CELLS[:2], budget=2 * TASK_SECONDS).renewed == [0]


def test_a_result_is_kept_before_the_next_task_begins(run):
    fake = run()
    happened = [event for event in fake.events if event[0] != "tell"]
    assert happened[1::2] == [("keep", *event[1:]) for event in happened[::2]]


def test_a_result_is_kept_before_anyone_is_told(run):
    fake = run(repeats=1, cells=CELLS[:1])
    assert [event[0] for event in fake.events] == ["measure", "tell", "tell", "keep", "tell"]


def test_each_stage_is_told(run):
    fake = run(repeats=1, cells=CELLS[:1])
    assert [event[1] for event in fake.of("tell")] == ["phases", "training", "ok"]


def test_a_precise_cell_is_left_alone_and_the_others_go_on(run):
    fake = run(Fake(ratio=lambda task: 1.0 if task.cell == CELLS[0] else 1.0 + task.repeat % 2), repeats=9)
    assert [repeat for cell, repeat in fake.measured_cells() if cell == CELLS[0]] == list(range(LEAST_REPEATS))
    assert len(fake.order(8)) == len(CELLS) - 1
    assert fake.schedule.endings[CELLS[0]] == f"precise after {LEAST_REPEATS} repeats"
    assert fake.schedule.endings[CELLS[1]] == "9 repeats"


def test_a_wider_target_is_met_sooner(run):
    def ratio(task):
        return 1.0 + 0.1 * (task.repeat % 2)

    wide, narrow = (run(Fake(ratio=ratio), repeats=20, precision=share) for share in (0.2, 0.03))
    assert len(wide.measured_cells()) < len(narrow.measured_cells())


def test_the_budget_leaves_the_rest_as_skipped_with_its_reason(run):
    fake = run(budget=2.5 * TASK_SECONDS)
    assert len(fake.measured_cells()) == 3
    skipped = [result for result in fake.kept if result.status == "skipped"]
    assert {result.cell for result in fake.kept} == set(CELLS)
    assert len(skipped) == len(CELLS) - 3
    assert {result.reason for result in skipped} == {"the budget of 25 s ended before its turn"}
    assert fake.schedule.outcome == "out of time"


def test_a_first_task_that_the_budget_cut_short_is_kept_as_left_out(run):
    fake = run(Fake(status=lambda task: "timeout"), budget=2.5 * TASK_SECONDS)
    first = fake.kept[0]

    assert fake.schedule.outcome == "out of time"
    assert (first.status, first.reason) == ("skipped", "the budget of 25 s ended while it was first measured")
    assert sorted(result.cell.id for result in fake.kept) == sorted(cell.id for cell in CELLS)
    assert set(fake.schedule.endings.values()) == {"the budget was spent"}


def test_a_cell_that_takes_longer_than_its_own_limit_is_timed_out_whatever_the_budget(run):
    fake = run(Fake(status=lambda task: "timeout"), budget=1e6)

    assert {result.status for result in fake.kept} == {"timeout"}
    assert fake.schedule.outcome == "finished"


def test_the_budget_takes_nothing_from_cells_that_were_measured(run):
    fake = run(budget=(len(CELLS) + 1.5) * TASK_SECONDS)
    assert len(fake.measured_cells()) == len(CELLS) + 2
    assert {result.status for result in fake.kept} == {"ok"}
    assert set(fake.schedule.endings.values()) == {"the budget was spent"}


def test_a_budget_that_suffices_is_not_noticed(run):
    assert run(budget=1e6).events == run().events


def test_ctrl_c_passes_through_with_what_was_kept(run):
    fake = Fake(interrupt_at=5)
    with pytest.raises(KeyboardInterrupt):
        run(fake)
    measured = [(result.cell, result.repeat) for result in fake.kept if result.status == "ok"]
    assert measured == fake.measured_cells()[:4]
    assert {result.cell for result in fake.kept if result.status == "skipped"} == set(CELLS) - {
        cell for cell, _ in measured
    }
    (amid, _), why = fake.measured_cells()[4], "the run was interrupted"
    reasons = {result.cell: result.reason for result in fake.kept[4:]}
    assert reasons.pop(amid) == f"{why} while it was first measured"
    assert {*reasons.values()} == {f"{why} before its turn"}
    assert fake.schedule.outcome == "interrupted"


def test_every_cell_has_an_ending_when_the_run_is_finished(run):
    fake = run()
    assert fake.schedule.outcome == "finished"
    assert fake.schedule.endings == dict.fromkeys(CELLS, "3 repeats")


def repeats_of(fake, cell=CELLS[0]):
    return [repeat for of, repeat in fake.measured_cells() if of == cell]


def disturbed_in(*repeats, part="phases"):
    """A neighbour came in these repeats of the first cell."""
    return lambda task: (part,) if task.cell == CELLS[0] and task.repeat in repeats else ()


@pytest.mark.parametrize(
    ("late", "expected"),
    [((), [0, 1, 2]), ((1,), [0, 1, 2, 3]), ((0, 2), [0, 1, 2, 3, 4]), (range(9), [0, 1, 2, 3, 4])],
    ids=["quiet", "once", "twice", "always"],
)
@pytest.mark.parametrize("part", ["phases", "inference", "relative cost"])
def test_what_was_disturbed_is_measured_again_twice_at_most(run, late, expected, part):
    fake = run(Fake(disturbed=disturbed_in(*late, part=part)))
    assert repeats_of(fake) == expected
    assert repeats_of(fake, CELLS[1]) == [0, 1, 2]
    assert fake.schedule.outcome == "finished"
    assert fake.shares == sorted(fake.shares)
    assert fake.shares[-1] == 1


def test_a_plan_says_how_often_what_was_disturbed_is_measured_again(run):
    assert repeats_of(run(Fake(disturbed=disturbed_in(0, 1, 2)), again=0)) == [0, 1, 2]


def test_a_training_that_was_disturbed_is_not_made_again(run):
    assert repeats_of(run(Fake(disturbed=disturbed_in(0, part="training")))) == [0, 1, 2]


def test_a_cell_that_failed_is_not_measured_again_for_a_neighbour(run):
    fake = run(Fake(disturbed=disturbed_in(0), status=lambda task: "failed" if task.repeat == 1 else "ok"))
    assert repeats_of(fake) == [0, 1]


def test_a_budget_that_ends_before_what_was_disturbed_is_measured_again_leaves_the_run_finished(run):
    budget = 3 * len(CELLS) * TASK_SECONDS
    fake = run(Fake(disturbed=disturbed_in(0)), budget=budget)
    assert repeats_of(fake) == [0, 1, 2]
    assert fake.schedule.outcome == "finished"
    assert {result.status for result in fake.kept} == {"ok"}


def test_disturbed_ratios_do_not_end_a_cell_as_precise(run):
    fake = run(Fake(ratio=lambda task: 1.0, disturbed=disturbed_in(0, 1, part="relative cost")), repeats=20)
    assert repeats_of(fake)[:LEAST_REPEATS] == list(range(LEAST_REPEATS))
    assert len(repeats_of(fake, CELLS[1])) == LEAST_REPEATS
    assert len(repeats_of(fake)) == LEAST_REPEATS + 2 + 2  # as many undisturbed ones, and one again for each


def test_the_share_done_grows_from_nothing(run):
    fake = run()
    assert fake.shares[0] == 0
    assert fake.shares == sorted(fake.shares)
    assert fake.shares[-1] == 1


def test_the_time_left_shrinks_to_nothing(run):
    fake = run(cells=CELLS[:1], repeats=5)
    first, *later = fake.lefts[2::3]
    assert first == pytest.approx(4 * TASK_SECONDS + 4 * RENEWAL_SECONDS)  # none was seen yet, and then each took 0
    assert later == pytest.approx([left * TASK_SECONDS for left in (3, 2, 1, 0)])


def test_before_the_first_task_has_ended_the_time_left_is_what_was_expected(run):
    fake = run(repeats=2, expected=lambda cell, plan: Parts(TASK_SECONDS), after=7.0)
    assert fake.lefts[0] == pytest.approx(2 * len(CELLS) * TASK_SECONDS + RENEWAL_SECONDS + 7)
    assert fake.lefts[-1] == pytest.approx(7)


def test_a_repeat_that_precision_will_not_ask_for_is_not_waited_for(run):
    fake = run(Fake(ratio=lambda task: 1 + 1e-4 * task.repeat, renewal=2.0), repeats=30)
    assert len(fake.kept) == LEAST_REPEATS * len(CELLS)
    tasks, renewals = len(fake.kept) - len(CELLS) - 1, LEAST_REPEATS - 2
    assert fake.lefts[3 * len(CELLS) + 2] == pytest.approx(tasks * TASK_SECONDS + renewals * 2.0)


def results_of(fake):
    return {(result.cell, result.repeat): result for result in fake.kept}


def test_what_an_earlier_session_measured_is_not_measured_again(run):
    whole = run()
    for done in (0, 1, 5, len(CELLS), 20, len(whole.kept)):
        past = dict(list(results_of(whole).items())[:done])
        assert run(past=past).measured_cells() == whole.measured_cells()[done:]


def test_a_cell_that_failed_in_an_earlier_session_is_not_measured_again(run):
    failed = run(Fake(status=lambda task: "failed" if task.cell == CELLS[0] else "ok"), repeats=1)
    fake = run(past=results_of(failed))
    assert CELLS[0] not in {cell for cell, _ in fake.measured_cells()}
    assert fake.schedule.endings[CELLS[0]] == "failed"


def test_ratios_of_an_earlier_session_count_towards_the_precision(run):
    before = run(Fake(ratio=lambda task: 1.0), repeats=LEAST_REPEATS - 1)
    fake = run(Fake(ratio=lambda task: 1.0), repeats=20, past=results_of(before))
    assert [repeat for _, repeat in fake.measured_cells()] == [LEAST_REPEATS - 1] * len(CELLS)


def test_a_resumed_run_measures_again_what_was_disturbed_and_once(run):
    spent = run(Fake(disturbed=disturbed_in(0)), budget=3 * len(CELLS) * TASK_SECONDS)
    resumed = run(past=results_of(spent))
    assert resumed.measured_cells() == [(CELLS[0], 3)]
    assert resumed.schedule.endings[CELLS[0]] == "3 repeats and 1 more, since other work disturbed some"

    again = run(past={**results_of(spent), **results_of(resumed)})
    assert again.measured_cells() == []
    assert again.schedule.endings == resumed.schedule.endings


def test_a_budget_spent_again_skips_no_cell_that_was_measured_before(run):
    before = run(cells=CELLS[:4], repeats=1)
    fake = run(past=results_of(before), budget=1e-9, repeats=1)
    assert {result.cell for result in fake.kept} == set(CELLS[4:])


def test_a_result_of_another_repeat_is_measured_still(run):
    (only,) = run(cells=CELLS[:1], repeats=1).kept
    fake = run(cells=CELLS[:1], past={(CELLS[0], 1): replace(only, repeat=1)})
    assert fake.measured_cells() == [(CELLS[0], 0), (CELLS[0], 2)]


def test_none_of_this_needs_torch(run):
    before = "torch" in sys.modules
    run()
    assert ("torch" in sys.modules) == before


@dataclass
class Slotted(Fake):
    """Several tasks at once: each waits until as many are at work as there are slots, or as are left."""

    slots: int = 3
    lock: object = field(default_factory=threading.Lock)
    busy: int = 0
    most: int = 0

    def measure(self, task, report):
        with self.lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
        time.sleep(0.002)
        with self.lock:
            self.busy -= 1
            return super().measure(task, report)


def test_an_executor_with_slots_has_that_many_tasks_at_work(run):
    fake = run(Slotted())
    assert Counter(fake.measured_cells()) == Counter((cell, repeat) for cell in CELLS for repeat in range(3))
    assert 1 < fake.most <= 3
    assert len(fake.kept) == 3 * len(CELLS)
    repeats = [repeat for _, repeat in fake.measured_cells()]
    assert repeats == sorted(repeats)
    assert fake.schedule.outcome == "finished"


def test_a_budget_that_ends_keeps_what_is_at_work_and_begins_no_more(run):
    fake = run(Slotted(), budget=5 * TASK_SECONDS, timeout=TASK_SECONDS)
    assert fake.schedule.outcome == "out of time"
    assert 5 <= len(fake.measured_cells()) <= 7  # two were at work when the fifth ended
    kept = Counter(one.status for one in fake.kept)
    assert kept == {"ok": len(fake.measured_cells()), "skipped": len(CELLS) - len(fake.measured_cells())}


def test_ctrl_c_with_several_at_work_gives_each_cell_its_line(run):
    fake = Slotted(interrupt_at=4)
    with pytest.raises(KeyboardInterrupt):
        run(fake)
    assert fake.schedule.outcome == "interrupted"
    assert {result.cell for result in fake.kept} == set(CELLS)
    begun = {cell for cell, _ in fake.measured_cells()} - {one.cell for one in fake.kept if one.status == "ok"}
    assert begun <= {
        one.cell for one in fake.kept if one.reason == "the run was interrupted while it was first measured"
    }


class Beside(Fake):
    """As Fake; the reference beside one cell took longer in one repeat."""

    def measure(self, task, report):
        result = super().measure(task, report)
        slow = (task.cell, task.repeat) == (CELLS[2], 1)
        beside = Measurement.of_value("relative_reference", 0.004 if slow else 0.003, "p10", 1)
        return replace(result, measurements=(*result.measurements, beside))


def test_a_cell_whose_reference_was_disturbed_is_measured_once_more(run):
    fake = run(Beside(), repeats=3)
    assert [cell for cell, repeat in fake.measured_cells() if repeat == 3] == [CELLS[2]]
    assert fake.schedule.outcome == "finished"
    assert fake.schedule.endings[CELLS[2]] == "3 repeats and 1 more, since other work disturbed some"
    assert fake.schedule.endings[CELLS[0]] == "3 repeats"
    assert max(fake.shares) <= 1


def test_a_repeat_that_was_added_is_made_again_where_it_was_disturbed(run):
    fake = run(Beside(disturbed=lambda task: ("phases",) if (task.cell, task.repeat) == (CELLS[2], 3) else ()))
    assert repeats_of(fake, CELLS[2]) == [0, 1, 2, 3, 4]


def test_how_the_repeat_that_was_added_ended_is_kept(run):
    fake = run(Beside(status=lambda task: "failed" if task.repeat == 3 else "ok"), repeats=3)
    assert fake.schedule.endings[CELLS[2]] == "failed"


def test_it_is_not_where_the_budget_is_spent_or_no_interval_is_asked_for(run):
    spent = run(Beside(), repeats=3, budget=3 * len(CELLS) * TASK_SECONDS)
    assert [repeat for _, repeat in spent.measured_cells() if repeat == 3] == []
    assert spent.schedule.outcome == "finished"
    assert [repeat for _, repeat in run(Beside(), repeats=1).measured_cells() if repeat] == []
