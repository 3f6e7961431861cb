"""Numbers as people read them: SI prefixes, as many digits as the interval allows, names for statistics."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bench.metrics import row_of
from bench.store.seeds import STATES
from bench.vocabulary import MetricKind

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
TIMES = "\u00d7"  # the multiplication sign, as the unit of a ratio
SPACE = "\u00a0"  # keeps a number and its unit on one line

STATISTICS = {
    "min": "fastest",
    "p10": "10th percentile",
    "p25": "25th percentile",
    "median": "median",
    "p75": "75th percentile",
    "p90": "90th percentile",
    "max": "slowest",
    "exact": "exact",
    "maximum": "largest seen",
    "at target": "at the first evaluation that reaches the target",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How a metric is shown: its value times `factor`, followed by `unit`."""

    factor: float
    unit: str


_FIXED: dict[MetricKind, Scale] = {
    "share": Scale(100.0, "%"),
    "ratio": Scale(1.0, TIMES),
    "rate": Scale(1.0, "images/s"),
}


def kind_of(metric: str, unit: str) -> MetricKind:
    """What kind of number it is; an exact one that is shown to its last digit is a count."""
    row = row_of(metric, unit)
    return "count" if row.kind == "exact" and not row.symbol else row.kind


def scale_of(metric: str, unit: str, values: Iterable[float]) -> Scale:
    """One scale for all `values` of a metric, so that they compare at a glance; chosen by their geometric mean."""
    row = row_of(metric, unit)
    if row.kind in _FIXED or not row.symbol:
        return _FIXED.get(row.kind, Scale(1.0, ""))
    is_time = row.kind == "time"
    logs = [math.log(value) for value in values if value > 0]
    typical = math.exp(sum(logs) / len(logs)) if logs else 1.0
    prefixes = [prefix for prefix in _PREFIXES if is_time or prefix[0] >= 1]
    size, prefix = next((prefix for prefix in prefixes if typical >= prefix[0]), prefixes[-1])
    if is_time and size > 1:
        size, prefix = 1.0, ""
    return Scale(1 / size, prefix + row.symbol)


def number(value: float, half: float | None = None, *, exact: bool = False, most: int = 9) -> str:
    """The scaled value with as many digits as its half-width allows, three significant ones where there is none.

    Never more than `most` places, and all digits of a whole number that is `exact`.
    """
    if exact and float(value).is_integer():
        return f"{value:,.0f}"
    if not math.isfinite(value):
        return str(value)
    least = 3 if not half else _digits_of(value, half)
    places = min(least - 1 - (math.floor(math.log10(abs(value))) if value else 0), most)
    return f"{round(value, places):,.{max(places, 0)}f}"


def _digits_of(value: float, half: float) -> int:
    """Significant digits of `value` whose last stands where `half` has its first (its second after a leading 1)."""
    place = math.floor(math.log10(half))
    place -= half / 10**place < 2
    top = math.floor(math.log10(abs(value))) if value else place
    return int(min(max(top - place + 1, 2), 5))


def quantity(metric: str, unit: str, value: float) -> str:
    """One value with its own scale and unit: 12.3 ms, 98.70 %, 61,706."""
    scale, kind = scale_of(metric, unit, [value]), kind_of(metric, unit)
    text = f"{value * 100:.2f}" if kind == "share" else number(value * scale.factor, exact=kind == "count")
    return with_unit(text, scale)


def with_unit(text: str, scale: Scale) -> str:
    """A number's text followed by its unit."""
    return text + ("" if scale.unit in (TIMES, "") else SPACE) + scale.unit


def tick(metric: str, unit: str, value: float) -> str:
    """A value at an axis, without digits that only fill: 10 ms, 20 %."""
    scale = scale_of(metric, unit, [value])
    scaled = float(f"{value * scale.factor:.6g}")
    if scale.unit:
        return with_unit(f"{scaled:g}" if scaled < 1e4 else f"{scaled:,.0f}", scale)
    size, prefix = next(((size, prefix) for size, prefix in _PREFIXES if scaled >= size >= 1e4), (1.0, ""))
    return (
        f"{scaled / size:g}{SPACE}{prefix}".strip()
        if size > 1
        else f"{scaled:,g}"
        if scaled < 1e5
        else f"{scaled:,.0f}"
    )


def state(status: str) -> str:
    """A status in words."""
    return STATES.get(status, status)


def percent(share: float) -> str:
    """A share as a percentage with two significant digits: 0.0512 is 5.1 %."""
    value = share * 100
    return (f"{value:.0f}" if value >= 10 or value.is_integer() else f"{value:.2g}") + f"{SPACE}%"


def either_way(share: float) -> str:
    """A relative half-width: a percentage either way, or a factor where a percentage says nothing any more."""
    if share < 1:
        return f"± {percent(share)}"
    return f"{TIMES}/÷ {number(1 + share)}"


def plural(count: int, noun: str) -> str:
    """The count with its noun: 1 visit, 2 visits."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def joined(names: Iterable[str], most: int = 6) -> str:
    """Names as a phrase: a, b and c; the rest counted beyond `most`."""
    items = list(names)
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""
