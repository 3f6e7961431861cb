"""Ranks with ties: configurations that the measurement cannot tell apart share a place.

The rule: take the best value not yet ranked as the leader; each unranked configuration whose 95 % interval overlaps the
leader's shares its rank; the next rank counts all that were placed before it (1, 1, 3). Overlap of two 95 %
intervals is a cautious test: configurations that share a rank may still differ, configurations that do not share one
do differ at better than the 5 % level. A configuration without an interval (one process, one seed) gets no rank.
"""

from collections.abc import Mapping

from bench.report.record import Row, Value


def ranks(rows: list[Row], metric: str) -> dict[str, int]:
    """The rank of each row by its key, in the metric's own direction; rows without an interval are absent."""
    left = [row for row in ordered(rows, metric) if row.values[metric].low is not None]
    placed: dict[str, int] = {}
    while left:
        rank = len(placed) + 1
        tied = [row for row in left if overlap(left[0].values[metric], row.values[metric])]
        placed |= {row.key: rank for row in tied}
        left = [row for row in left if row.key not in placed]
    return placed


def ordered(rows: list[Row], metric: str) -> list[Row]:
    """The rows that have the metric, best first."""
    having = [row for row in rows if metric in row.values]
    sign = -1 if any(row.values[metric].direction == "higher" for row in having) else 1
    return sorted(having, key=lambda row: (sign * row.values[metric].value, row.label))


def leaders(rows: list[Row], placed: Mapping[str, int]) -> list[Row]:
    """The rows that share the first rank, in the order given."""
    return [row for row in rows if placed.get(row.key) == 1]


def overlap(value: Value, other: Value) -> bool:
    """Whether the two intervals share a point; without both intervals nothing is told apart."""
    if value.low is None or value.high is None or other.low is None or other.high is None:
        return True
    return value.low <= other.high and other.low <= value.high
