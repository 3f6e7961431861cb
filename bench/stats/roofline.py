"""Roofline: how near a step comes to what its machine can do, and which of its limits explains most of the time.

After Williams, Waterman & Patterson, "Roofline: an insightful visual performance model" (CACM 2009), with a third roof:
the cost of calling operators, which is what bounds small nets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import pandas as pd

from bench.metrics import OPERATORS_OF
from bench.text import percent
from bench.vocabulary import NARROW_PRODUCTS, STEP_PHASES

MOST = 0.5  # a limit that explains no more of a step than that is not what bounds it
RATES = {"compute": "flops_per_second", "bandwidth": "bytes_per_second", "launches": "operator_seconds"}
_USE = ("device", "dtype", "threads")


@dataclass(frozen=True, slots=True)
class Bound:
    """What three limits of the machine take of a step's time, as shares of it.

    Attributes:
        compute: FLOPs over the rate of matrix products: the step takes at least that.
        bandwidth: bytes moved over the rate of copies. The bytes are counted as if there were no caches, so memory
            takes at most that, and above 1 it says nothing but that caches served them.
        launches: what a small step costs around its operators, and each operator there: the step takes at least that.
        intensity: FLOPs a byte moved.
        disturbed: the limits whose ceiling was measured beside other work.

    """

    compute: float
    bandwidth: float
    launches: float
    intensity: float
    disturbed: tuple[str, ...] = ()

    @property
    def largest(self) -> str:
        """The limit with the largest share; bandwidth only where caches have not refuted it."""
        names = ("compute", "launches", "bandwidth") if self.bandwidth <= 1 else ("compute", "launches")
        return max(names, key=self.share)

    @property
    def by(self) -> str:
        """The limit that explains most of the step, "" if none does; one that takes so much at least comes first.

        None that is refuted: the share in truth may be any.
        """
        sure = [name for name in ("compute", "launches") if not self.is_refuted(name)]
        surest = max(sure, key=self.share, default="")
        names = (surest, *(["bandwidth"] if self.bandwidth <= 1 else []))
        return next((name for name in names if name and self.share(name) > MOST), "")

    def is_refuted(self, name: str) -> bool:
        """Whether a step was faster than the limit allows, whose ceiling other work held down."""
        return name in self.disturbed and self.share(name) > 1

    def share(self, name: str) -> float:
        """The share of a limit."""
        value: float = getattr(self, name)
        return value


def bound(
    seconds: float, flops: float, moved: float, operators: float, ceiling: Mapping[str, Any], *, around: float = 0.0
) -> Bound:
    """What bounds a step.

    Args:
        seconds: of a step.
        flops: of a step.
        moved: bytes that its operators read and write.
        operators: how many it dispatches one by one; 0 where it is replayed or compiled.
        ceiling: flops_per_second, bytes_per_second and operator_seconds, as `bench.worker.ceilings` sends them.
        around: seconds that calling takes beside the operators.

    """
    return Bound(
        compute=flops / ceiling["flops_per_second"] / seconds,
        bandwidth=moved / ceiling["bytes_per_second"] / seconds,
        launches=(around + operators * ceiling["operator_seconds"]) / seconds,
        intensity=flops / moved if moved else 0.0,
        disturbed=tuple(name for name in RATES if is_disturbed(ceiling, name)),
    )


def bounds(cell: pd.DataFrame, ceilings: Sequence[Mapping[str, Any]]) -> Bound | None:
    """What bounds the step of one cell, from its rows of a run's frame; see `bound_of`."""
    values = cell.dropna(subset=["metric"]).set_index("metric")["value"]
    return bound_of({str(metric): float(value) for metric, value in values.items()}, dict(cell.iloc[0]), ceilings)


def bound_of(
    values: Mapping[str, float], cell: Mapping[Any, Any], ceilings: Sequence[Mapping[str, Any]]
) -> Bound | None:
    """What bounds the step of one cell.

    Args:
        values: metric to value.
        cell: the cell's fields by name.
        ceilings: as a run has them.

    Returns:
        None where its times or counts are absent, or the ceilings of its device, dtype and threads.

    """
    ceiling = ceiling_for(cell, ceilings)
    if ceiling is None or not {"step", "flops", "bytes_moved"} <= set(values) or not values["step"] > 0:
        return None
    operators, around = 0.0, 0.0
    if cell["mode"] == "eager" and cell.get("implementation") != "compiled":  # the counts are of the eager step
        operators = sum(values.get(OPERATORS_OF[phase], 0.0) for phase in STEP_PHASES)
        around = _around(cell, ceiling)
    return bound(values["step"], values["flops"], values["bytes_moved"], operators, ceiling, around=around)


