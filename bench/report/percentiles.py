"""Percentiles of times: those of each process's samples, pooled over processes by the rule of every other number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.metrics import row_of
from bench.stats.interval import Interval
from bench.store.pooling import pooled_groups, undisturbed
from bench.store.result import Floats, decode_samples
from bench.store.warning import Warning, disturbed_parts

PERCENTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_SHARES = np.array([*PERCENTILES.values()])
_LEAST = 1 / np.minimum(_SHARES, 1 - _SHARES)  # samples, below which nothing need lie beyond: 100 for the 99th

OfProcess = tuple[bool, Floats]  # of one process: whether a neighbour disturbed it, and its percentiles


def of_line(line: Mapping[str, Any]) -> dict[str, OfProcess]:
    """The percentiles of each time with samples, in seconds, by metric; not-a-number where samples are too few."""
    disturbed = disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))
    timed = [entry for entry in line["measurements"] if entry["unit"] == "s" and entry.get("n")]
    return {
        entry["metric"]: (row_of(entry["metric"], "s").timed_in in disturbed, _of_samples(decode_samples(entry)))
        for entry in timed
    }


def over_processes(readings: Mapping[str, Sequence[OfProcess]]) -> dict[str, dict[str, Interval]]:
    """By metric and name of the percentile, its geometric mean over processes with a 95 % interval.

    Processes that a neighbour disturbed are left out where there are others, as they are of every other number.
    """
    metrics = [*readings]
    if not metrics:
        return {}
    every = [(at, *reading) for at, metric in enumerate(metrics) for reading in readings[metric]]
    kept = undisturbed(np.array([busy for _, busy, _ in every]), np.array([at for at, *_ in every], dtype=np.intp))
    table = np.array([values for *_, values in every])[kept]
    place = np.array([at for at, *_ in every])[kept][:, None] * len(PERCENTILES) + np.arange(len(PERCENTILES))
    known = ~np.isnan(table)
    places, group, counts = np.unique(place[known], return_inverse=True, return_counts=True)
    how = np.array([row_of(metrics[at // len(PERCENTILES)], "s").pooled for at in places], dtype=object)
    ends = pooled_groups(table[known], group, how)
    pooled: dict[str, dict[str, Interval]] = {metric: {} for metric in metrics}
    names = [*PERCENTILES]
    for at, n, value, low, high in zip(places, counts, *ends, strict=True):
        pooled[metrics[at // len(names)]][names[at % len(names)]] = Interval(
            float(value), _end(low), _end(high), int(n)
        )
    return pooled


def _end(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _of_samples(samples: Floats) -> Floats:
    return np.where(samples.size >= _LEAST, np.quantile(samples, _SHARES), np.nan)
