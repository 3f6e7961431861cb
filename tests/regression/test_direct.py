"""What stored numbers decide at once: counts, memory and budgets, at their very limits."""

from dataclasses import replace

import pytest

from bench.compare.costs import MEMORY_FLOOR
from bench.plan.cell import Cell
from bench.regression.direct import AGAIN, CONTENDED, judge_budgets, judge_counts, judge_memory
from bench.regression.tolerances import Tolerances
from bench.stats.interval import Interval
from bench.store.summary import CellSummary

MIB = 2**20
BASE = CellSummary(cell=Cell("mlp"), run="r")
ALLOWED = Tolerances("mine.toml", shares=(("*", {"operators_forward": 0.25}),))


def counted(before, after):
    """The verdict on these exact counts; None where nothing is said."""
    verdicts = list(judge_counts(replace(BASE, counts=after), replace(BASE, counts=before), ALLOWED))
    assert len(verdicts) <= 1
    return verdicts[0] if verdicts else None


@pytest.mark.parametrize(
    ("before", "after", "verdict", "reason"),
    [
        ({"flops": 5}, {"flops": 5}, "unchanged", "1 exact count as before"),
        ({"flops": 5}, {"flops": 6}, "regressed", "1 exact count changed; risen beyond what is allowed: flops"),
        ({"flops": 5}, {"flops": 4}, "improved", "1 exact count changed"),
        ({"peak_memory": 1000}, {"peak_memory": 1001}, "regressed", None),  # of a GPU; a CPU's may rise by a tenth
        ({"operators_forward": 100}, {"operators_forward": 125}, "unchanged", "1 exact count changed"),
        (
            {"operators_forward": 100, "flops": 5},
            {"operators_forward": 126, "flops": 4},
            "regressed",
            "2 exact counts changed; risen beyond what is allowed: operators_forward",
        ),
        ({"operators_forward": 100, "flops": 5}, {"operators_forward": 110, "flops": 4}, "unchanged", None),
        ({"parameters": 7, "flops": 5}, {"flops": 4}, "unchanged", "2 exact counts changed"),
        ({"flops": 5}, {"parameters": 9, "flops": 5}, "unchanged", "1 exact count changed"),
    ],
)
def test_a_count_may_rise_by_its_share_and_is_improved_where_all_that_changed_fell(before, after, verdict, reason):
    judged = counted(before, after)
    assert judged.verdict == verdict
    assert reason is None or judged.reason == reason
    assert bool(judged.remedy) == (verdict == "regressed")


def test_a_count_that_one_side_lacks_is_listed_and_fails_nothing():
    assert counted({"parameters": 7, "flops": 5}, {"bytes_moved": 3, "flops": 5}).evidence == (
        "parameters 7 -> absent",
        "bytes_moved absent -> 3",
    )


@pytest.mark.parametrize(("before", "after"), [({}, {"flops": 5}), ({"flops": 5}, {}), ({}, {})])
def test_without_counts_of_both_nothing_is_said(before, after):
    assert counted(before, after) is None


def remembered(peak, *stored, tolerance=0.1, **fields):
    """The verdict on a peak of memory against those of accepted runs; None where nothing is said."""
    accepted = [replace(BASE, peak_memory=value) for value in stored]
    verdicts = list(judge_memory(replace(BASE, peak_memory=peak, **fields), accepted, tolerance))
    return verdicts[0] if verdicts else None


@pytest.mark.parametrize(
    ("peak", "verdict"),
    [
        (22 * MIB, "unchanged"),  # 2 MiB are allowed either way
        (22 * MIB + 1, "regressed"),
        (18 * MIB, "unchanged"),
        (18 * MIB - 1, "improved"),
    ],
)
def test_memory_is_held_to_the_mean_of_what_was_accepted(peak, verdict):
    judged = remembered(float(peak), 10.0 * MIB, None, 30.0 * MIB)
    assert judged.verdict == verdict
    assert (judged.before, judged.after, judged.ratio) == (20 * MIB, peak, Interval(peak / (20 * MIB), None, None, 2))
    assert (judged.tolerance, judged.visible) == (0.1, pytest.approx(0.1))
    assert bool(judged.remedy) == (verdict == "regressed")
    assert judged.reason.startswith("+") == (peak >= 20 * MIB)


@pytest.mark.parametrize(("more", "verdict"), [(MIB, "unchanged"), (MIB + 1, "regressed"), (0, "unchanged")])
def test_below_a_mebibyte_memory_tells_nothing(more, verdict):
    assert MEMORY_FLOOR == MIB
    judged = remembered(2.0 * MIB + more, 2.0 * MIB)
    assert (judged.verdict, judged.visible) == (verdict, 0.5)
    assert judged.reason.startswith("+" if more else "+0")


def test_memory_that_was_none_has_no_ratio():
    judged = remembered(5.0 * MIB, 0.0)
    assert (judged.verdict, judged.ratio, judged.visible) == ("regressed", None, None)


def test_memory_that_is_not_known_or_counted_exactly_is_not_judged_here():
    assert remembered(None, 1.0 * MIB) is None
    assert remembered(1.0 * MIB, None) is None
    assert remembered(1.0 * MIB, 1.0 * MIB, counts={"peak_memory": MIB}) is None


def limited(metric, limit, value, contended=()):
    """The verdict on a budget of 0.01 for a metric."""
    allowed = Tolerances("mine.toml", limits=(("*", {metric: limit}),))
    values = {} if value is None else {metric: value}
    (verdict,) = judge_budgets(replace(BASE, contended=tuple(contended)), allowed, values)
    return verdict


@pytest.mark.parametrize(
    ("metric", "value", "verdict", "asked"),
    [
        ("step", 0.5, "unchanged", "at most 500 ms is asked"),
        ("step", 0.51, "regressed", "at most 500 ms is asked"),
        ("accuracy", 0.5, "unchanged", "at least 50.00 % is asked"),
        ("accuracy", 0.49, "regressed", "49.0 %, at least 50.0 % is asked"),
        ("step", None, "inconclusive", "step was not measured; at most 500 ms is asked"),
    ],
)
def test_a_value_at_the_limit_keeps_it(metric, value, verdict, asked):
    judged = limited(metric, 0.5, value)
    assert (judged.verdict, judged.before, judged.after, judged.limit) == (verdict, 0.5, value, True)
    assert asked in judged.reason
    assert "(mine.toml)" in judged.reason


@pytest.mark.parametrize(
    ("metric", "value", "verdict"),
    [
        ("step", 0.51, "inconclusive"),  # a neighbour makes a time longer
        ("step", 0.5, "unchanged"),  # and no shorter
        ("relative_cost", 0.4, "inconclusive"),  # a ratio, either
        ("relative_cost", 0.6, "inconclusive"),
    ],
)
def test_beside_other_work_a_limit_fails_by_nothing_and_no_ratio_keeps_one(metric, value, verdict):
    judged = limited(metric, 0.5, value, [metric])
    assert (judged.verdict, judged.after) == (verdict, value)
    assert (CONTENDED in judged.reason, judged.remedy == AGAIN) == ((verdict == "inconclusive",) * 2)
    assert limited(metric, 0.5, value, ["inference"]).verdict == ("unchanged" if value <= 0.5 else "regressed")
