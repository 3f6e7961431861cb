"""Accuracy as a gate: what only draws other random numbers passes, a real fall is found, by seeded simulation.

Every verdict comes of the functions that `check` calls; the nets alone are replaced, by seeded normal numbers.
"""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.regression.accuracy import Learnt, falls, judge_accuracies
from bench.regression.retrain import FRESH, Trained, batches, trained_again
from bench.store.summary import CellSummary
from bench.verdict.verdict import Decision

SD = 0.001  # a tenth of a point, as seeds of small nets on MNIST differ
LEVEL = 0.98
_RUNS = count()


def summary(name, values, *, revision="a" * 40, seeds=None, **fields):
    accuracy = dict(zip(seeds or range(len(values)), map(float, values), strict=True))
    fields = {"epochs": 3, "run": f"run{next(_RUNS)}", **fields}
    return CellSummary(cell=Cell(name), revision=revision, accuracy=accuracy, **fields)


def new_of(name, values, **fields):
    return summary(name, values, **{"revision": "b" * 40, **fields})


def decided(cells, train):
    """The decision after `train`, as `check` makes it."""
    verdicts = judge_accuracies(cells)
    decision = Decision(kind="check", before="a", after="b", verdicts=tuple(verdicts.values()))
    return trained_again(decision, falls(cells, verdicts), train)


class Nets:
    """Draws accuracies; training again draws others, the new side's about a `fall` lower and `ratio` times as wide."""

    def __init__(self, seed, ratio=1.0):
        self.random = np.random.default_rng(seed)
        self.ratio, self.fall, self.asked = ratio, {}, []

    def draw(self, name, size, *, new):
        level = LEVEL - self.fall.get(name, 0.0) * new
        return self.random.normal(level, SD * (self.ratio if new else 1.0), size)

    def cells(self, how_many, old, new, *, accepted=1):
        """Cells whose every accepted run drew other numbers."""
        return [
            Learnt(
                new_of(name, self.draw(name, new, new=True)),
                [summary(name, self.draw(name, old, new=False)) for _ in range(accepted)],
                0.0,
            )
            for name in map("net{}".format, range(how_many))
        ]

    def train(self, batch, number):
        self.asked.append(batch)
        sides = [
            {
                cell.new.id: replace(
                    cell.new,
                    accuracy=dict(zip(batch.seeds, self.draw(cell.new.cell.architecture, FRESH, new=new), strict=True)),
                )
                for cell in batch.cells
            }
            for new in (False, True)
        ]
        return Trained(*sides, 60.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "old", "new", "ratio", "accepted"),
    [
        (46, 3, 3, 1, 1),
        (46, 3, 3, 3, 5),
        pytest.param(46, 5, 2, 1, 5, marks=pytest.mark.slow),
        pytest.param(46, 5, 2, 3, 1, marks=pytest.mark.slow),
        pytest.param(46, 10, 2, 1, 1, marks=pytest.mark.slow),
        pytest.param(46, 10, 2, 3, 5, marks=pytest.mark.slow),
        pytest.param(17, 3, 3, 1, 5, marks=pytest.mark.slow),
        pytest.param(17, 10, 2, 3, 1, marks=pytest.mark.slow),
        pytest.param(6, 5, 2, 3, 5, marks=pytest.mark.slow),
        pytest.param(1, 3, 3, 3, 1, marks=pytest.mark.slow),
    ],
)
def test_other_random_numbers_alone_fail_no_more_than_one_check_in_a_hundred(cells, old, new, ratio, accepted):
    """Even with a tolerance of 0: of runs with 46 cells 37 % failed while nothing was trained again."""
    nets = Nets(46 * old + new + 7 * cells, ratio)
    runs = 300 if cells == 46 else 600
    failed = improved = 0
    for _ in range(runs):
        words = [one.verdict for one in decided(nets.cells(cells, old, new, accepted=accepted), nets.train).verdicts]
        failed += "regressed" in words
        improved += "improved" in words
    assert failed <= 0.01 * runs
    assert improved <= 0.01 * runs


