"""Across: what several machines or runs measured of the same nets, pooled by the rules of any frame.

A column of the comparison is a class of machines with a device and a number of threads; where several runs measured one
cell on one class, such as before and after a change, each run is a column of its own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from bench.errors import BenchError
from bench.metrics import row_of
from bench.plan.cell import Cell, seed_of
from bench.plan.short_names import short_names
from bench.stats.interval import Interval
from bench.store.disturbed import flagged
from bench.store.fingerprint import fingerprint
from bench.store.frame import by_machine, frame_of
from bench.store.machines import classes_of, is_learnt
from bench.store.run import Run
from bench.text import plural

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Machine:
    """A column of the comparison.

    Attributes:
        key: tells it from all others.
        name: in words, no two the same.
        digest: of its class; "" where no worker told its system.
        device: that computed; "" of imported benchmarks, whose file does not say it.
        threads: CPU threads of a step; None where nobody says.
        runs: that measured on it.
        system: what the first of its processes saw.
        protocol: how times were measured, as the first of its runs recorded it.
        epochs: of training, as its plan asked for; None where nothing tells.

    """

    key: str
    name: str
    digest: str
    device: str
    threads: int | None
    runs: tuple[str, ...]
    system: Mapping[str, Any]
    protocol: Mapping[str, str] = field(default_factory=dict)
    epochs: int | None = None

    @property
    def on_host(self) -> bool:
        """Whether the CPU computes."""
        return "gpu" not in self.system

    @property
    def computing(self) -> str:
        """What computed, in words: cpu, 2 threads; "" where nobody says."""
        return f"{self.device}, {plural(self.threads, 'thread')}" if self.threads else ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a net on a machine, or on all of them.

    Attributes:
        interval: with its 95 % interval; of an exact number both ends are that.
        unit: SI without a prefix.
        certain: false where other work disturbed it.
        threads: CPU threads it was taken with; None where nothing tells.

    """

    interval: Interval
    unit: str
    certain: bool = True
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Net:
    """A row of the comparison: what was measured, whatever the machine.

    Attributes:
        cell: without device and threads.
        label: the shortest name that tells it from the others.
        by_machine: the key of each machine that measured it, to its figures by metric.
        learnt: figures over all machines, by metric.
        learnt_there: figures of the same metrics by the key of each machine that trained it; uncertain where a time or
            a target ended the training.

    """

    cell: Cell
    label: str
    by_machine: Mapping[str, Mapping[str, Figure]]
    learnt: Mapping[str, Figure]
    learnt_there: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its id without what the machine decides."""
        return _name(self.cell)

    def figure(self, machine: str, metric: str) -> Figure | None:
        """The figure of a machine, if it has that metric."""
        return self.by_machine.get(machine, {}).get(metric)


@dataclass(frozen=True, slots=True)
class Across:
    """All that is compared: the machines, and the nets that any of them measured."""

    machines: tuple[Machine, ...]
    nets: tuple[Net, ...]


def across(runs: Sequence[Run]) -> Across:
    """What the runs say, taken together.

    Raises:
        BenchError: one of them is damaged, or all that they measured is one machine's.

    """
    lines = [line for run in runs for line in _lines(run)]
    keys = _keys(lines)
    machines = _machines(lines, keys)
    if len(machines) < 2:
        names = ", ".join(run.name for run in runs)
        raise BenchError(f"{names}: {plural(len(machines), 'machine')} measured, name runs of two machines or more")
    cells = _cells(lines, keys)
    placed = [
        {**line, "id": cell.id, "cell": cell.to_dict() | {"seed": seed_of(line["cell"])}, "machine": key}
        for line, key, cell in zip(lines, keys, cells, strict=True)
    ]
    return Across(machines, tuple(_nets(placed, {cell.id: cell for cell in cells})))


def _lines(run: Run) -> Iterator[Line]:
    """The lines of the cells that a process was started for, with their run and the class of their machine."""
    heads = [{**head, "machine": _digest(head)} for head in flagged(run.heads(), run.heads())]
    systems, protocol, epochs = _systems(run), run.facts.protocol, run.facts.plan.get("epochs")
    for head, machine in zip(heads, classes_of(heads), strict=True):
        if head["status"] != "skipped":
            known = {"run": head.get("run", run.name), "protocol": protocol, "epochs": epochs}
            yield {**head, **known, "class": machine, "system": systems.get(machine, {})}


def _systems(run: Run) -> dict[str, Mapping[str, Any]]:
    """What the first process on each class of machines saw."""
    systems: dict[str, Mapping[str, Any]] = {}
    for line in run.lines():
        systems.setdefault(_digest(line), line["system"])
    return systems


def _digest(line: Line) -> str:
    """Of the line's machine; of an imported benchmark, which has no threads, the fingerprint is that."""
    foreign = Cell.from_dict(line["cell"]).is_foreign
    return line.get("machine") or (line["fingerprint"] if foreign else "") or ""


def _keys(lines: Sequence[Line]) -> list[str]:
    """The column of each line."""
    classes = [f"{line['class']} {line['cell']['device']} {line['cell']['threads']}" for line in lines]
    runs: dict[tuple[str, str], set[str]] = {}
    for line, column in zip(lines, classes, strict=True):
        runs.setdefault((column, line["id"]), set()).add(line["run"])
    shared = {column for (column, _), names in runs.items() if len(names) > 1}
    return [
        f"{column} {line['run']}" if column in shared else column for line, column in zip(lines, classes, strict=True)
    ]


