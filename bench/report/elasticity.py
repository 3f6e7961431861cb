"""Elasticity on the page: how much of what disturbs the reference each configuration feels, in a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.report.record import Record
from bench.stats.elasticity import Pairs, elasticity
from bench.text import joined, number


def turns(blocks: Sequence[Mapping[str, Any]]) -> Pairs:
    """Seconds a step of the reference and of the cell, (turns, 2), from the stored blocks of one process."""
    times: dict[str, list[float]] = {"reference": [], "cell": []}
    for block in blocks:
        if block["subject"] in times and block["steps"] and block["wall"] > 0:
            times[block["subject"]].append(block["wall"] / block["steps"])
    return np.array(list(zip(*times.values(), strict=False)), dtype=float).reshape(-1, 2)


def sentence(record: Record) -> str:
    """What the blocks tell of it, and for how many configurations they tell nothing; "" where none was compared."""
    compared = [row for row in record.rows if any(map(len, row.turns))]
    slopes = {row.label: slope for row in compared if (slope := elasticity(row.turns))}
    if not slopes:
        return (
            "How much of what disturbs the reference these configurations feel is not known: it varied too little over "
            "its blocks, or processes disagree."
            if compared
            else ""
        )
    known = [
        f"{label} {number(slope.value, slope.half)} ({number(slope.low, slope.half)} to "
        f"{number(slope.high, slope.half)})"
        for label, slope in slopes.items()
    ]
    silent = len(compared) - len(slopes)
    return (
        "Where the reference took 1 % longer, a step took so many percent longer (1: contention cancels in the "
        f"relative cost; 0: it does not): {joined(known, most=12)}"
        + (f"; for the {silent} others the blocks do not tell." if silent else ".")
    )
