"""The reference of stored runs, planted: what moves it, or what all cells share, is found and praised nowhere."""

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.regression.check import CheckRules, check
from bench.regression.screening import Terms, compare
from bench.regression.tolerances import Tolerances
from bench.store import baseline
from bench.store.fingerprint import Fingerprint, protocol
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.summary import CellSummary, summaries

SYSTEM = {"cpu": "made up", "torch": "2.14.1", "python": "3.11.7", "os": "Linux-6.1", "cores_usable": 2}
SECONDS = {Cell("mlp"): 0.0035, Cell("lenet5"): 0.006}
REFERENCE = 0.0034


@pytest.fixture
def record(tmp_path):
    """Writes a run from seconds a step, 3 processes a cell; factors make the cells or the reference take longer."""
    number = iter(range(1000))
    random = np.random.default_rng(1)

    def write(*, cells=(1.0, 1.0), reference=1.0, spread=0.01, hour=None, by=None, blocks=15):
        index = next(number)
        facts = {
            "plan": {"blocks": blocks},
            "protocol": by or protocol(),
            "git": {"revision": "a" * 40},
            "started": f"2026-01-01T00:00:{index:02}+00:00",
        }
        run = create(f"run{index}", facts, tmp_path / "results")
        hour = random.normal(0, spread) if hour is None else hour  # of the machine: felt by all
        for (cell, seconds), factor in zip(SECONDS.items(), cells, strict=True):
            for repeat in range(3):
                step, beside = (
                    value * float(np.exp(hour + random.normal(0, 0.005)))
                    for value in (seconds * factor, REFERENCE * reference)
                )
                found = (
                    Measurement.of_value("relative_cell", step, "p10", 1),
                    Measurement.of_value("relative_reference", beside, "p10", 1),
                    Measurement.of_value("relative_cost", step / beside, "p10", 1),
                )
                run.append(Result(cell, "ok", repeat=repeat, measurements=found, system=SYSTEM))
        return run

    return write


@pytest.fixture
def checked(record, tmp_path):
    """Checks a run against eight accepted ones: the verdict on each cell's cost by architecture, and the notes."""

    def judge(spread=0.01, **changes):
        for _ in range(8):
            baseline.save("main", summaries(record(spread=spread)), tmp_path / "baselines")
        run = record(spread=spread, **changes)
        decision = check(run, baseline.load("main", tmp_path / "baselines"), CheckRules()).decision
        costs = {one.cell.split("-")[0]: one for one in decision.verdicts if one.metric == "relative_cost"}
        return costs, decision.notes, decision

    return judge


def test_a_slower_mlp_is_a_suspect_and_lenet5_is_not_praised_for_it(checked):
    costs, notes, _ = checked(cells=(1.3, 1.0))
    assert costs["mlp"].suspect
    assert costs["mlp"].ratio.value == pytest.approx(1.3, rel=0.02)
    assert costs["lenet5"].verdict == "unchanged"
    assert not [note for note in notes if "reference" in note]


@pytest.mark.parametrize("spread", [0.005, 0.02, 0.15], ids="hours move it by {}".format)
def test_a_slower_reference_is_no_gain_of_any_cell(checked, spread):
    costs, notes, _ = checked(reference=1.3, spread=spread)
    for cost in costs.values():
        assert cost.verdict == "inconclusive"
        assert not cost.suspect
        assert "the reference itself took" in cost.reason
        assert "longer" in cost.reason
    (of_all,) = [note for note in notes if note.startswith("all 2 cells are faster")]
    assert "what all of them share" in of_all
    if spread < 0.1:
        assert [note for note in notes if note.startswith("the reference itself took 3") and "mlp" in note]


@pytest.mark.parametrize("longer", [1.07, 1.09, 1.2])
def test_a_reference_that_is_a_little_slower_makes_no_gain_either(checked, longer):
    costs, notes, _ = checked(reference=longer)
    assert not [cost for cost in costs.values() if cost.verdict == "improved"]
    assert [note for note in notes if note.startswith("the reference itself took")]


def test_a_loss_as_large_as_the_references_own_is_a_suspect_where_other_cells_felt_nothing(checked):
    costs, _, decision = checked(cells=(1.28, 1.0), reference=1.3)
    assert costs["mlp"].suspect
    assert "in seconds it took 2" in costs["mlp"].reason
    assert costs["lenet5"].verdict == "inconclusive"
    assert not costs["lenet5"].suspect
    assert decision.exit_code == 3


