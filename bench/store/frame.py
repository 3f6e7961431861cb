"""The pandas frame of a run: one row per cell and metric, the processes of a cell pooled with their interval."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from bench.metrics import named, row_of
from bench.plan.cell import Cell
from bench.stats.interval import Interval
from bench.store.disturbed import flagged
from bench.store.flags import Flags, joined, missed
from bench.store.machines import Place, is_learnt, over_machines, places_of
from bench.store.pooling import pooled_groups, undisturbed
from bench.store.result import Measurement
from bench.store.run import Run
from bench.store.seeds import Asked, Seeds, asked_of
from bench.store.spread import COUNTS, NAMES, Spread, pooled_spread
from bench.store.warning import Warning, disturbed_parts
from bench.vocabulary import Direction, Part, Pooling

COLUMNS = (
    *("metric", "unit", "direction", "statistic", "threads_used", "value", "low", "high", "n", "median", "samples"),
    *("left_out", "contended"),
)

_COUNTS = ("seeds", "threads_used", "n", "samples", "left_out")
_OF_THE_CELL = ("status", "reason", "flags", "seeds", "lost", "fingerprint", "machine")

Line = dict[str, Any]
_Noted = tuple[Line, Collection[Part], bool]  # a reading, the parts that were disturbed, and whether training was cut

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


def by_machine(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows of each cell on each class of machines, its id and the class first; "" where nothing tells a class.

    What holds for all machines stands among the rows of each.
    """
    for name, cell in table.groupby("id", sort=False):
        classes = [machine for machine in dict.fromkeys(cell["machine"]) if isinstance(machine, str)]
        for machine in classes or [""]:
            yield str(name), machine, cell[(cell["machine"] == machine) | cell["machine"].isna()]


def flagged_cells(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Those of the cells that something speaks against, each with what that is: "mlp-sgd-... (contended 5 of 6)"."""
    flags = {name: text for name, text in zip(table["id"], table["flags"], strict=True) if isinstance(text, str)}
    return [f"{name} ({flags[name]})" for name in names if isinstance(flags.get(name), str)]


def configuration_id(line: Line) -> str:
    """The id of the configuration that a stored line is of; the line's own is the cell's, which has the seed."""
    return Cell.from_dict(line["cell"]).configuration.id


def frame_of(lines: Iterable[Line], asked: Asked = Asked()) -> pd.DataFrame:  # noqa: B008 - it is frozen
    """One row per cell and metric of stored lines; those of one id are of one cell, or of its seeds.

    Of a cell that several classes of machines measured there is a row for each of them, and of what it learnt one row
    over all: each seed counts with its mean over the machines, so that n still counts seeds.

    Columns: `id` and every field of Cell; `status`, `reason` and `flags` of the cell as a whole, these last what speaks
    against its numbers (`bench.store.flags`), absent where nothing does; `seeds`, how many were asked
    for, and `lost`, what became of those without an accuracy; `fingerprint`, the digest of machine and software within
    which relative costs compare; `machine`, that of machine and software whatever the threads, absent where nothing
    tells it or the number is over several; `metric`, `unit`, `direction`, `statistic`;
    `threads_used`; `value` with `low` and `high` (95 % over processes, absent from a single one); `n`, the number of
    fresh processes; `median` of the samples, pooled on the log scale, and their number `samples`, where
    there are any; `left_out`, how many processes are not in it since a neighbour disturbed them and not all; and
    `contended`, whether those that are in it were disturbed (of training, which is done once a seed: any of them).
    Of an imported run the columns of `bench.store.spread.NAMES` follow: `rounds`, `iterations`, `min`, `q1`, `q3`,
    `max`, `mean`, `stddev` and `iqr`, as far as its file says them; the fields of a foreign cell that say nothing are
    absent, and so are its `seeds`.
    A cell without any metric (skipped, failed) has one row whose metric is absent. A seed that ended early reached no
    accuracy, and there is a time to it only where every seed got there.
    """
    cells: dict[Place, Line] = {}
    seeds: dict[str, Seeds] = {}
    flags: dict[Place, Flags] = {}
    taken = _Taken()
    every = list(lines)
    for line, (timed, learnt) in zip(every, places_of(every), strict=True):
        for place in dict.fromkeys((timed, learnt)):
            _note(cells, line, place)
            flags.setdefault(place, Flags()).note(line)
            taken.numbers.setdefault(place, len(taken.numbers))
        seeds.setdefault(line["id"], Seeds(asked)).note(line)
        taken.note(line, timed, learnt)
    taken.add_learnt()
    for place, cell in cells.items():
        asked_for = seeds[place.id]
        cell |= {"seeds": asked_for.count or None, "lost": asked_for.lost}
        for _ in range(asked_for.missed if place.of_all else 0):
            taken.add(taken.numbers[place], _MISSED, frozenset())
    columns = ["id", *(field.name for field in fields(Cell)), *_OF_THE_CELL]
    table = _whole(pd.DataFrame(list(cells.values()), columns=columns).join(taken.pooled(), how="left"))
    table["flags"] = _flags(table, dict(enumerate(flags.values())), asked.precision)
    empty = table["metric"].isna() & table.index.isin([at for at, place in enumerate(cells) if place.of_several])
    table = table[~empty]
    short = table.loc[(table["metric"] == "reached") & (table["value"] < 1), "id"]
    flattering = table["metric"].isin(_TO_TARGET) & table["id"].isin(short)
    return table[~flattering].reset_index(drop=True)


def _flags(table: pd.DataFrame, flags: Mapping[int, Flags], precision: float | None) -> list[str | None]:
    """What speaks against the cell of each row, by the number of its place, which is the row's index."""
    costs = table[table["metric"] == "relative_cost"]
    halves = {
        place: Interval(value, low, high, 0).half_width
        for place, value, low, high in zip(costs.index, costs["value"], costs["low"], costs["high"], strict=True)
    }
    every = {place: joined((str(noted), missed(halves.get(place), precision))) for place, noted in flags.items()}
    return [every[place] for place in table.index]


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
                key = (learnt, reading["metric"], line["cell"].get("seed"))
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


def _origins(stored: Collection[str] | None) -> str | None:
    """The origins of a cell in one text; None of a foreign cell, which says nothing of them."""
    return None if stored is None else "; ".join(stored)


def _note(cells: dict[Place, Line], line: Line, place: Place) -> None:
    """What a line says of its cell as a whole."""
    cell = cells.setdefault(
        place,
        {
            "id": line["id"],
            **line["cell"],
            "origins": _origins(line["cell"].get("origins", ())),
            "status": "ok",
            "reason": None,
            "machine": place.machine or None,
        },
    )
    cell["status"] = status_of((cell["status"], line["status"]))
    cell["reason"] = cell["reason"] or line["reason"]
    prints = dict.fromkeys((*cell.get("fingerprint", "").split(), *line.get("fingerprint", "").split()))
    cell["fingerprint"] = " ".join(prints)  # of several machines all, and none where no worker told its system
