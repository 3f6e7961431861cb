"""Text: numbers and nouns for people, the same on the terminal, on the page and in a comment."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

TIMES = "\u00d7"  # the multiplication sign, the symbol of a ratio
PERCENT = "%"  # the symbol of a share

# Statistics in words.
STATISTICS = {
    "min": "fastest",
    "p10": "10th percentile",
    "p25": "25th percentile",
    "median": "median",
    "p75": "75th percentile",
    "p90": "90th percentile",
    "p99": "99th percentile",
    "max": "slowest",
    "exact": "exact",
    "maximum": "largest seen",
    "at target": "at the first evaluation that reaches the target",
}
STATES = {"oom": "out of memory", "timeout": "timed out"}  # statuses that need more words than their name

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_PREFIXED = {  # the symbols that take a prefix, and which: nobody says kiloseconds, or millibytes
    "s": [prefix for prefix in _PREFIXES if prefix[0] <= 1],
    "B": [prefix for prefix in _PREFIXES if prefix[0] >= 1],
    "FLOP": [prefix for prefix in _PREFIXES if prefix[0] >= 1],
    "J": [*_PREFIXES],
    "W": [*_PREFIXES],
}
NO_INTERVAL = "too noisy for an interval"
_EVERY_SHARE = 0.5  # half of what lies between 0 and 1
_TINY = 1e-4  # what is smaller, and has neither a prefix nor an interval, is read by its order of magnitude
MOST_FACTOR = 10  # either way: an interval that is wider tells nothing more of a ratio
_DIGITS = 3  # significant ones, where no interval tells how many there are


@dataclass(frozen=True, slots=True)
class Scale:
    """How a value is shown: times `factor`, followed by `unit`."""

    factor: float
    unit: str


def scale_of(symbol: str, values: Iterable[float]) -> Scale:
    """One scale for all values, so that they compare at a glance; its prefix is chosen by their geometric mean.

    Args:
        symbol: "s", "B", "FLOP", "J" and "W" take a prefix; PERCENT is of a share, TIMES of a ratio; any other, such as
            "images/s", stands as it is, and "" is that of a count.
        values: in SI units without a prefix.

    """
    if symbol == PERCENT:
        return Scale(100.0, PERCENT)
    if symbol not in _PREFIXED:
        return Scale(1.0, symbol)
    logs = [math.log(abs(value)) for value in values if value and math.isfinite(value)]
    typical = _rounded(math.exp(sum(logs) / len(logs))) if logs else 1.0
    prefixes = _PREFIXED[symbol]
    size, prefix = next((known for known in prefixes if typical >= known[0]), prefixes[-1])
    return Scale(1 / size, prefix + symbol)


def quantity(value: float, symbol: str, half: float | None = None) -> str:
    """A value with its unit: 12.3 ms, 24.0 MB, 98.74 %, 61,706.

    Args:
        value: in SI units without a prefix.
        symbol: as `scale_of` takes it.
        half: half the width of its interval, in the value's unit; the digits follow it.

    """
    scale = scale_of(symbol, [value])
    return with_unit(figure(value, scale, half), scale)


def with_interval(value: float, symbol: str, half: float | None) -> str:
    """A value with half the width of its interval and one unit for both: 97.0 ± 1.0 %.

    The interval of a share that goes beyond all shares, as over two seeds that differ, is not written as a number.
    """
    scale = scale_of(symbol, [value])
    if half is None or tells_nothing(symbol, half):
        return with_unit(figure(value, scale), scale) + ("" if half is None else f" ({NO_INTERVAL})")
    text = figure(value, scale, half)
    return with_unit(f"{text} {plus_minus(half * scale.factor, text)}", scale)


def tells_nothing(symbol: str, half: float) -> bool:
    """Whether the interval of a share is so wide that it holds more than every share there is."""
    return symbol == PERCENT and half >= _EVERY_SHARE


def plus_minus(half: float, beside: str) -> str:
    """A scaled half-width with as many places as the number it stands beside: ± 1.0 beside 97.0."""
    places = len(beside.partition(".")[2])
    return f"± {half:.{places}f}" if places else f"± {number(half, half)}"


def figure(value: float, scale: Scale, half: float | None = None) -> str:
    """The number of a value on a scale, without the unit, for a column that names it.

    A count has all its digits, a share two places: thousands of test images resolve no more.
    """
    if not value and scale.unit != PERCENT:
        return "0"
    if scale.unit == PERCENT and not half:
        return f"{value * 100:.2f}"
    most = 2 if scale.unit == PERCENT else 9
    return number(value * scale.factor, (half or 0.0) * scale.factor, exact=not scale.unit, most=most)


def with_unit(text: str, scale: Scale) -> str:
    """A number's text followed by its unit."""
    return text + ("" if scale.unit in (TIMES, "") else " ") + scale.unit