def test_each_reference_is_told_by_its_own_move_and_praises_no_cell_beside_another():
    cells = [Cell(name, threads=threads) for threads in (1, 2) for name in ("mlp", "lenet5")]
    random = np.random.default_rng(2)

    def run(number, longer=(1.0, 1.0)):
        return [
            CellSummary(
                cell=cell,
                run=f"run{number}",
                started=f"2026-01-01T00:00:{number:02}+00:00",
                machine=Fingerprint({"threads": cell.threads}),
                log_cost=float(random.normal(0, 0.005) - np.log(longer[cell.threads - 1])),
                reference=REFERENCE * longer[cell.threads - 1] * float(np.exp(random.normal(0, 0.005))),
            )
            for cell in cells
        ]

    stored = [summary for number in range(8) for summary in run(number)]
    terms = Terms(Tolerances(), {cell.id: 0.05 for cell in cells}, {})
    screening = compare(run(8, longer=(1.15, 2.0)), stored, terms)
    assert {verdict.verdict for verdict in screening.verdicts} == {"inconclusive"}
    first, second = (note for note in screening.notes if note.startswith("the reference itself took"))
    assert "-t1" in first
    assert "-t2" not in first
    assert "took 100" in second or "took 99" in second or "took 101" in second
    screening = compare(run(9, longer=(1.3, 1.0)), stored, terms)
    assert [verdict.verdict for verdict in screening.verdicts] == ["inconclusive"] * 2 + ["unchanged"] * 2
    assert not [note for note in screening.notes if "cells are" in note]  # half of them is not most


@pytest.mark.parametrize("slower", [0.02, -0.03])
def test_what_is_small_in_each_of_many_cells_is_told_of_most_of_them(slower):
    cells = [Cell("lenet5", batch_size=size) for size in range(1, 21)]
    random = np.random.default_rng(3)

    def run(number, by=0.0):
        return [
            CellSummary(cell=cell, run=str(number), started=f"{number:02}", log_cost=float(by + random.normal(0, 0.01)))
            for cell in cells
        ]

    stored = [summary for number in range(8) for summary in run(number)]
    terms = Terms(Tolerances(), {cell.id: 0.05 for cell in cells}, {})
    assert not compare(run(8), stored, terms).notes
    (note,) = compare(run(9, slower), stored, terms).notes
    assert f"20 cells are {'slower' if slower > 0 else 'faster'} relative to the reference, by" in note


def test_what_all_cells_share_is_a_suspect_in_each(checked):
    costs, notes, decision = checked(cells=(1.2, 1.2))
    assert all(cost.suspect for cost in costs.values())
    assert decision.exit_code == 3
    assert [note for note in notes if note.startswith("all 2 cells are slower relative to the reference")]


def test_a_machine_in_another_state_is_told_and_changes_no_verdict(checked):
    costs, notes, decision = checked(cells=(1.3, 1.3), reference=1.3)
    assert {cost.verdict for cost in costs.values()} == {"unchanged"}
    assert decision.exit_code == 0
    (of_reference,) = [note for note in notes if "the reference itself took" in note]
    assert "longer than in the stored runs" in of_reference


def test_a_gain_beside_a_reference_that_stood_still_is_one(checked):
    costs, notes, _ = checked(cells=(0.8, 1.0))
    assert costs["mlp"].verdict == "improved"
    assert not [note for note in notes if "the reference itself" in note]


def test_a_gain_on_a_machine_whose_hours_differ_is_one_where_the_cell_gained_most_of_it(checked):
    costs, _, _ = checked(cells=(0.6, 1.0), hour=0.15, spread=0.15)
    assert costs["mlp"].verdict == "improved"


def test_another_reference_or_number_of_blocks_does_not_compare_and_is_named(checked):
    other = {**protocol(), "reference": "0" * 12}
    costs, _, decision = checked(by=other, blocks=3)
    assert decision.exit_code == 4
    for cost in costs.values():
        assert cost.verdict == "not comparable"
        assert "the code of the reference" in cost.reason
        assert "blocks a process 15 -> 3" in cost.reason


def test_a_baseline_keeps_the_seconds_of_the_reference(record, tmp_path):
    baseline.save("main", summaries(record()), tmp_path / "baselines")
    for summary in baseline.load("main", tmp_path / "baselines").summaries:
        assert summary.reference == pytest.approx(REFERENCE, rel=0.05)


@pytest.mark.parametrize(("gain", "word"), [(0.1, "inconclusive"), (0.2, "improved")])
def test_a_gain_is_one_where_the_reference_explains_the_lesser_half_of_it(checked, gain, word):
    """On a machine whose hours differ by 5 %, in one in which the reference took 6 % longer."""
    longer, shorter = float(np.exp(0.06)), float(np.exp(0.06 - gain))
    costs, notes, _ = checked(spread=0.05, hour=0.0, reference=longer, cells=(shorter, longer))
    assert (costs["mlp"].verdict, costs["lenet5"].verdict) == (word, "unchanged")
    assert not [note for note in notes if note.startswith("the reference itself took")]
