"""What a page is made of: the run's files as rows, one a setting, with the seeds of a setting pooled."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from bench.plan.cell import Cell
from bench.stats.interval import Interval, of_means
from bench.store.frame import frame
from bench.store.result import Floats, decode_samples
from bench.store.run import Run

# Control characters, lone surrogates and direction overrides: no name needs them, and XML cannot hold them.
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

TARGETS = (0.995, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8, 0.5)  # round test accuracies for "time to accuracy", best first


@dataclass(frozen=True, slots=True)
class Value:
    """One metric of one setting, pooled over visits and seeds; `low` and `high` are its 95 % interval."""

    metric: str
    unit: str
    direction: str
    statistic: str
    threads: int | None
    value: float
    low: float | None
    high: float | None
    n: int
    samples: int = 0

    @property
    def half(self) -> float | None:
        """Half the width of the interval, in the unit of the value."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def relative_half(self) -> float | None:
        """Half the width relative to the value."""
        return Interval(self.value, self.low, self.high, self.n).half_width


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: every field of its cells but the seed."""

    key: str
    index: int
    label: str
    cell: Mapping[str, Any]
    status: str
    reason: str | None
    cells: tuple[Cell, ...]
    values: Mapping[str, Value]
    steps: tuple[Floats, ...] = ()
    training: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A run as the page shows it: its facts, its rows in order of cost, and its visits without samples."""

    name: str
    facts: Mapping[str, Any]
    rows: tuple[Row, ...]
    visits: tuple[Mapping[str, Any], ...]
    target: float | None = None

    def plan(self) -> Mapping[str, Any]:
        """The plan's fields by name, as far as they were stored."""
        plan = self.facts.get("plan")
        return plan if isinstance(plan, dict) else {}

    def reference(self) -> str:
        """The name of the reference architecture."""
        return str(self.facts.get("reference") or "the reference")

    def left_out(self) -> list[tuple[str, str]]:
        """Cells that the plan left out and that no visit speaks of: their names and the reasons."""
        skipped = self.facts.get("skipped")
        entries = [one for one in skipped if isinstance(one, dict)] if isinstance(skipped, list) else []
        known = {cell.id for row in self.rows for cell in row.cells}
        named = [(_name_of(one), str(one.get("reason") or "no reason recorded")) for one in entries]
        return [(name, reason) for name, reason in named if name not in known]

    def having(self, *metrics: str) -> list[Row]:
        """The rows that are ok and have all of these metrics."""
        return [row for row in self.rows if row.status == "ok" and all(metric in row.values for metric in metrics)]