def number(value: float, half: float | None = None, *, exact: bool = False, most: int = 9) -> str:
    """The value with as many digits as its half-width allows, three significant ones where there is none: 0.0123.

    Never more than `most` places, and all digits of a whole number that is `exact`.
    """
    if not math.isfinite(value):
        return str(float(value))
    if exact and float(value).is_integer():
        return f"{value:,.0f}"
    known = half if half and math.isfinite(half) else None
    if not known and 0 < abs(value) < _TINY:
        return scientific(value)
    if known and not value:  # a difference may be nothing, and how sure that is still has its digit
        return f"{0:.{min(max(-math.floor(math.log10(known)), 1), most)}f}"
    digits = _digits_of(value, known) if known else _DIGITS
    rounded = value if known else _rounded(value, digits)
    places = min(digits - 1 - (math.floor(math.log10(abs(rounded))) if rounded else 0), most)
    return f"{round(value, places):,.{max(places, 0)}f}"


def count(value: float | None) -> str:
    """A count, with its digits; "absent" for None."""
    if value is None:
        return "absent"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def as_published(value: float) -> str:
    """A number that somebody else published, with all the digits that they gave it: 13,537.15."""
    return f"{value:,}"


def scientific(value: float) -> str:
    """A relative error, of which the order of magnitude tells: 1.9e-07."""
    return f"{value:.1e}"


def percent(share: float) -> str:
    """A share as a percentage with two significant digits at least: 0.62 %, 5 %, 12 %."""
    value = share * 100
    return f"{Decimal(f'{value:z.2g}'):f} %" if abs(value) < 10 else f"{value:.0f} %"


def whole(share: float) -> str:
    """A share to a whole percent: 42 %."""
    return f"{share * 100:z.0f} %"


def tenths(share: float | None) -> str:
    """A share in a column, to a tenth of a percent; a dash where there is none."""
    return "-" if share is None else f"{share * 100:z.1f} %"


def either_way(share: float) -> str:
    """A relative half-width: a percentage either way, or a factor where that says nothing, up to MOST_FACTOR."""
    if 1 + share > MOST_FACTOR:
        return f"{TIMES}/÷ more than {MOST_FACTOR}"
    return f"± {percent(share)}" if share < 1 else f"{TIMES}/÷ {number(1 + share)}"


def beyond(share: float, target: float) -> str:
    """A relative half-width that is beyond a target, with the digits that tell them apart: ± 3.04 % beside 3 %."""
    pairs = ((f"{share * 100:.{digits}g}", f"{target * 100:.{digits}g}") for digits in range(3, 9))
    if percent(share) != percent(target):
        return either_way(share)
    return f"± {next((ours for ours, asked in pairs if ours != asked), str(share * 100))} %"


def signed(share: float) -> str:
    """A change as a percentage: +4.2 %; 0.0 % where it rounds to nothing."""
    return f"{_signed(share)} %"


def signed_range(low: float, high: float) -> str:
    """The interval of a change: -1.2 to +0.7 %."""
    return f"{_signed(low)} to {_signed(high)} %"


def change(ratio: float, low: float | None = None, high: float | None = None) -> str:
    """What a ratio changes, with its interval where there is one: +4.2 % (+1.0 to +7.5)."""
    if low is None or high is None:
        return signed(ratio - 1)
    if is_endless(low, high):
        return f"{signed(ratio - 1)} ({either_way(math.inf)})"
    return f"{signed(ratio - 1)} ({_signed(low - 1)} to {_signed(high - 1)})"


def points(difference: float, low: float | None = None, high: float | None = None) -> str:
    """A difference of shares in percentage points, with its interval where there is one: +0.42 points (+0.10 to +0.74).

    An interval that is wider than all shares says nothing.
    """
    if low is None or high is None or tells_nothing(PERCENT, (high - low) / 2):
        return f"{difference * 100:+z.2f} points"
    return f"{difference * 100:+z.2f} points ({low * 100:+z.2f} to {high * 100:+z.2f})"


def chance(p: float) -> str:
    """How often chance alone makes something: 0.012; < 0.001 for less."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def is_endless(low: float, high: float) -> bool:
    """Whether the interval of something above 0 is so wide that its ends say nothing: MOST_FACTOR either way."""
    return low <= 0 or high > low * MOST_FACTOR**2


def duration(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 3 min 20 s, 1 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plural(number_of: int, noun: str) -> str:
    """The count with its noun: 1 seed, 2 seeds, 3 processes."""
    ending = "es" if noun.endswith("s") else "s"
    return f"{number_of:,} {noun}" + ("" if number_of == 1 else ending)


def joined(names: Iterable[str], most: int = 6) -> str:
    """Names as a phrase: a, b and c; the rest counted beyond `most`."""
    items = list(names)
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def _signed(share: float) -> str:
    """A change in percent, to a tenth; what rounds to nothing has no direction."""
    tenth = f"{share * 100:+z,.1f}"
    return tenth.removeprefix("+") if tenth == "+0.0" else tenth


def _rounded(value: float, digits: int = _DIGITS) -> float:
    return float(f"{value:.{digits - 1}e}")


def _digits_of(value: float, half: float) -> int:
    """Significant digits of `value` whose last stands where `half` has its first (its second after a leading 1)."""
    place = math.floor(math.log10(half))
    place -= half / 10**place < 2
    top = math.floor(math.log10(abs(value))) if value else place
    return int(min(max(top - place + 1, 2), 5))