def _around(cell: Mapping[Any, Any], ceiling: Mapping[str, Any]) -> float:
    """What a step with the cell's optimizer costs around its operators; that of the cheapest where it is not known."""
    stored = ceiling.get("step_seconds")
    known = (
        {key: seconds for key, seconds in stored.items() if _is_rate(seconds)} if isinstance(stored, Mapping) else {}
    )
    key = optimizer_key(str(cell.get("optimizer")), str(cell.get("implementation")))
    return float(known.get(key, min(known.values(), default=0.0)))


def optimizer_key(optimizer: str, implementation: str) -> str:
    """Under which a ceiling has what a step costs with it."""
    return f"{optimizer} {implementation}"


def usable(ceilings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that have all three rates, as this version measures them; a file may be of anyone."""
    return [ceiling for ceiling in ceilings if all(_is_rate(ceiling.get(rate)) for rate in RATES.values())]


def _is_rate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0


def is_disturbed(ceiling: Mapping[str, Any], name: str) -> bool:
    """Whether the ceiling of a limit was measured beside other work."""
    disturbed = ceiling.get("disturbed")
    return isinstance(disturbed, Sequence) and RATES[name] in disturbed


def refusal(ceilings: Sequence[Mapping[str, Any]]) -> str:
    """Why the ceilings of a run tell no bounds, in a line; "" where they do, or where there are none."""
    if not ceilings or usable(ceilings):
        return ""
    return "bound by: not told, for this run's ceilings were measured by another version; run it again"


def ceiling_for(cell: Mapping[Any, Any], ceilings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The ceilings of the cell's device, dtype and threads; None where they were not measured.

    That of float32 is of IEEE's products, which those of fewer digits may exceed: such a cell has none.
    """
    if cell["dtype"] == "float32" and cell.get("fp32_precision") in NARROW_PRODUCTS:
        return None
    alike = (one for one in usable(ceilings) if all(one.get(name) == cell[name] for name in _USE))
    return next(alike, None)


def told(bound: Bound) -> str:
    """What bounds the step, in few words: "compute 61 %", or that none of the three does, and which comes nearest."""
    name = bound.by or bound.largest
    most = "at most " if name == "bandwidth" else ""
    words = f"{name} {most}{percent(bound.share(name))}"
    doubts = _doubts(bound.share(name), name, name in bound.disturbed)
    if bound.by:
        return words + (f" ({'; '.join(doubts)})" if doubts else "")
    return f"{_none(bound)} (largest: {'; '.join([words, *doubts])})"


def _none(bound: Bound) -> str:
    whole = not bound.is_refuted(bound.largest)
    return "none of the three explains it" if whole else "no ceiling that was measured well explains it"


def with_doubts(share: float, name: str, disturbed: bool, words: str = "{}") -> str:
    """A share of what a limit allows, in `words`; none stands above 100 % without its reason."""
    doubts = _doubts(share, name, disturbed)
    return words.format(percent(share)) + (f" ({'; '.join(doubts)})" if doubts else "")


def in_full(bound: Bound) -> str:
    """What bounds the step, and in words what each of the three takes of it."""
    verdict = f"bound by {bound.by}" if bound.by else f"{_none(bound)} (largest: {bound.largest})"
    if bound.by == "bandwidth":
        verdict = "bandwidth may explain most of it"  # its share is an upper bound
    shares = (with_doubts(bound.share(name), name, name in bound.disturbed, words) for name, words in _WORDS.items())
    return f"{verdict}: {'; '.join(shares)}"


def _doubts(share: float, name: str, disturbed: bool) -> list[str]:
    return [*([_ABOVE[name]] if share > 1 else []), *([_DISTURBED] if disturbed else [])]


_ABOVE = {
    "compute": "faster than the ceiling measured, which is too low",
    "bandwidth": "caches served what is counted as moved",
    "launches": "its operators cost less than the small step's",
}
_DISTURBED = "its ceiling was measured under contention"
_WORDS = {
    "compute": "reaches {} of the rate of matrix products",
    "launches": "calls of operators take {}",
    "bandwidth": "bytes moved, as if there were no caches, {}",
}
