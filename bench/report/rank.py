"""Ranks that intervals allow: how many configurations are certainly better, and how many are certainly worse.

One configuration is certainly better than another where its 95 % interval lies wholly on the better side of the
other's. Its rank is one plus the number of those that are certainly better than it, and reaches as far as the number
of those that are not certainly worse: "2-5". So nobody is ranked against its own value, and a noisy configuration wins
no place by its noise: its rank is wide. No level is claimed for a ranking as a whole. A configuration without an
interval (one process, one seed) is told apart from none: it has no rank, and takes part in those of all others.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from bench.report.record import Row, Value


@dataclass(frozen=True, slots=True)
class Rank:
    """The best and the worst place that the intervals allow."""

    best: int
    worst: int

    def __str__(self) -> str:
        """2, or 2-5."""
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


def ranks(rows: list[Row], metric: str) -> dict[str, Rank]:
    """The rank of each row that has an interval, by its key; the rows have to be comparable."""
    having = ordered(rows, metric)
    reaches = {row.key: reach for row in having if (reach := lower_is_better(row.values[metric])) is not None}
    lows, highs = sorted(low for low, _ in reaches.values()), sorted(high for _, high in reaches.values())
    return {
        key: Rank(1 + bisect_left(highs, low), len(having) - (len(lows) - bisect_right(lows, high)))
        for key, (low, high) in reaches.items()
    }


def ordered(rows: list[Row], metric: str) -> list[Row]:
    """The rows that have the metric, best first."""
    having = [row for row in rows if metric in row.values]
    sign = -1 if any(row.values[metric].direction == "higher" for row in having) else 1
    return sorted(having, key=lambda row: (sign * row.values[metric].value, row.label))


def leaders(rows: list[Row], metric: str) -> list[Row]:
    """The rows that none is certainly better than, best first; one without an interval is among them."""
    placed = ranks(rows, metric)
    return [row for row in ordered(rows, metric) if row.key not in placed or placed[row.key].best == 1]


def surely_better(value: Value, other: Value) -> bool:
    """Whether the whole interval lies on the better side of the other's; never without both of them."""
    ours, theirs = lower_is_better(value), lower_is_better(other)
    return ours is not None and theirs is not None and ours[1] < theirs[0]


def lower_is_better(value: Value) -> tuple[float, float] | None:
    """Where the true value may lie, with its sign turned where higher is better."""
    if value.reach is None or value.direction != "higher":
        return value.reach
    low, high = value.reach
    return -high, -low
