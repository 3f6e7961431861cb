"""Order: who leads among configurations that compare, said only as far as intervals allow."""

from dataclasses import dataclass

from bench.metrics import METRICS
from bench.report.rank import leaders, ordered
from bench.report.record import Row
from bench.report.table import amount
from bench.report.units import percent
from bench.text import joined, number, plural

CONTENDED = "it was measured while other work took its cores"
_NAMED = 4  # names in a sentence, the others are counted


@dataclass(frozen=True, slots=True)
class Sentence:
    """A conclusion: its topic, the claim, and the numbers it rests on."""

    topic: str
    claim: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Order:
    """What can be said of the first place in one metric.

    Attributes:
        first: the row with the best value.
        winner: the same if it is certainly better than all others, else None.
        claim: in words, where there is no winner.
        shown: the rows that the claim is about, to be given with their numbers.

    """

    first: Row
    winner: Row | None
    claim: str
    shown: list[Row]


def order(rows: list[Row], metric: str) -> Order:
    """Who is first among rows that compare, at least two of which have the metric."""
    ranked = ordered(rows, metric)
    first, ahead = ranked[0], leaders(ranked, metric)
    if len(ahead) == 1:
        return Order(first, first, "", ranked[:2])
    bare = [row for row in ahead if row.values[metric].reach is None]
    if first in bare:
        claim = f"{first.label} came out ahead, but {_why_bare(first, metric)}, so no claim about the order."
        return Order(first, None, claim, ranked[:2])
    tied = [row for row in ahead if row not in bare]
    parts = [_tie(tied, ranked, metric) if len(tied) > 1 else f"{first.label} came out ahead"]
    parts += _without(bare, metric)
    return Order(first, None, "; ".join(parts) + ".", [*ahead[:_NAMED], *_passed(tied, ranked, metric)])


def lead(first: Row, second: Row, metric: str) -> str:
    """How far the first lies before the second: at 86 % of the cost of."""
    ahead, behind, kind = first.values[metric].value, second.values[metric].value, METRICS[metric]
    if kind.kind == "share":
        points = (ahead - behind) * 100
        return f"{f'{points:.2g}' if points < 10 else number(points)} percentage points above"
    times = ahead / behind
    if kind.direction == "lower":
        what = "cost" if metric == "relative_cost" else kind.words
        return f"at {percent(times)} of the {what} of" if times < 0.985 else f"{percent(1 - times)} below the {what} of"
    return f"{number(times)} times that of" if times >= 2 else f"{percent(times - 1)} above"


def brief(row: Row, metric: str) -> str:
    """The row with its number."""
    return f"{row.label} {amount(row.values[metric])}"


def threads_of(row: Row, metric: str) -> str:
    """With how many threads a number was taken: ", with 1 thread"."""
    threads = row.values[metric].threads
    return f", with {plural(threads, 'thread')}" if threads else ""


def _tie(tied: list[Row], ranked: list[Row], metric: str) -> str:
    """That several share the first place; and who is surely not first, though ahead of one of those by its value."""
    since = ", each since the look before," if any(row.values[metric].before for row in tied) else ""
    words = f"{_names(tied)} cannot be told apart: their intervals{since} overlap"
    passed = _passed(tied, ranked, metric)
    if not passed:
        return words
    return f"{words}; {_names(passed)}, between them, {'is' if len(passed) == 1 else 'are'} certainly not first"


def _passed(tied: list[Row], ranked: list[Row], metric: str) -> list[Row]:
    """The rows with an interval that lie between those of the first place, and have no part in it."""
    last = ranked.index(tied[-1])
    return [row for row in ranked[:last] if row not in tied and row.values[metric].reach is not None]


def _names(rows: list[Row]) -> str:
    return joined((row.label for row in rows), most=_NAMED)


def _without(bare: list[Row], metric: str) -> list[str]:
    """Who cannot be compared with, those of one cause together."""
    single = [row for row in bare if not row.values[metric].contended]
    contended = [row for row in bare if row not in single]
    parts = []
    if single:
        has = "has" if len(single) == 1 else "have"
        parts.append(f"{_names(single)}, {_origin(single[0], metric)}, {has} no interval to compare with")
    if contended:
        was = "was" if len(contended) == 1 else "were"
        parts.append(f"{_names(contended)} {was} contended, so no comparison holds")
    return parts


def _why_bare(row: Row, metric: str) -> str:
    """Why the first has no interval that a claim could rest on."""
    return CONTENDED if row.values[metric].contended else f"{_origin(row, metric)}: no interval"


def _origin(row: Row, metric: str) -> str:
    """Where a number without an interval is from: from one seed."""
    noun, n = "seed" if METRICS[metric].once_a_seed else "process", row.values[metric].n
    return f"from one {noun}" if n == 1 else f"from {plural(n, noun)}"
