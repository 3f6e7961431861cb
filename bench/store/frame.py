"""The pandas frame of a run: one row per cell and metric, the processes of a cell pooled with their interval."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from bench.metrics import named, row_of
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.store.disturbed import flagged
from bench.store.flags import Flags, joined, missed
from bench.store.pooling import pooled_groups, undisturbed
from bench.store.result import Measurement
from bench.store.run import Run
from bench.store.scaling import with_efficiencies
from bench.store.seeds import Asked, Seeds, asked_of
from bench.store.spread import COUNTS, NAMES, Spread, pooled_spread
from bench.store.warning import Warning, disturbed_parts
from bench.vocabulary import Direction, Part, Pooling

COLUMNS = (
    *("metric", "unit", "direction", "statistic", "threads_used", "value", "low", "high", "n", "median", "samples"),
    *("left_out", "contended"),
)

_COUNTS = ("seeds", "threads_used", "n", "samples", "left_out")
_OF_THE_CELL = ("status", "reason", "flags", "seeds", "lost", "fingerprint")

Line = dict[str, Any]

_TO_TARGET = named(lambda row: row.to_target)
_MISSED = Measurement.of_value("reached", 0.0, "share").to_dict()


def frame(run: Run) -> pd.DataFrame:
    """One row per cell and metric of `run`; see `frame_of`."""
    return frame_of(flagged(run.heads(), run.heads()), replace(asked_of(run.facts.plan), seeds=()))


def configurations(run: Run) -> pd.DataFrame:
    """As `frame`, with seeds pooled: one row per configuration and metric, n counts the processes of all seeds.

    The id is the configuration's, however many seeds it has; in place of the column `seed` there is `seeds_run`, a list
    of those that a process was started for. Accuracies and what else training gives come from one process a seed, so
    that there n is the number of seeds.
    """
    lines = [{**line, "id": configuration_id(line)} for line in flagged(run.heads(), run.heads())]
    seeds: dict[str, set[int]] = {line["id"]: set() for line in lines}
    for line in lines:
        seed = line["cell"].get("seed", 0)
        if line["status"] != "skipped" and seed is not None:
            seeds[line["id"]].add(seed)
    table = frame_of(lines, asked_of(run.facts.plan))
    table["seed"] = [sorted(seeds[name]) for name in table["id"]]
    return table.rename(columns={"seed": "seeds_run"})


def flagged_cells(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Those of the cells that something speaks against, each with what that is: "mlp-sgd-... (contended 5 of 6)"."""
    flags = dict(zip(table["id"], table["flags"], strict=True))
    return [f"{name} ({flags[name]})" for name in names if isinstance(flags.get(name), str)]


def configuration_id(line: Line) -> str:
    """The id of the configuration that a stored line is of; the line's own is the cell's, which has the seed."""
    return Cell.from_dict(line["cell"]).configuration.id