def _machines(lines: Sequence[Line], keys: Sequence[str]) -> tuple[Machine, ...]:
    columns: dict[str, list[Line]] = {}
    for line, key in zip(lines, keys, strict=True):
        columns.setdefault(key, []).append(line)
    machines = [_machine(key, of_column) for key, of_column in columns.items()]
    for more in (_with_threads, _with_digest, _with_runs):
        alike = Counter(machine.name for machine in machines)
        machines = [more(machine) if alike[machine.name] > 1 else machine for machine in machines]
    return tuple(machines)


def _machine(key: str, lines: Sequence[Line]) -> Machine:
    first = lines[0]
    device, threads, system = first["cell"]["device"] or "", first["cell"]["threads"], first["system"]
    name = fingerprint(system, None).name if system else "an unknown machine"
    runs = tuple(dict.fromkeys(line["run"] for line in lines))
    known = system, first["protocol"], first["epochs"]
    return Machine(key, name, first["class"], device, threads, runs, *known)


def _with_threads(machine: Machine) -> Machine:
    return replace(machine, name=", ".join(filter(None, (machine.name, machine.computing))))


def _with_digest(machine: Machine) -> Machine:
    return replace(machine, name=f"{machine.name} ({machine.digest[:6] or 'unknown'})")


def _with_runs(machine: Machine) -> Machine:
    return replace(machine, name=f"{machine.name} in {' '.join(machine.runs)}")


def _cells(lines: Sequence[Line], keys: Sequence[str]) -> list[Cell]:
    """What each line measured, whatever the machine.

    Denormals are kept where they cannot be flushed, so that they tell cells apart only where a machine has both.
    """
    cells = [replace(Cell.from_dict(line["cell"]).configuration, device="cpu", threads=1) for line in lines]
    kept = [replace(cell, denormals="keep") for cell in cells]
    modes: dict[tuple[str, Cell], set[str]] = {}
    for key, cell, plain in zip(keys, cells, kept, strict=True):
        modes.setdefault((key, plain), set()).add(cell.denormals)
    both = {plain for (_, plain), values in modes.items() if len(values) > 1}
    return [cell if plain in both else plain for cell, plain in zip(cells, kept, strict=True)]


def _nets(lines: Sequence[Line], cells: Mapping[str, Cell]) -> Iterable[Net]:
    """The nets, in the order in which they were first measured."""
    figures: dict[str, dict[str, dict[str, Figure]]] = {}
    learnt: dict[str, dict[str, Figure]] = {}
    for name, machine, rows in by_machine(frame_of(lines)):
        ok = rows[rows["machine"].isna() | (rows["status"] == "ok")].dropna(subset=["metric"])
        own = ok[ok["machine"].notna()]
        if (rows["machine"].notna() & (rows["status"] == "ok")).any():
            figures.setdefault(name, {})[machine] = dict(map(_figure, own.to_dict("records")))
        learnt.setdefault(name, {}).update(_learnt(ok))
    there = _learnt_there(lines)
    names = short_names([cells[name] for name in figures])
    return [
        Net(cells[name], label, known, learnt[name], there.get(name, {}))
        for (name, known), label in zip(figures.items(), names, strict=True)
    ]


def _learnt(rows: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    """What was learnt, by metric."""
    for row in rows.to_dict("records"):
        if is_learnt(row_of(row["metric"], row["unit"])):
            yield _figure(row)


def _learnt_there(lines: Sequence[Line]) -> dict[str, dict[str, dict[str, Figure]]]:
    """By net and machine, what it learnt there; uncertain where any training of it was cut short."""
    columns: dict[str, list[Line]] = {}
    for line in lines:
        columns.setdefault(line["machine"], []).append(line)
    there: dict[str, dict[str, dict[str, Figure]]] = {}
    for key, of_column in columns.items():
        cut = {line["id"] for line in of_column if _is_cut_short(line)}
        for name, _, rows in by_machine(frame_of(of_column)):
            known = dict(_learnt(rows.dropna(subset=["metric"])))
            if name in cut:
                known = {metric: replace(figure, certain=False) for metric, figure in known.items()}
            there.setdefault(name, {})[key] = known
    return there


def _is_cut_short(line: Line) -> bool:
    """Whether a time limit ended its training, or a target that it reached."""
    reached = any(reading["metric"] == "reached" and reading["value"] for reading in line["measurements"])
    return reached or any(warning["kind"] == "time limit" for warning in line.get("warnings") or ())


def _figure(row: Mapping[Any, Any]) -> tuple[str, Figure]:
    low, high = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    value = float(row["value"])
    if row["statistic"] == "exact":
        low, high = value, value
    interval = Interval(value, low, high, int(row["n"]))
    threads = None if pd.isna(row["threads_used"]) else int(row["threads_used"])
    return str(row["metric"]), Figure(interval, str(row["unit"]), not bool(row["contended"]), threads)


def _name(cell: Cell) -> str:
    return cell.id.replace("-cpu-t1", "", 1)
