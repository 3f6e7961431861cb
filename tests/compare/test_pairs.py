"""Pairs, from the parent's side: which quantile stands for a side, and what is made of what two workers answer."""

from random import Random

import numpy as np
import pytest

from bench.compare.pairs import Pair, Side, SideError, count_both, location, measure_pair
from bench.plan.cell import STEP, Cell
from bench.plan.step import source_named
from bench.process.worker import WorkerError

LAYOUT = {"heap_offset": 64, "stack": 2**40}
READY = ("ready", {"steps": 2, "steady": True, "statistic": "p10", "layout": LAYOUT})
OLDER = ("ready", {name: part for name, part in READY[1].items() if name != "layout"})  # of another revision
PHASES = {"forward": [0.001, 0.001], "fetch": [0.0, 0.0]}


def block(seconds, **phases):
    return ("block", {"seconds": [seconds, seconds], "phases": {**PHASES, **phases}, "faults": 1})


class Scripted:
    """Starts workers that answer from a list, and remembers what they were asked."""

    def __init__(self, *parts):
        self.parts, self.heard = list(parts), []

    def start(self, entry, task):
        self.heard.append((entry, task))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def send(self, word):
        self.heard.append(word)

    def receive(self, timeout):
        part = self.parts.pop(0)
        if isinstance(part, WorkerError):
            raise part
        return part

    def pause(self):
        pass

    def resume(self):
        pass


@pytest.mark.parametrize(
    ("statistics", "expected"),
    [(("p10", "p10"), "p10"), (("p10", "p25"), "p25"), (("p25", "p10"), "p25"), (("p25", "p25"), "p25")],
)
def test_both_sides_are_told_by_the_quantile_of_the_noisier_one(statistics, expected):
    assert location(*statistics) == expected


def test_a_log_ratio_is_of_that_quantile():
    steps = np.arange(1.0, 12.0)
    pair = Pair(steps, np.where(steps > 3, 2 * steps, steps), {}, 0, statistic="p10")
    assert pair.seconds() == (2.0, 2.0)
    assert pair.log_ratio() == 0.0
    assert pair.log_ratio("median") == pytest.approx(np.log(2))


def test_a_pair_is_made_of_the_blocks_of_both_sides():
    fast = Scripted(READY, block(0.004), block(0.004))
    slow = Scripted(READY, block(0.008, loss=[0.1, 0.1]), block(0.008, loss=[0.1, 0.1]))
    pair = measure_pair(Side(fast, Cell("mlp")), Side(slow, Cell("lenet5"), inject=0.5), 2, Random(0))
    assert pair.first.tolist() == [[0.004, 0.004]] * 2
    assert pair.log_ratio() == pytest.approx(np.log(2))
    assert pair.phases == {"forward": (0.001, 0.001), "fetch": (0.0, 0.0)}  # of those that both have
    assert (pair.faults, pair.steady, pair.statistic) == (4, True, "p10")
    (entry, task), *steps = slow.heard
    assert entry == "bench.worker.ab_side:serve"
    assert task == {"cell": Cell("lenet5").to_dict(), "inject": 0.5, "data_dir": ""}
    assert steps == [2, 2]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (("failed", "ValueError: no"), "ValueError: no"),
        (("counts", {}), "the worker said counts where ready was due"),
        (None, "the worker said nothing where ready was due"),
        (WorkerError("failed", "the worker was ended by SIGKILL"), "the worker was ended by SIGKILL"),
    ],
)
def test_another_answer_than_the_one_that_is_due_fails_its_side(part, reason):
    sides = Side(Scripted(READY), Cell("mlp")), Side(Scripted(part), Cell("mlp"))
    with pytest.raises(SideError) as caught:
        measure_pair(*sides, 1, Random(0))
    assert (caught.value.side, caught.value.reason) == (1, reason)


def parts(count, **more):
    """Ready, then so many blocks, which tell more where `more` is given."""
    return READY, *(("block", {**block(0.004)[1], **more}) for _ in range(count))


@pytest.mark.parametrize("start", [0, 1])
def test_the_side_that_is_asked_for_starts_first(start):
    began = []

    class Noted(Scripted):
        def start(self, entry, task):
            began.append(self)
            return super().start(entry, task)

    sides = [Noted(*parts(1)), Noted(*parts(1))]
    pair = measure_pair(*(Side(each, Cell("mlp", threads=1)) for each in sides), 1, Random(0), start)
    assert began == [sides[start], sides[1 - start]]
    assert pair.started_first == start