@pytest.mark.parametrize("cells", [1, 6, 46])
def test_a_real_fall_of_a_point_is_found_among_any_number_of_cells(cells):
    nets, found, others = Nets(5), 0, 0
    nets.fall = {"net0": 0.01}
    for _ in range(60):
        verdicts = {
            one.cell.partition("-")[0]: one.verdict for one in decided(nets.cells(cells, 3, 3), nets.train).verdicts
        }
        found += verdicts["net0"] == "regressed"
        others += sum(word == "regressed" for name, word in verdicts.items() if name != "net0")
    assert found >= 58
    assert others <= 1


def test_a_fall_of_all_cells_is_found_in_all():
    nets = Nets(9)
    nets.fall = {f"net{at}": 0.01 for at in range(46)}
    words = [one.verdict for one in decided(nets.cells(46, 3, 3), nets.train).verdicts]
    assert words.count("regressed") >= 44


def test_the_spread_is_of_runs_and_never_of_their_means():
    """Five accepted runs of the same three seeds: their mean by seed has less than half the spread of one value."""
    old = [summary("net", LEVEL + SD * np.array(shift)) for shift in ([1, 0, -1], [-1, 1, 0], [0, -1, 1])]
    cell = Learnt(new_of("net", [0.977, 0.978, 0.979], seeds=(7, 8, 9)), old, 0.0)
    assert dict(cell.accepted) == dict(old[-1].accuracy)
    assert not judge_accuracies([cell])[cell.new.id].suspect  # the means by seed are all alike, and any fall would do
    singles = [summary("net", [value], seeds=[seed]) for seed, value in ((0, 0.98), (1, 0.981), (0, 0.982))]
    assert replace(cell, stored=singles).accepted == {0: 0.982, 1: 0.981}
    assert replace(cell, stored=[replace(old[0], epochs=9)]).accepted == {}


def test_the_same_for_every_seed_is_no_change_and_one_seed_tells_nothing():
    same = Learnt(new_of("net", [0.98, 0.97]), [summary("net", [0.98, 0.97, 0.99])], 0.0)
    lone = Learnt(new_of("other", [0.97]), [summary("other", [0.98, 0.97])], 0.0)
    first, second = judge_accuracies([same, lone]).values()
    assert (first.verdict, first.reason) == ("unchanged", "the same for every seed, 2 of them")
    assert (second.verdict, second.suspect) == ("inconclusive", False)
    assert "one seed cannot tell" in second.reason
    assert judge_accuracies([Learnt(new_of("net", []), same.stored, 0.0)]) == {}


@pytest.mark.parametrize("old", [[0.98], [0.98, 0.97]])
@pytest.mark.parametrize(("tolerance", "suspected"), [(0.001, True), (0.5, False)])
def test_a_gross_fall_of_one_seed_is_trained_again(old, tolerance, suspected):
    lone = Learnt(new_of("net", [0.68]), [summary("net", old)], tolerance)
    verdicts = judge_accuracies([lone])
    (verdict,) = verdicts.values()
    assert (verdict.verdict, verdict.suspect) == ("inconclusive", suspected)
    assert falls([lone], verdicts) == ((lone,) if suspected else ())


def fallen(name="net", **fields):
    old = {key: fields.pop(key) for key in ("revision", "dirty") if key in fields}
    return Learnt(new_of(name, [0.95, 0.951, 0.952], **fields), [summary(name, [0.98, 0.981, 0.982], **old)], 0.001)


def test_a_fall_that_does_not_come_again_is_no_fall_and_both_are_told():
    nets = Nets(1)
    decision = decided([fallen()], nets.train)
    (verdict,) = decision.verdicts
    assert (verdict.verdict, verdict.suspect, decision.exit_code, decision.seconds) == ("unchanged", False, 0, 60.0)
    begins = (
        "suspect: -3.00 points; chance explains ± 0.31 over 3 seeds, 3 accepted; one in 100 cells"  # 3.747 * 0.0816
    )
    assert verdict.reason.startswith(begins)
    assert "; trained again at both revisions with 5 fresh seeds: " in verdict.reason
    assert (verdict.before, verdict.after) == pytest.approx((0.981, 0.951))  # of the run that is checked
    (first,) = judge_accuracies([fallen()]).values()
    assert first.confidence == pytest.approx(0.98)
    assert first.visible == pytest.approx(2 * 0.0030594 + 0.001, rel=1e-4)  # one chance falls, another rises


