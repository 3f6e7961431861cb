"""Elasticity on the page: how much of what disturbs the reference each configuration feels, in a sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.plan.timing import RELATIVE_STATISTIC
from bench.report.record import Record
from bench.stats.elasticity import Pairs, elasticity
from bench.store.result import QUANTILES, decode_samples
from bench.text import joined, number, plural


def turns(line: Mapping[str, Any]) -> Pairs:
    """Seconds a step of the reference and of the cell, (turns, 2): of each block the quantile that the ratio takes."""
    blocks = [_of_blocks(line, subject) for subject in ("reference", "cell")]
    return np.array(list(zip(*blocks, strict=False)), dtype=float).reshape(-1, 2)


def _of_blocks(line: Mapping[str, Any], subject: str) -> list[float]:
    """The quantile of each block of a stored line; the samples of a subject stand in the order of its blocks."""
    entries = [entry for entry in line["measurements"] if entry["metric"] == f"relative_{subject}" and entry.get("n")]
    steps = [block.get("steps", 0) for block in line["blocks"] if block["subject"] == subject]
    if not entries or sum(steps) != entries[0]["n"]:
        return []
    parts = np.split(decode_samples(entries[0]), np.cumsum(steps)[:-1])
    return [float(np.quantile(part, QUANTILES[RELATIVE_STATISTIC])) for part in parts if part.size]


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
        + (f"; for {plural(silent, 'other')} the blocks do not tell." if silent else ".")
    )
