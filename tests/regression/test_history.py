"""History from recorded runs: order, pooling, changes and the comparison to make."""

import numpy as np
import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.regression.history import Point, Series, history
from bench.stats.change_points import Change
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning

CELL = Cell("lenet5", optimizer="adam", batch_size=128)
SYSTEM = {"cpu": "made up", "torch": "2.14.1"}


@pytest.fixture
def record(tmp_path):
    """Writes the run of one revision: its number gives hash and date."""

    def write(number, cost, *, system=SYSTEM, cell=CELL, name=None, committed=True, contended=(), **more):
        revision = f"{number:010x}".ljust(40, "0")
        day = f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00+01:00"
        git = {"revision": revision, "dirty": False, **({"committed": day} if committed else {})}
        facts = {"git": git, "started": "2026-06-01T00:00:00+00:00", "plan": {}, **more}
        run = create(name or f"run{number}", facts, tmp_path / "results")
        for repeat in range(3):
            found = (
                Measurement("relative_cost", "1", "lower", float(np.exp(cost + 0.001 * repeat)), "p10", 1),
                Measurement("step", "s", "lower", 0.004, "p25", 2),
                Measurement("step_wall", "s", "lower", 0.005, "p25", 2),
            )
            warnings = (Warning("relative cost", "contended", 0.5, "made to be"),) if repeat in contended else ()
            run.append(Result(cell, "ok", repeat=repeat, measurements=found, warnings=warnings, system=system))
        return run

    return write


@pytest.fixture
def slowed(record):
    """24 revisions, recorded in another order than they were committed; the cost rises by 20 % with number 12."""
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.01, 24)
    order = random.permutation(24)
    return [record(int(number), float(noise[number] + (np.log(1.2) if number >= 12 else 0))) for number in order]


def test_readings_stand_in_the_order_of_the_commits(slowed):
    (cost, step) = history(slowed)
    assert (cost.metric, step.metric) == ("relative_cost", "step")
    assert [point.run for point in cost.points] == [f"run{number}" for number in range(24)]
    assert all(point.n == 3 and point.low < point.value < point.high for point in cost.points)
    assert cost.points[0].moment == "2025-12-31T23:00:00+00:00"


def test_the_change_is_found_and_the_two_revisions_to_compare_are_named(slowed):
    cost, step = history(slowed)
    (change,) = cost.changes
    assert change.index == 12
    assert change.shift == pytest.approx(0.2, abs=0.03)
    command = cost.ab(change)
    before, after = command.split()[4:6]
    assert (before, after) == (f"{11:010x}", f"{12:010x}")
    assert "--architectures lenet5" in command
    assert "--batch-sizes 128" in command
    assert "--threads 1" in command
    assert step.changes == ()


def test_the_command_that_is_named_is_one_that_ab_takes(slowed):
    from bench.cli.parser.main import build_parser

    cost, _ = history(slowed)
    given = build_parser().parse_args(cost.ab(cost.changes[0]).split()[3:])
    assert given.command == "ab"
    assert given.architectures == ["lenet5"]
    assert len(given.revisions) == 2


def test_machines_are_told_apart(record):
    runs = [record(1, 0.0), record(2, 0.5, system={**SYSTEM, "cpu": "another"}), record(3, 0.0)]
    costs = [one for one in history(runs) if one.metric == "relative_cost"]
    assert sorted(len(one.points) for one in costs) == [1, 2]


def test_seeds_are_pooled(record):
    (cost, _) = history([record(1, 0.0), record(2, 0.0, cell=Cell("lenet5", optimizer="adam", batch_size=128, seed=7))])
    assert len(cost.points) == 2


def test_without_a_date_of_the_commit_the_run_says_when(record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no repository knows the revision here
    (cost, _) = history([record(1, 0.0, committed=False)])
    assert cost.points[0].moment == "2026-06-01T00:00:00+00:00"


def test_only_imported_runs_are_followed_by_their_whole_blocks(record):
    assert {one.metric for one in history([record(1, 0.0)])} == {"relative_cost", "step"}
    assert "step_wall" in {one.metric for one in history([record(2, 0.0, imported="x.json")])}


def test_globs_choose_cells(slowed):
    assert len(history(slowed, ["lenet5-*"])) == 2
    with pytest.raises(BenchError, match="no recorded cell matches vgg"):
        history(slowed, ["vgg*"])


def test_a_ramp_is_shown_and_its_two_ends_are_to_be_compared(record):
    random = np.random.default_rng(1)
    costs = np.arange(40) * np.log1p(0.01) + random.normal(0, 0.012, 40)
    series = next(each for each in history([record(at, float(cost)) for at, cost in enumerate(costs)]) if each.changes)
    (ramp,) = series.changes
    assert ramp.kind == "ramp"
    before, after = (int(revision, 16) for revision in series.ab(ramp).split()[4:6])
    assert (before, after) == (0, 39)


def test_what_other_work_took_the_cores_of_is_left_out_and_else_marked_and_not_searched(record):
    draw = np.random.default_rng(4).normal(0, 0.005, 24)
    runs = [record(number, float(draw[number]), contended=(2,) if number == 3 else ()) for number in range(12)]
    runs += [record(number, float(draw[number]) + 1.0, contended=range(3)) for number in range(12, 20)]
    runs += [record(number, float(draw[number]) + np.log(1.2)) for number in range(20, 24)]
    cost, step = history(runs)
    assert [point.n for point in cost.points[2:5]] == [3, 2, 3]
    assert [point.contended for point in cost.points] == [12 <= at < 20 for at in range(24)]
    assert not any(point.contended for point in step.points)  # another part
    assert cost.changes == ()  # four readings since are too few, and those between tell nothing


def test_a_change_is_told_by_its_place_among_all_readings(record):
    draw = np.random.default_rng(4).normal(0, 0.005, 24)
    runs = [
        record(number, float(draw[number]) + np.log(1.2) * (number >= 12), contended=range(3) if number < 2 else ())
        for number in range(24)
    ]
    cost, _ = history(runs)
    (change,) = cost.changes
    assert change.index == 12


@pytest.mark.parametrize(("before", "after"), [("", "b" * 40), ("a" * 40, ""), ("a" * 40, "a" * 40)])
def test_no_comparison_is_named_without_two_revisions(before, after):
    points = tuple(
        Point(f"run{number}", revision, False, moment, moment, 1.0, None, None, 1)
        for number, (revision, moment) in enumerate([(before, "2026-01-01"), (after, "2026-01-02")])
    )
    change = Change(index=1, low=1, high=1, shift=0.1, z=9.0)
    assert Series(CELL, "step", "s", "p25", {}, "0", points).ab(change) is None


@pytest.mark.parametrize(
    ("revision", "dirty", "label"),
    [("0123456789abcdef", False, "0123456789"), ("0123456789abcdef", True, "0123456789+"), ("", True, "mine")],
)
def test_a_reading_is_named_by_its_revision_else_by_its_run(revision, dirty, label):
    assert Point("mine", revision, dirty, "2026-01-01", "2026-01-01", 1.0, None, None, 1).label == label
