"""Everything a run holds of one configuration, its results pooled: values, profile, counts by operator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.plan.cell import Cell
from bench.store.frame import by_machine, configuration_id, frame_of
from bench.store.run import Run
from bench.store.seeds import asked_of
from bench.store.warning import Warning

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One configuration of a run.

    Attributes:
        run: the name of the run.
        cell: the configuration, a cell without its seed.
        status: ok, or the first other status of its results.
        rows: metric to its row of the run's frame: value, low, high, n, unit, statistic, threads_used.
        profile: what a profiled step spent its time on; None where it was not profiled.
        operators: how often a step dispatches each aten operator, by phase; None where it was not counted.
        system: hardware and software as its first process saw them.
        warnings: of any result.
        code: which code it was that nobody registered, a sentence for each origin.

    """

    run: str
    cell: Cell
    status: str
    rows: Mapping[str, Mapping[Any, Any]]
    profile: Mapping[str, Any] | None
    operators: Mapping[str, Mapping[str, int]] | None
    system: Mapping[str, Any]
    warnings: tuple[Warning, ...] = ()
    code: tuple[str, ...] = ()

    def value(self, metric: str) -> float | None:
        """The pooled value of a metric; None where it was not measured."""
        row = self.rows.get(metric)
        return None if row is None else float(row["value"])

    def exact(self) -> dict[str, float]:
        """The metrics that are counted and not timed."""
        return {metric: float(row["value"]) for metric, row in self.rows.items() if row["statistic"] == "exact"}


def cell_records(run: Run) -> dict[str, CellRecord]:
    """The record of every configuration of a run, by its id.

    Raises:
        BenchError: a line of the run is damaged.

    """
    lines = list(_slim(run))
    first: dict[str, Line] = {}
    for line in lines:
        kept = first.setdefault(line["id"], line)
        for key in ("profile", "operators"):
            kept[key] = kept.get(key) or line.get(key)
    warnings: dict[str, dict[Warning, None]] = {}
    for line in lines:
        warnings.setdefault(line["id"], {}).update(dict.fromkeys(map(Warning.from_dict, line["warnings"])))
    records: dict[str, CellRecord] = {}
    for name, _, part in by_machine(frame_of(lines, asked_of(run.facts.plan))):
        if name in records:  # of several machines the first, whose operators and profile it has
            continue
        line = first[name]
        cell = Cell.from_dict(line["cell"]).configuration
        records[name] = CellRecord(
            run=run.name,
            cell=cell,
            status=str(part["status"].iloc[0]),
            rows={str(row["metric"]): dict(row) for row in part.to_dict("records") if not pd.isna(row["metric"])},
            profile=line["profile"],
            operators=line["operators"],
            system=line["system"],
            warnings=tuple(warnings[name]),
            code=tuple(run.facts.code[origin] for origin in cell.origins if origin in run.facts.code),
        )
    return records


def _slim(run: Run) -> Iterator[Line]:
    """The lines without what takes most of their room, each under the id of its configuration."""
    for line in run.lines():
        for measurement in line["measurements"]:
            measurement.pop("samples", None)
        slim = {key: item for key, item in line.items() if key not in ("blocks", "training")}
        yield {**slim, "id": configuration_id(line)}
