"""Batch sweeps: a line for each group of cells that differ in batch size alone."""

import pandas as pd

from bench.plan.grid import AXES
from bench.stats.batch_scaling import LEAST_SIZES, Sweep, fit_sweep
from bench.text import percent, quantity

POOR_FIT = 0.1  # relative distance of the points from the line, beyond which the line is no summary of them


def sweeps(table: pd.DataFrame) -> list[str]:
    """How the step time of each group of configurations grows with the batch; none for fewer than three batch sizes."""
    axes = [axis for axis in AXES if axis not in ("batch_size", "seed")]
    steps = table[table["metric"] == "step"]
    several = steps["machine"].nunique() > 1
    lines = []
    for _, group in steps.groupby([*axes, "machine"], sort=False, dropna=False):
        if group["batch_size"].nunique() >= LEAST_SIZES:
            first = group.iloc[0]
            name = first["id"].replace(f"-b{first['batch_size']}-", "-", 1)
            where = f" on {first['machine'][:6]}" if several and isinstance(first["machine"], str) else ""
            lines.append(f"batch sweep of {name}{where}: {_sentence(fit_sweep(group['batch_size'], group['value']))}")
    return lines


def _sentence(sweep: Sweep) -> str:
    overhead, marginal = sweep.overhead.value, sweep.marginal.value
    line = f"t(B) = {quantity(overhead, 's')} + {quantity(marginal, 's')} x B"
    line += f", 90 % of the peak at B = {sweep.batch_at_90:.0f}" if sweep.batch_at_90 else ", no overhead to be seen"
    return line + (
        f" (a poor fit: points are {percent(sweep.residual)} off the line)" if sweep.residual > POOR_FIT else ""
    )
