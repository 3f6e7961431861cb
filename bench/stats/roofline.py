"""Roofline: how near a step comes to what its machine can do, and what it spends its time on.

After Williams, Waterman & Patterson, "Roofline: an insightful visual performance model" (CACM 2009), with a third roof:
the cost of calling operators, which is what bounds small nets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.metrics import OPERATORS_OF
from bench.text import percent
from bench.vocabulary import STEP_PHASES


@dataclass(frozen=True, slots=True)
class Bound:
    """Three lower bounds of a step's time as shares of the time it took, and the largest of them.

    Attributes:
        by: what takes the largest share: "compute", "bandwidth" or "launches".
        compute: FLOPs over the rate of matrix products, as a share of the step's time.
        bandwidth: bytes moved over the rate of copies, likewise. The bytes are an upper bound, as if there were no
            caches, so this passes 1 where caches serve the operands.
        launches: operators times the cost of calling one, likewise.
        intensity: FLOPs a byte moved.

    """

    by: str
    compute: float
    bandwidth: float
    launches: float
    intensity: float

    @property
    def explained(self) -> float:
        """The share of the step's time that the largest bound explains."""
        share: float = getattr(self, self.by)
        return share


def bound(seconds: float, flops: float, moved: float, operators: float, ceiling: Mapping[str, Any]) -> Bound:
    """What bounds a step.

    Args:
        seconds: of a step.
        flops: of a step.
        moved: bytes that its operators read and write.
        operators: how many it dispatches one by one; 0 where it is replayed or compiled.
        ceiling: flops_per_second, bytes_per_second and dispatch_seconds, as `bench.worker.ceilings` sends them.

    """
    shares = {
        "compute": flops / ceiling["flops_per_second"] / seconds,
        "bandwidth": moved / ceiling["bytes_per_second"] / seconds,
        "launches": operators * ceiling["dispatch_seconds"] / seconds,
    }
    return Bound(max(shares, key=lambda name: shares[name]), **shares, intensity=flops / moved if moved else 0.0)


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
    if ceiling is None or not {"step", "flops", "bytes_moved"} <= set(values):
        return None
    operators = sum(values.get(OPERATORS_OF[phase], 0.0) for phase in STEP_PHASES)
    eager = cell["mode"] == "eager"  # the counts are of the eager step
    return bound(values["step"], values["flops"], values["bytes_moved"], operators if eager else 0, ceiling)


def ceiling_for(cell: Mapping[Any, Any], ceilings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The ceilings of the cell's device, dtype and threads; None where they were not measured."""
    return next((one for one in ceilings if all(one.get(name) == cell[name] for name in _USE)), None)


def told(bound: Bound) -> str:
    """What bounds the step and how much of it that explains, in words: "compute 61 %".

    A share above 1 is no bound: the ceiling's own measurement was held up, or caches served what counts as moved.
    """
    if bound.explained <= 1:
        return f"{bound.by} {percent(bound.explained)}"
    return f"{bound.by} {percent(bound.explained)} ({ABOVE[bound.by]})"


ABOVE = {
    "compute": "above the ceiling measured",
    "bandwidth": "served by caches",
    "launches": "above the ceiling measured",
}
_USE = ("device", "dtype", "threads")
