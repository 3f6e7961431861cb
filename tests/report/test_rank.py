"""Ranks that intervals allow: winner, tie, chain, a noisy one between two quiet ones, and rows without an interval."""

from dataclasses import replace

import numpy as np

from bench.report.rank import leaders, ordered, ranks
from bench.stats.interval import of_ratios
from tests.report.report_sample import row

COST = "relative_cost"


def places(*rows) -> dict[str, str]:
    return {key: str(rank) for key, rank in ranks(list(rows), COST).items()}


def names(rows, metric=COST) -> list[str]:
    return [each.label for each in leaders(rows, metric)]


def test_the_winner_is_alone_in_its_rank():
    rows = [row("a", 1.0, 0.01), row("b", 2.0, 0.01), row("c", 3.0, 0.01)]
    assert places(*rows) == {"a": "1", "b": "2", "c": "3"}
    assert names(rows) == ["a"]


def test_a_chain_of_overlaps_is_a_chain_of_ranges():
    rows = [row("a", 1.0, 0.02), row("b", 1.03, 0.02), row("c", 1.06, 0.02), row("d", 9.0, 0.02)]
    assert places(*rows) == {"a": "1-2", "b": "1-3", "c": "2-3", "d": "4"}
    assert names(rows) == ["a", "b"]


def test_noise_wins_no_place_of_its_own():
    rows = [row("a", 1.0, 0.01), row("c", 1.05, 0.01), row("b", 1.10, 0.12)]
    assert places(*rows) == {"a": "1-2", "c": "2-3", "b": "1-3"}


def test_what_has_no_interval_is_told_apart_from_none_and_passed_over_by_none():
    rows = [row("a", 1.0, None), row("b", 2.0, 0.1), row("c", 3.0, 0.1)]
    assert places(*rows) == {"b": "1-2", "c": "2-3"}
    assert names(rows) == ["a", "b"]
    assert names([row("b", 2.0, 0.1), row("z", 5.0, None)]) == ["b", "z"]


def test_higher_is_better_where_the_metric_says_so():
    rows = [row("a", 0.9, 0.01, "accuracy"), row("b", 0.95, 0.01, "accuracy")]
    assert {key: str(rank) for key, rank in ranks(rows, "accuracy").items()} == {"b": "1", "a": "2"}
    assert names(rows, "accuracy") == ["b"]


def drawn(random, truths, sd=0.01, processes=3):
    """Rows of nets with these true logarithms of costs, as that many processes show them."""
    logs = random.normal(truths, sd, (processes, len(truths))).T
    shown = [of_ratios(np.exp(each)) for each in logs]
    value = row("", 1.0, 0.1).values[COST]
    numbers = [replace(value, value=one.value, low=one.low, high=one.high) for one in shown]
    return [replace(row(str(at), 1.0, 0.1), values={COST: number}) for at, number in enumerate(numbers)]


def test_true_ranks_lie_in_their_ranges_and_equal_nets_have_no_leader():
    random = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        placed = ranks(drawn(random, 0.01 * np.arange(17)), COST)
        inside += [placed[str(at)].best <= at + 1 <= placed[str(at)].worst for at in range(17)]
        assert len(leaders(drawn(random, np.zeros(17)), COST)) > 1
    assert np.mean(inside) > 0.995  # 0.9998 in 68,000


def test_nobody_is_ranked_against_its_own_value():
    random = np.random.default_rng(1)
    for _ in range(200):
        halves = random.choice([0.01, 0.03, 0.2], 8)
        rows = [row(str(at), random.uniform(1, 1.3), half) for at, half in enumerate(halves)]
        placed = [ranks(rows, COST)[each.key] for each in ordered(rows, COST)]
        for at, (better, rows_after) in enumerate((rank, placed[at + 1 :]) for at, rank in enumerate(placed)):
            assert better.best <= at + 1 <= better.worst  # the order of the values is among those allowed
            assert all(better.best <= worse.worst for worse in rows_after)