def test_seeds_are_fresh_and_cells_of_one_run_are_trained_together():
    mine = [fallen("net"), fallen("wide"), fallen("net", epochs=1)]
    mine[2] = replace(mine[2], stored=[replace(mine[2].stored[0], epochs=1, accuracy={0: 0.98, 11: 0.981})])
    first, second = batches(mine)
    assert [cell.new.cell.architecture for cell in first.cells] == ["net", "wide"]
    assert (first.seeds, second.seeds) == ((3, 4, 5, 6, 7), (12, 13, 14, 15, 16))
    assert first.revisions == ("a" * 40, "b" * 40)
    wanted = first.wanted({"until": 0.9, "data_dir": "there", "tune": 7})
    assert (wanted["architectures"], wanted["seeds"], wanted["epochs"]) == (("net", "wide"), first.seeds, 3)
    assert (wanted["until"], wanted["data_dir"], "tune" in wanted) == (0.9, "there", False)
    assert (wanted["repeats"], wanted["again"], wanted["blocks"]) == (1, 0, 0)  # nothing is timed


def test_a_second_fall_that_chance_alone_seldom_makes_acquits_nobody():
    cell = fallen()

    def train(batch, number):
        before = [0.98, 0.981, 0.982, 0.979, 0.98]
        after = [0.9765, 0.979, 0.9755, 0.9775, 0.978]
        sides = [replace(cell.new, accuracy=dict(zip(batch.seeds, side, strict=True))) for side in (before, after)]
        return Trained(*({cell.new.id: side} for side in sides))

    (verdict,) = decided([cell], train).verdicts
    assert (verdict.verdict, verdict.suspect) == ("inconclusive", False)
    assert "more seeds" in verdict.remedy


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (fallen(revision=""), "does not know the revision"),
        (fallen(revision="b" * 40), "both are the same revision"),
        (fallen(dirty=True), "changes that were not committed"),
    ],
)
def test_what_cannot_be_told_stays_a_suspect(cell, words):
    if "both" in words:
        cell = replace(cell, new=replace(cell.new, revision=cell.stored[0].revision))
    decision = decided([cell], lambda *_: pytest.fail("it was trained"))
    assert (decision.verdicts[0].verdict, decision.exit_code) == ("inconclusive", 3)
    assert decision.verdicts[0].suspect
    assert words in decision.notes[0]


def test_what_cannot_be_trained_stays_a_suspect_and_a_note_says_why():
    def refuse(batch, number):
        raise BenchError("there is no such revision")

    decision = decided([fallen()], refuse)
    assert decision.notes == (f"{fallen().new.id} not trained again: there is no such revision",)
    assert decision.verdicts[0].suspect
    short = {fallen().new.id: replace(fallen().new, accuracy={3: 0.9}, run="again")}
    decision = decided([fallen()], lambda *_: Trained(short, {}))
    assert "1 seed and 0 seeds of the two revisions have an accuracy" in decision.notes[0]
    assert (decision.exit_code, decision.seconds) == (3, 0.0)


def test_one_of_two_namesakes_is_known_again_though_alone_it_has_a_shorter_name():
    cell = fallen()
    named = replace(cell.new, cell=replace(cell.new.cell, architecture="a.Net", origins=("architecture=a.py:Net",)))
    cell = replace(cell, new=named)
    alone = replace(named, cell=replace(named.cell, architecture="Net"))

    def train(batch, number):
        sides = [dict(zip(batch.seeds, [level, level + 0.001] * 3, strict=False)) for level in (0.98, 0.95)]
        return Trained(*({alone.id: replace(alone, accuracy=side)} for side in sides))

    (verdict,) = decided([cell], train).verdicts
    assert (verdict.verdict, verdict.suspect) == ("regressed", False)