class BySetting(Run):
    """The run with the seeds of a setting told as visits to one cell, so that the frame pools them."""

    __slots__ = ()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Each line of the run, cleaned, its id that of the setting."""
        for stored in Run.lines(self):
            line = clean(stored)
            line["seed"] = line["cell"].get("seed")
            line["id"] = repr(sorted((key, repr(value)) for key, value in line["cell"].items() if key != "seed"))
            for measurement in line["measurements"]:
                if measurement["metric"] == "accuracy" and measurement["statistic"] == "exact":
                    measurement["statistic"] = "final"  # exact of one seed, not of the setting
            yield line


@dataclass(slots=True)
class _Gathered:
    """What the lines of one setting hold beside its metrics."""

    cells: dict[str, Cell] = field(default_factory=dict)
    steps: list[Floats] = field(default_factory=list)
    training: list[Mapping[str, Any]] = field(default_factory=list)


def read(run: Run) -> Record:
    """The record of a run, from its files alone."""
    merged = BySetting(run.folder, clean(run.facts))
    gathered: dict[str, _Gathered] = {}
    visits = []
    for line in merged.lines():
        one = gathered.setdefault(line["id"], _Gathered())
        cell = Cell.from_dict(line["cell"])
        one.cells.setdefault(cell.id, cell)
        one.steps += [
            decode_samples(taken) for taken in line["measurements"] if taken["metric"] == "step" and taken.get("n")
        ]
        one.training += [line["training"]] if line["training"] and line["training"].get("epochs") else []
        visits.append({key: item for key, item in line.items() if key not in ("measurements", "blocks", "training")})
    target = _target([entry for one in gathered.values() for entry in one.training])
    rows = _rows(frame(merged), gathered, target) if gathered else []
    return Record(run.name, merged.facts, tuple(rows), tuple(visits), target)


def clean(value: Any) -> Any:
    """The same plain data with its texts on one line and free of characters that no page can show."""
    if isinstance(value, str):
        return _UNREADABLE.sub("\ufffd", value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value


def _name_of(skipped: Mapping[str, Any]) -> str:
    """The id of a cell that was left out."""
    cell = skipped.get("cell")
    return (
        Cell.from_dict(cell).id if isinstance(cell, dict) and "architecture" in cell else str(skipped.get("id", cell))
    )


def _rows(table: pd.DataFrame, gathered: Mapping[str, _Gathered], target: float | None) -> list[Row]:
    found = []
    for identity, part in table.groupby("id", sort=False):
        one = gathered[str(identity)]
        first = part.iloc[0]
        values = {value.metric: value for value in map(_value, part.to_dict("records")) if value}
        reached = _time_to(one.training, target) if target else None
        values |= {reached.metric: reached} if reached else {}
        cells = tuple(one.cells.values())
        reason = None if pd.isna(first["reason"]) else str(first["reason"])
        found.append((cells, str(first["status"]), reason, values, one))
    names = _labels([cells[0] for cells, *_ in found])
    order = sorted(range(len(found)), key=lambda at: (found[at][1] != "ok", *_cost(found[at][3]), names[at]))
    return [
        Row(f"r{index}", index, names[at], found[at][0][0].to_dict(), found[at][1], found[at][2], found[at][0],
            found[at][3], tuple(found[at][4].steps), tuple(found[at][4].training))
        for index, at in enumerate(order)
    ]  # fmt: skip


def _value(stored: Mapping[Any, Any]) -> Value | None:
    """A row of the frame as a Value; None where the cell has no metric at all."""
    if pd.isna(stored["metric"]) or not np.isfinite(stored["value"]):
        return None
    low, high, threads = (None if pd.isna(stored[key]) else stored[key] for key in ("low", "high", "threads_used"))
    names = ("metric", "unit", "direction", "statistic")
    texts = {name: str(stored[name]) for name in names}
    samples = 0 if pd.isna(stored["samples"]) else int(stored["samples"])
    whole = None if threads is None else int(threads)
    return Value(
        **texts, threads=whole, value=float(stored["value"]), low=low, high=high, n=int(stored["n"]), samples=samples
    )


def _cost(values: Mapping[str, Value]) -> tuple[int, float]:
    """Key that puts cheap settings first and unmeasured ones last."""
    for rank, metric in enumerate(("relative_cost", "step")):
        if metric in values:
            return rank, values[metric].value
    return 2, 0.0


def _labels(cells: list[Cell]) -> list[str]:
    """The shortest names that tell the cells apart: the architecture, then each field that varies."""
    varying = [one.name for one in fields(Cell) if len({getattr(cell, one.name) for cell in cells}) > 1]
    names = [name for name in varying if name not in ("architecture", "seed")]
    return [
        " · ".join([str(cell.architecture), *(_part(name, getattr(cell, name)) for name in names)]) for cell in cells
    ]


def _part(name: str, value: Any) -> str:
    return {"batch_size": f"batch {value}", "threads": f"{value} threads"}.get(name, str(value))


def _target(trainings: list[Mapping[str, Any]]) -> float | None:
    """The highest round accuracy that at least half of the trained cells reach, and no fewer than one."""
    best = [max((epoch.get("test_accuracy") or 0.0 for epoch in one["epochs"]), default=0.0) for one in trainings]
    return next((target for target in TARGETS if best and sum(top >= target for top in best) * 2 >= len(best)), None)


def _time_to(trainings: list[Mapping[str, Any]], target: float) -> Value | None:
    """Training seconds at the end of the first epoch that reaches the target, if every seed reaches it."""
    times = []
    for one in trainings:
        hits = [epoch for epoch in one["epochs"] if (epoch.get("test_accuracy") or 0.0) >= target]
        if not hits or hits[0].get("seconds") is None:
            return None
        times.append(hits[0]["seconds"])
    if not times:
        return None
    over = of_means(times)
    return Value(
        "time_to_accuracy", "s", "lower", "end of the first epoch there", None, over.value, over.low, over.high, over.n
    )
