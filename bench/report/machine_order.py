"""Machine order: which of two nets is cheaper on every machine, and for which pairs that turns round.

Two nets are told apart on a machine where the 95 % interval of the ratio of their costs lies wholly on one side of 1.
An order holds where it is so on every machine that measured both, two or more; it turns round where it is certain one
way on one machine, and the other way on another. Nothing is corrected for the number of pairs: what holds has to show
on each machine, so chance alone makes it less often the more machines there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from bench.report.across import Across, Machine, Net
from bench.stats.interval import Interval
from bench.stats.ratio import ratio

METRIC = "relative_cost"  # what an order is of: seconds an image over those of the reference
_SHARED = ("dataset", "denormals")  # without which relative costs have no common denominator, or are of other work
Holds = Literal["everywhere", "turns round", "not told apart"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nets of one data set, the one that is cheaper on the first machine first.

    Attributes:
        first: a net.
        second: another.
        ratios: by the machine's key, the cost of the first over that of the second.
        holds: whether one order of them holds on every machine.

    """

    first: Net
    second: Net
    ratios: Mapping[str, Interval]
    holds: Holds


def pairs_of(compared: Across) -> list[Pair]:
    """Every pair of nets of one data set that two machines or more measured."""
    return [
        pair
        for first, second in combinations(compared.nets, 2)
        if all(getattr(first.cell, name) == getattr(second.cell, name) for name in _SHARED)
        if (pair := _pair(first, second, compared.machines))
    ]


def cheaper(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """By the name of each net, those that cost more on every machine."""
    dearer: dict[str, list[str]] = {}
    for pair in pairs:
        if pair.holds == "everywhere":
            dearer.setdefault(pair.first.name, []).append(pair.second.name)
    return dearer


def side(interval: Interval) -> int:
    """-1 where a ratio is certainly below 1, 1 where it is above, 0 where the interval holds 1 or there is none."""
    if interval.low is None or interval.high is None:
        return 0
    return (interval.low > 1) - (interval.high < 1)


def _pair(first: Net, second: Net, machines: Sequence[Machine]) -> Pair | None:
    ratios = dict(_ratios(first, second, machines))
    if len(ratios) < 2:
        return None
    if next(iter(ratios.values())).value > 1:
        first, second = second, first
        ratios = dict(_ratios(first, second, machines))
    sides = {side(interval) for interval in ratios.values()}
    holds: Holds = "turns round" if {-1, 1} <= sides else "everywhere" if 0 not in sides else "not told apart"
    return Pair(first, second, ratios, holds)


def _ratios(first: Net, second: Net, machines: Sequence[Machine]) -> Iterator[tuple[str, Interval]]:
    for machine in machines:
        above, below = first.figure(machine.key, METRIC), second.figure(machine.key, METRIC)
        if above and below:
            known = ratio(above.interval, below.interval)
            certain = above.certain and below.certain
            yield machine.key, known if certain else Interval(known.value, None, None, known.n)
