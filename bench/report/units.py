"""Units: the numbers of `bench.text` as the page prints them, with a space that no line breaks before the unit."""

from collections.abc import Iterable

from bench import text
from bench.metrics import symbol_of
from bench.text import STATES, Scale

SPACE = "\u00a0"  # keeps a number and its unit on one line
_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"))  # thousands are written out


def scale_of(metric: str, unit: str, values: Iterable[float]) -> Scale:
    """One scale for all `values` of a metric, so that they compare at a glance."""
    return text.scale_of(symbol_of(metric, unit), values)


def quantity(metric: str, unit: str, value: float) -> str:
    """One value with its own scale and unit: 12.3 ms, 98.70 %, 61,706."""
    return tied(text.quantity(value, symbol_of(metric, unit)))


def with_unit(number: str, scale: Scale) -> str:
    """A number's text followed by its unit."""
    return tied(text.with_unit(number, scale))


def tick(metric: str, unit: str, value: float) -> str:
    """A value at an axis, without digits that only fill: 10 ms, 20 %."""
    scale = scale_of(metric, unit, [value])
    scaled = float(f"{value * scale.factor:.6g}")
    if scale.unit:
        return with_unit(f"{scaled:g}" if scaled < 1e4 else f"{scaled:,.0f}", scale)
    size, prefix = next((large for large in _LARGE if scaled >= large[0]), (1.0, ""))
    if prefix:
        return f"{scaled / size:g}{SPACE}{prefix}"
    return f"{scaled:,g}" if scaled < 1e5 else f"{scaled:,.0f}"


def percent(share: float) -> str:
    """A share as a percentage with two significant digits: 0.0512 is 5.1 %."""
    return tied(text.percent(share))


def either_way(share: float) -> str:
    """A relative half-width: a percentage either way, or a factor where a percentage says nothing any more."""
    return tied(text.either_way(share))


def beyond(share: float, target: float) -> str:
    """A relative half-width that is beyond a target, with the digits that tell them apart."""
    return tied(text.beyond(share, target))


def state(status: str) -> str:
    """A status in words."""
    return STATES.get(status, status)


def tied(words: str) -> str:
    """The same with its last space, which is before a unit, unbroken at the end of a line."""
    return SPACE.join(words.rsplit(" ", 1))
