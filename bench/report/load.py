"""From a run's files to the record of a page: one row a configuration and class of machines, its seeds pooled."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bench import files
from bench.metrics import METRICS, Metric, named
from bench.plan.cell import Cell, seed_of
from bench.plan.largest import Largest, largest_of, marked
from bench.plan.short_names import BETWEEN, short_names
from bench.plan.workloads import target_of
from bench.report.comparable import groups
from bench.report.decision import check_of
from bench.report.elasticity import turns
from bench.report.percentiles import OfProcess, of_line, over_processes
from bench.report.record import Record, Row, Value
from bench.stats.interval import Interval
from bench.store.beside import figures_near
from bench.store.disturbed import flagged
from bench.store.facts import RunFacts
from bench.store.frame import by_machine, configuration_id, frame_of
from bench.store.insight import Insight
from bench.store.machines import class_of, names_of, places_of
from bench.store.pooling import pooled
from bench.store.result import Floats, decode_samples
from bench.store.run import Run
from bench.store.seeds import asked_of
from bench.store.spread import NAMES, Spread
from bench.store.unfinished import Begun, begun
from bench.store.warning import Warning, disturbed_parts

# Control characters, lone surrogates and direction overrides: no name needs them, and XML cannot hold them.
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

TARGETS = (0.995, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8, 0.5)  # round test accuracies for "time to accuracy", best first


@dataclass(slots=True)
class _Gathered:
    """What the results of one configuration on one class of machines hold beside its metrics."""

    cells: dict[str, Cell] = field(default_factory=dict)
    steps: list[Floats] = field(default_factory=list)
    training: list[Mapping[str, Any]] = field(default_factory=list)
    turns: list[Floats] = field(default_factory=list)
    machine: str = ""  # the class
    contended: bool = False  # whether a neighbour disturbed the training of any seed
    oversubscribed: bool = False  # whether its ranks shared cores
    percentiles: dict[str, list[OfProcess]] = field(default_factory=dict)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    insights: list[Insight] = field(default_factory=list)
    begun: Begun | None = None  # how many of its processes were measured, where some are missing

    def add(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)
        for metric, reading in line["percentiles"].items():
            self.percentiles.setdefault(metric, []).append(reading)
        cell = Cell.from_dict(line["cell"])
        self.cells.setdefault(cell.id, cell)
        self.steps += line["steps"]
        self.turns.append(line["turns"])
        self.oversubscribed |= any(each["kind"] == "oversubscribed" for each in line.get("warnings") or ())
        if line["training"] and line["training"].get("epochs"):
            self.training.append(line["training"])
            self.contended |= "training" in disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))
        if line.get("insight"):
            self.insights.append(files.shaped(line["insight"], Insight))


def read(run: Run) -> Record:
    """The record of a run, from its files alone.

    Of two results of one cell and repeat on one class of machines the later one counts.
    """
    stored = list(map(_of_configuration, flagged(run.lines(), run.heads())))
    lines = {
        (place, seed_of(line["cell"]), line["repeat"]): line
        for line, (place, _) in zip(stored, places_of(stored), strict=True)
    }
    parts = begun(run)
    gathered: dict[tuple[str, str], _Gathered] = {}
    by_seed = sorted(lines.values(), key=_seed_and_repeat)
    for line, (place, _) in zip(by_seed, places_of(by_seed), strict=True):
        key = (place.id, place.machine)
        gathered.setdefault(key, _Gathered(machine=place.machine, begun=parts.get(key))).add(line)
    trained = [entry for part in gathered.values() for entry in part.training]
    facts = RunFacts.from_dict(clean(run.stored))
    apart = bool(facts.plan.get("targets"))  # then no one target is of the whole run
    aim = None if apart else _asked(facts.plan)
    target = None if apart else aim or _target(trained)
    table = frame_of(lines.values(), asked_of(facts.plan))
    machines = names_of(lines.values())
    rows = _rows(table, gathered, target, facts, machines) if gathered else []
    record = Record(
        run.name,
        facts,
        tuple(rows),
        tuple(lines.values()),
        target,
        aimed=aim is not None or apart,
        machines=machines,
        check=clean(check_of(run)),
        elsewhere=figures_near(run.folder)[0],
    )
    return replace(record, rows=tuple(_in_order(record)))


def _seed_and_repeat(line: Mapping[str, Any]) -> tuple[int, int]:
    """The place of a process among those of its configuration, whatever the order that they ran in."""
    return seed_of(line["cell"]) or 0, line["repeat"]


def _in_order(record: Record) -> Iterator[Row]:
    """The rows in order of cost, those whose costs compare together, and those without a full result last."""
    costed = [row for group in groups(record, record.having("relative_cost"), "relative_cost") for row in group.rows]
    rest = [row for row in record.rows if row.key not in {row.key for row in costed}]
    for index, row in enumerate([*costed, *rest]):
        yield replace(row, key=f"r{index}", index=index)


def _of_configuration(stored: dict[str, Any]) -> dict[str, Any]:
    """The line, cleaned, its id that of the configuration, since seeds are pooled; of samples and blocks only these.

    They are `steps`, the samples of its steps, `turns`, seconds a step in blocks of reference and cell, and the
    `percentiles` of each time.
    """
    measurements = stored["measurements"]
    steps = [decode_samples(entry) for entry in measurements if entry["metric"] == "step" and entry.get("n")]
    pairs, percentiles = turns(stored), of_line(stored)
    for entry in measurements:
        entry.pop("samples", None)
    line: dict[str, Any] = clean({key: item for key, item in stored.items() if key != "blocks"})
    bulky = {"steps": steps, "turns": pairs, "percentiles": percentiles}
    return {**line, "id": configuration_id(line), "machine": class_of(line), **bulky}


def clean(value: Any) -> Any:
    """The same plain data with its texts on one line and free of characters that no page can show."""
    if isinstance(value, str):
        return _UNREADABLE.sub("\ufffd", value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value


def _rows(
    table: pd.DataFrame,
    gathered: Mapping[tuple[str, str], _Gathered],
    target: float | None,
    facts: RunFacts,
    machines: Mapping[str, str],
) -> list[Row]:
    unordered = []
    for identity, machine, part in by_machine(table):
        rest = gathered[identity, machine]
        cells = tuple(rest.cells.values())
        values = _values_of(part, rest, target or target_of(cells[0], facts.plan))
        unordered.append((cells, *_standing(part, rest.begun), values, rest))
    named_by = [(cells[0], rest.machine) for cells, *_, rest in unordered]
    names = _labels(named_by, machines, largest_of(facts.largest))
    labelled = sorted(
        zip(names, unordered, strict=True), key=lambda pair: (pair[1][1] != "ok", *_cost(pair[1][4]), pair[0])
    )
    return [
        Row(
            key=f"r{index}",
            index=index,
            label=name,
            cell=cells[0].to_dict(),
            status=status,
            reason=reason,
            begun=unfinished,
            cells=cells,
            values=values,
            steps=tuple(rest.steps),
            turns=tuple(rest.turns),
            training=tuple(rest.training),
            machine=rest.machine,
            oversubscribed=rest.oversubscribed,
            percentiles=over_processes(rest.percentiles),
            results=tuple(rest.lines),
            insights=tuple(rest.insights),
        )
        for index, (name, (cells, status, reason, unfinished, values, rest)) in enumerate(labelled)
    ]


def _standing(part: pd.DataFrame, unfinished: Begun | None) -> tuple[str, str | None, Begun | None]:
    """The status of a row, its reason, and how much of it was measured where that is not all and nothing went wrong."""
    first = part.iloc[0]
    status, reason = str(first["status"]), None if pd.isna(first["reason"]) else str(first["reason"])
    return status, reason, unfinished if status == "ok" else None


def _values_of(part: pd.DataFrame, rest: _Gathered, aim: float) -> dict[str, Value]:
    """The metrics of a row, with those of reaching the accuracy `aim`, unless it is 0."""
    values = {value.metric: value for value in map(_value, part.to_dict("records")) if value}
    values |= _median(part, values)
    for metric in named(lambda row: row.to_target):
        values.pop(metric, None)  # by the evaluation there; the record has them for any target
    whole = values.get("training_step")
    values |= _towards(rest, aim, int(part.iloc[0]["seeds"])) if aim and rest.training else {}
    if whole and values["training_step"] is not whole:
        values["training_step"] = replace(values["training_step"], threads=whole.threads)
    return values


def _value(stored: Mapping[Any, Any]) -> Value | None:
    """A row of the frame as a Value; None where the cell has no metric at all."""
    if pd.isna(stored["metric"]) or not np.isfinite(stored["value"]):
        return None
    low, high, threads = (None if pd.isna(stored[key]) else stored[key] for key in ("low", "high", "threads_used"))
    samples = 0 if pd.isna(stored["samples"]) else int(stored["samples"])
    whole = None if threads is None else int(threads)
    return Value(
        metric=str(stored["metric"]),
        unit=str(stored["unit"]),
        direction=str(stored["direction"]),
        statistic=str(stored["statistic"]),
        threads=whole,
        value=float(stored["value"]),
        low=low,
        high=high,
        n=int(stored["n"]),
        samples=samples,
        seeds=0 if pd.isna(stored["seeds"]) else int(stored["seeds"]),
        lost=str(stored["lost"]),
        left_out=int(stored["left_out"]),
        contended=bool(stored["contended"]),
        spread=_spread(stored),
    )


def _spread(stored: Mapping[Any, Any]) -> Spread | None:
    """What the file of an imported benchmark says of its rounds; None for our own."""
    known = {name: stored[name] for name in NAMES if name in stored and not pd.isna(stored[name])}
    return Spread(**known) if known else None


def _median(part: pd.DataFrame, values: Mapping[str, Value]) -> dict[str, Value]:
    """The median of the steps as a value of its own, without an interval: what a user experiences."""
    steps = part[part["metric"] == "step"]
    if "step" not in values or steps.empty or pd.isna(steps["median"].iloc[0]):
        return {}
    median = float(steps["median"].iloc[0])
    return {
        "step_median": replace(
            values["step"], metric="step_median", statistic="median", value=median, low=None, high=None
        )
    }


def _cost(values: Mapping[str, Value]) -> tuple[int, float]:
    """Key that puts cheap configurations first and unmeasured ones last."""
    for rank, metric in enumerate(("relative_cost", "step", "latency")):
        if metric in values:
            return rank, values[metric].value
    return 3, 0.0


def _labels(cells: list[tuple[Cell, str]], machines: Mapping[str, str], searches: Sequence[Largest] = ()) -> list[str]:
    """The shortest names that tell the cells apart, with the machine where several measured one of them."""
    several = len({cell.configuration for cell, _ in cells}) < len(cells)
    alone = [cell for cell, _ in cells]
    names = marked(short_names(alone), alone, searches)
    where = [machines.get(machine, "unknown machine") for _, machine in cells]
    return [BETWEEN.join([name, *([place] if several else [])]) for name, place in zip(names, where, strict=True)]


def _asked(plan: Mapping[str, Any]) -> float | None:
    """The test accuracy at which training was to stop, or that it is tested against, where the plan has one."""
    aims = (plan.get(name) for name in ("until", "goal"))
    return next((float(aim) for aim in aims if isinstance(aim, int | float) and 0 < aim < 1), None)


def _target(trainings: list[Mapping[str, Any]]) -> float | None:
    """The highest round accuracy that at least half of the trained cells reach, and no fewer than one."""
    best = [
        max((epoch.get("test_accuracy") or 0.0 for epoch in training["epochs"]), default=0.0) for training in trainings
    ]
    return next((target for target in TARGETS if best and sum(top >= target for top in best) * 2 >= len(best)), None)


def _towards(rest: _Gathered, target: float, seeds: int) -> dict[str, Value]:
    """Training seconds to the first evaluation that reaches the target, and what they are made of, if all `seeds` do.

    On the log scale, on which the three intervals are taken, time is the product of seconds a step and steps.
    """
    looks = [_looks(training["epochs"], target) for training in rest.training]
    reached = [look for look in looks if look]
    if not reached or len(reached) < max(len(looks), seeds):
        return {}
    seconds, steps = (np.array([float(hit[name]) for _, hit in reached]) for name in ("seconds", "steps"))
    earlier = np.array([before for before, _ in reached])
    since = pooled(earlier, "log_mean") if earlier.all() else Interval(0.0, 0.0, 0.0, earlier.size)
    time, step = (
        replace(_over_seeds(METRICS[name], values), contended=rest.contended)
        for name, values in (("time_to_accuracy", seconds), ("training_step", seconds / steps))
    )
    joules = [hit["joules"] for _, hit in reached if hit.get("joules")]
    energy = _over_seeds(METRICS["energy_to_accuracy"], np.array(joules)) if len(joules) == len(reached) else None
    return {
        **({"energy_to_accuracy": replace(energy, contended=rest.contended)} if energy else {}),
        "time_to_accuracy": replace(time, before=since),
        "training_step": step,
        "steps_to_accuracy": _over_seeds(METRICS["steps_to_accuracy"], steps),
    }


def _looks(entries: Sequence[Mapping[str, Any]], target: float) -> tuple[float, Mapping[str, Any]] | None:
    """The first evaluation that reaches the target, after the seconds of training at the one before; None without."""
    before = 0.0
    for entry in entries:
        if (entry.get("test_accuracy") or 0.0) >= target:
            return (before, entry) if entry.get("seconds") and entry.get("steps") else None
        before = float(entry.get("seconds") or 0.0)
    return None


def _over_seeds(row: Metric, values: Floats) -> Value:
    over = pooled(values, row.pooled)
    return Value(row.name, row.unit, row.direction, "geometric mean", None, over.value, over.low, over.high, over.n)