def frame_of(lines: Iterable[Line], asked: Asked = Asked()) -> pd.DataFrame:  # noqa: B008 - it is frozen
    """One row per cell and metric of stored lines; those of one id are of one cell, or of its seeds.

    Columns: `id` and every field of Cell; `status`, `reason` and `flags` of the cell as a whole, these last what speaks
    against its numbers (`bench.store.flags`), absent where nothing does; `seeds`, how many were asked
    for, and `lost`, what became of those without an accuracy; `fingerprint`, the digest of machine and software within
    which relative costs compare; `metric`, `unit`, `direction`, `statistic`;
    `threads_used`; `value` with `low` and `high` (95 % over processes, absent from a single one); `n`, the number of
    fresh processes; `median` of the samples, pooled on the log scale, and their number `samples`, where
    there are any; `left_out`, how many processes are not in it since a neighbour disturbed them and not all; and
    `contended`, whether those that are in it were disturbed (of training, which is done once a seed: any of them).
    Of an imported run the columns of `bench.store.spread.NAMES` follow: `rounds`, `iterations`, `min`, `q1`, `q3`,
    `max`, `mean`, `stddev` and `iqr`, as far as its file says them; the fields of a foreign cell that say nothing are
    absent, and so are its `seeds`.
    Cells of several ranks have a row for each efficiency that the run tells (`bench.store.scaling`).
    A cell without any metric (skipped, failed) has one row whose metric is absent. A seed that ended early reached no
    accuracy, and there is a time to it only where every seed got there.
    """
    cells: dict[str, Line] = {}
    seeds: dict[str, Seeds] = {}
    flags: dict[str, Flags] = {}
    taken = _Taken()
    for line in lines:
        _note(cells, line)
        seeds.setdefault(line["id"], Seeds(asked)).note(line)
        flags.setdefault(line["id"], Flags()).note(line)
        number = taken.numbers.setdefault(line["id"], len(taken.numbers))
        warnings = [Warning.from_dict(warning) for warning in line.get("warnings", ())]
        disturbed, cut = disturbed_parts(warnings), any(warning.kind == "time limit" for warning in warnings)
        for reading in line["measurements"]:
            if reading["value"] is not None:
                taken.add(number, reading, disturbed, cut=cut)
    for name, asked_for in seeds.items():
        cells[name] |= {"seeds": asked_for.count or None, "lost": asked_for.lost}
        for _ in range(asked_for.missed):
            taken.add(taken.numbers[name], _MISSED, frozenset())
    columns = ["id", *(field.name for field in fields(Cell)), *_OF_THE_CELL]
    table = _whole(pd.DataFrame(list(cells.values()), columns=columns).join(taken.pooled(), how="left"))
    table["flags"] = _flags(table, flags, asked.precision)
    short = table.loc[(table["metric"] == "reached") & (table["value"] < 1), "id"]
    flattering = table["metric"].isin(_TO_TARGET) & table["id"].isin(short)
    return with_efficiencies(table[~flattering].reset_index(drop=True))


def _flags(table: pd.DataFrame, flags: Mapping[str, Flags], precision: float | None) -> list[str | None]:
    """What speaks against the cell of each row."""
    costs = table[table["metric"] == "relative_cost"]
    halves = {
        name: Interval(value, low, high, 0).half_width
        for name, value, low, high in zip(costs["id"], costs["value"], costs["low"], costs["high"], strict=True)
    }
    every = {name: joined((str(noted), missed(halves.get(name), precision))) for name, noted in flags.items()}
    return [every[name] for name in table["id"]]


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """The table with whole numbers where only some rows have them: pandas makes fractions of those beside a blank."""
    whole = [field.name for field in fields(Cell) if isinstance(field.default, int)]
    blank = [name for name in (*whole, *_COUNTS) if table[name].isna().any()]
    return table.astype(dict.fromkeys(blank, "Int64"))


def status_of(statuses: Iterable[str]) -> str:
    """The status of a cell from those of its processes: the first that is not ok, else ok."""
    return next((status for status in statuses if status != "ok"), "ok")


class _Taken:
    """Every reading of every cell, in flat columns: thousands of small objects would keep the collector busy."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # of the cells
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


def _origins(stored: Collection[str] | None) -> str | None:
    """The origins of a cell in one text; None of a foreign cell, which says nothing of them."""
    return None if stored is None else "; ".join(stored)


def _note(cells: dict[str, Line], line: Line) -> None:
    """What a line says of its cell as a whole."""
    if line["id"] not in cells:
        known = Cell.from_dict(line["cell"]).to_dict()  # with what an older version did not know at its default
        origins = {"origins": _origins(known["origins"])}
        cells[line["id"]] = {"id": line["id"], **known, **origins, "status": "ok", "reason": None}
    cell = cells[line["id"]]
    cell["status"] = status_of((cell["status"], line["status"]))
    cell["reason"] = cell["reason"] or line["reason"]
    prints = dict.fromkeys((*cell.get("fingerprint", "").split(), *line.get("fingerprint", "").split()))
    cell["fingerprint"] = " ".join(prints)  # of several machines all, and none where no worker told its system