def test_either_side_goes_first_in_half_of_the_blocks():
    asked = []

    class Noted(Scripted):
        def send(self, word):
            asked.append(self)

    for seed in range(5):
        asked.clear()
        sides = [Noted(*parts(6)), Noted(*parts(6))]
        measure_pair(*(Side(each, Cell("mlp")) for each in sides), 6, Random(seed), 0)
        firsts = [asked[at] is sides[0] for at in range(0, 12, 2)]
        assert [sum(firsts[at : at + 2]) for at in (0, 2, 4)] == [1, 1, 1]


def test_a_pair_tells_how_much_of_their_core_both_had():
    cell, times = Cell("mlp", threads=1), {"wall": 0.1, "cpu": 0.08}
    sides = [Side(Scripted(*parts(2, **times)), cell) for _ in range(2)]
    assert measure_pair(*sides, 2, Random(0)).busy == pytest.approx(0.8)
    older = [Side(Scripted(*parts(2, **times)), cell), Side(Scripted(*parts(2)), cell)]
    assert measure_pair(*older, 2, Random(0)).busy is None


def test_each_side_is_counted_or_says_why_not():
    sides = Side(Scripted(("counts", {"flops": 1.0})), Cell("mlp")), Side(Scripted(("failed", "no")), Cell("mlp"))
    counts, failure = count_both(*sides, 1.0)
    assert counts == {"flops": 1.0}
    assert (failure.side, failure.reason) == (1, "no")


def test_a_pair_keeps_where_the_memory_of_both_lay():
    sides = Side(Scripted(READY, block(0.1)), Cell("mlp")), Side(Scripted(OLDER, block(0.1)), Cell("mlp"))
    assert measure_pair(*sides, 1, Random(0)).layouts == (LAYOUT, {})


def test_a_heap_is_shifted_as_asked():
    assert "heap_offset" not in Side(Scripted(), Cell("mlp")).task()
    assert Side(Scripted(), Cell("mlp"), heap_offset=0).task()["heap_offset"] == 0


def test_a_step_of_one_s_own_has_its_entry_and_is_let_put_away_what_it_opened():
    resumed = []

    class Noted(Scripted):
        def resume(self):
            resumed.append(self)

    source, cell = source_named("a.py:f"), Cell.foreign("a.py:f", STEP)
    fine, lost = Noted(*parts(1), None), Noted(*parts(1), WorkerError("failed", "it was ended"))
    pair = measure_pair(Side(fine, cell, step=source), Side(lost, cell, step=source), 1, Random(0))
    for worker in (fine, lost):  # how that ends decides nothing
        (entry, task), *words = worker.heard
        assert entry == "bench.worker.step_side:serve"
        assert (task["text"], task["threads"], task["device"]) == ("a.py:f", 1, "cpu")
        assert words == [2, None]
        assert resumed.count(worker) == 2
    assert pair.log_ratio() == 0.0


@pytest.mark.parametrize(
    ("clocks", "expected", "dropped"),
    [
        ([{"clock": 2e9, "dropped": 1}, {"clock": 1.8e9, "dropped": 0}], (2e9, 1.8e9), 1),
        ([{"clock": 2e9, "dropped": 1}, {}], None, 1),
        ([{}, {}], None, 0),
    ],
)
def test_the_clock_of_either_side_is_the_mean_of_its_blocks_where_all_of_them_tell(clocks, expected, dropped):
    starters = [Scripted(READY, *([block(0.1, **PHASES)] * 2)) for _ in clocks]
    for starter, told in zip(starters, clocks, strict=True):
        starter.parts[1:] = [(kind, {**payload, **told}) for kind, payload in starter.parts[1:]]
    pair = measure_pair(*(Side(starter, Cell("mlp")) for starter in starters), 2, Random(0))

    assert pair.clocks == expected
    assert pair.dropped == 2 * dropped


@pytest.mark.parametrize(
    ("threads", "on_host", "together"), [(1, True, True), (2, True, False), (1, False, False), (2, False, False)]
)
def test_two_that_would_share_what_they_fill_warm_up_one_after_the_other(threads, on_host, together):
    told = []

    class Noted(Scripted):
        def start(self, entry, task):
            told.append("start")
            return super().start(entry, task)

        def pause(self):
            told.append("warm")

    measure_pair(
        *(Side(Noted(*parts(1)), Cell("mlp", threads=threads), on_host=on_host) for _ in range(2)), 1, Random(0)
    )
    expected = ["start", "start", "warm", "warm"] if together else ["start", "warm"] * 2
    assert told[:4] == expected


def test_a_side_that_gives_no_answer_is_told_of_without_a_flag_that_ab_lacks():
    silent = Scripted(WorkerError("timeout", "no end in time; allow more with --timeout"))
    with pytest.raises(SideError, match=r"^no answer within 180 s$"):
        measure_pair(*(Side(silent, Cell("mlp", mode="compile")) for _ in range(2)), 1, Random(0))
