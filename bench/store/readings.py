"""Readings: every reading of every cell of a run, in flat columns, and how those of a place become one row."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from bench.metrics import row_of
from bench.plan.cell import seed_of
from bench.store.machines import Place, is_learnt, over_machines
from bench.store.pooling import pooled_groups, undisturbed
from bench.store.spread import COUNTS, NAMES, Spread, pooled_spread
from bench.store.warning import Warning, disturbed_parts
from bench.vocabulary import Direction, Part, Pooling

COLUMNS = (
    *("metric", "unit", "direction", "statistic", "threads_used", "value", "low", "high", "n", "median", "samples"),
    *("left_out", "contended"),
)

Line = dict[str, Any]
_Noted = tuple[Line, Collection[Part], bool]  # a reading, the parts that were disturbed, and whether training was cut


class Taken:
    """Every reading of every cell, in flat columns: thousands of small objects would keep the collector busy."""

    def __init__(self) -> None:
        self.numbers: dict[Place, int] = {}  # of the cells, or of what each machine measured of them
        self._learnt: dict[tuple[Place, str, int | None], list[_Noted]] = {}  # of several machines, by metric and seed
        self._kinds: dict[tuple[Any, ...], int] = {}  # metric, unit, direction, statistic, threads
        self._metrics: dict[str, int] = {}
        self._cell: list[int] = []
        self._metric: list[int] = []
        self._kind: list[int] = []
        self._value: list[float] = []
        self._median: list[float] = []
        self._samples: list[int] = []
        self._disturbed: list[bool] = []
        self._droppable: list[bool] = []
        self._spreads: dict[tuple[int, int], list[Spread]] = {}  # by cell and metric, of imported benchmarks

    def note(self, line: Line, timed: Place, learnt: Place) -> None:
        """Take in a line, whose times belong to one place and what it learnt to another."""
        warnings = [Warning.from_dict(warning) for warning in line.get("warnings", ())]
        disturbed, cut = disturbed_parts(warnings), any(warning.kind == "time limit" for warning in warnings)
        for reading in line["measurements"]:
            if reading["value"] is None:
                continue
            if learnt.of_several and is_learnt(row_of(reading["metric"], reading["unit"])):
                key = (learnt, reading["metric"], seed_of(line["cell"]))
                self._learnt.setdefault(key, []).append((reading, disturbed, cut))
            else:
                self.add(self.numbers[timed], reading, disturbed, cut=cut)

    def add_learnt(self) -> None:
        """Note what was learnt on several machines: of each seed one reading."""
        for (place, metric, _), noted in self._learnt.items():
            readings = [reading for reading, _, _ in noted]
            parts = frozenset[Part]().union(*(disturbed for _, disturbed, _ in noted))
            value = over_machines([reading["value"] for reading in readings], row_of(metric, readings[0]["unit"]))
            self.add(self.numbers[place], {**readings[0], "value": value}, parts, cut=any(cut for *_, cut in noted))

    def add(self, cell: int, reading: Line, disturbed: Collection[Part], *, cut: bool = False) -> None:
        """Note one reading of a process, some parts of which were disturbed; training, once a seed, always counts.

        Where a time limit `cut` training, a neighbour has lowered what it learnt too, for it left less time for steps.
        """
        row = row_of(reading["metric"], reading["unit"])
        part = row.timed_in or ("training" if cut and row.once_a_seed else None)
        self._disturbed.append(part in disturbed)
        self._droppable.append(part in disturbed and part != "training")
        kind = (reading["metric"], reading["unit"], reading["direction"], reading["statistic"], reading["threads"])
        self._cell.append(cell)
        self._metric.append(self._metrics.setdefault(reading["metric"], len(self._metrics)))
        self._kind.append(self._kinds.setdefault(kind, len(self._kinds)))
        self._value.append(reading["value"])
        if "spread" in reading:
            self._spreads.setdefault((cell, self._metric[-1]), []).append(Spread.from_dict(reading["spread"]))
        beside: float = reading["value"] if "spread" in reading else np.nan
        self._median.append(reading.get("median", beside))
        self._samples.append(reading.get("n", 0))

    def pooled(self) -> pd.DataFrame:
        """One row per cell and metric, in the order in which they were first noted; the index is the cell's number."""
        cell, value = np.array(self._cell, dtype=int), np.array(self._value, dtype=float)
        key = cell * max(1, len(self._metrics)) + np.array(self._metric, dtype=int)
        _, first, group, counts = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        disturbed, kept = (
            np.array(self._disturbed, dtype=bool),
            undisturbed(np.array(self._droppable, dtype=bool), group),
        )
        left_out, contended = counts, np.bincount(group, disturbed & kept, len(counts)) > 0
        group, value, counts = group[kept], value[kept], np.bincount(group[kept], minlength=len(counts))
        kind = np.array(self._kind, dtype=int)[first]
        kinds = pd.DataFrame(list(self._kinds), columns=list(COLUMNS[:5])).iloc[kind].reset_index(drop=True)
        medians = pd.Series(np.log(np.array(self._median, dtype=float)[kept])).groupby(group).mean()
        poolings = np.array([_pooling(*row[:4]) for row in self._kinds], dtype=object)[kind]
        pooled, low, high = pooled_groups(value, group, poolings)
        rows = kinds.assign(
            value=pooled,
            low=low,
            high=high,
            n=counts,
            median=np.exp(medians.to_numpy()),
            samples=np.bincount(group, np.array(self._samples, dtype=int)[kept], len(counts)).astype(int),
            left_out=left_out - counts,
            contended=contended,
        )
        if self._spreads:
            metric = np.array(self._metric, dtype=int)[first]
            rows = rows.join(self._pooled_spreads(zip(cell[first].tolist(), metric.tolist(), strict=True)))
        order = np.lexsort((first, cell[first]))
        return rows.set_index(cell[first]).iloc[order]

    def _pooled_spreads(self, keys: Iterable[tuple[int, int]]) -> pd.DataFrame:
        """One row for each cell and metric, blank where it was not imported."""
        spreads = (pooled_spread(self._spreads[key]) if key in self._spreads else Spread() for key in keys)
        table = pd.DataFrame([asdict(spread) for spread in spreads], columns=list(NAMES))
        return table.astype({name: "Int64" if name in COUNTS else float for name in NAMES})


def _pooling(metric: str, unit: str, direction: Direction, statistic: str) -> Pooling:
    """How readings of a metric are pooled; those of an exact one that were not exact vary, so their mean is given."""
    pooled = row_of(metric, unit, direction).pooled
    return "mean" if pooled == "once" and statistic != "exact" else pooled
