"""Published: figures of others beside our own, and in what the set-ups differ; only equal ones can be reproduced."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from statistics import fmean
from typing import Any

import numpy as np
from scipy.special import stdtrit  # Student's quantile

from bench.metrics import METRICS
from bench.plan.cell import Cell, seed_of
from bench.stats.interval import Interval
from bench.store.facts import RunFacts
from bench.store.machines import class_of, host_of, of_several
from bench.store.pooling import pooled
from bench.store.seeds import Asked, Seeds, asked_of, over_seeds
from bench.store.warning import DISTURBED, Warning, disturbed_parts
from bench.text import PERCENT, either_way, plural, quantity, with_interval
from bench.vocabulary import NARROW_PRODUCTS

# What a source that says nothing of it is taken to have done.
USUAL = {
    "loss": "cross_entropy", "schedule": "constant", "normalization": "unit", "augmentation": "none",
    "test_augmentation": "none", "average": "none", "clip_norm": 0.0, "initialization": "default",
    "dtype": "float32", "split": "test", "accumulate": 1,
}  # fmt: skip
# What times of forward and backward depend on; the optimizer and its implementation have no part in them.
TIMED = ("dtype", "mode", "memory_format")
PLAIN = {"augmentation": "none", "accumulate": 1, "world_size": 1}  # likewise, and nobody published times of any other
MOST = 100  # seeds; nobody trains more


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """One published figure beside what a run gave.

    Attributes:
        configuration: its id.
        what: the metric in words.
        published: the figure, with its tolerance or its parts.
        ours: the same of this run, with n.
        verdict: whether it is reproduced, or how far off.
        differs: in what the set-ups differ; empty where they do not.
        source: who published it.
        url: where, as far as there is a lasting address.
        tolerance_why: where the tolerance comes from; times have none.
        sha256: of the file that it was imported from; None for the figures that the suite brings along.

    """

    configuration: str
    what: str
    published: str
    ours: str
    verdict: str
    differs: tuple[str, ...]
    source: str
    url: str | None = None
    tolerance_why: str | None = None
    sha256: str | None = None


@dataclass(slots=True)
class _Record:
    """What a run holds of one configuration, its seeds together."""

    cell: Cell
    seeds: Seeds
    accuracies: dict[int | None, list[float]] = field(default_factory=lambda: defaultdict(list))  # of each seed
    epochs: list[float] = field(default_factory=list)  # of each training with an accuracy
    # Seconds forward and backward of each process, and whether it was disturbed, by the class of machines.
    passes: dict[str, list[tuple[float, float, bool]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def accuracy(self) -> list[float]:
        """Of each seed once, by the mean where several machines trained it."""
        return [fmean(each) for each in self.accuracies.values()]

    @property
    def trained(self) -> str:
        """Over how many seeds the accuracy is."""
        return over_seeds(len(self.accuracy), self.seeds.count, self.seeds.lost)


def comparisons(
    lines: Iterable[Mapping[str, Any]], facts: RunFacts, machines: Mapping[str, str]
) -> list[PublishedComparison]:
    """Each published figure that speaks of an architecture of the run, beside the run's own.

    Args:
        lines: stored lines of the run, whole.
        facts: of the run; `optimizers` there tells the learning rates that cells leave to the optimizer, `plan` the
            seeds that were asked for.
        machines: the name of each class of machines that the run was measured on; times stand apart by it.

    """
    rates = {name: optimizer.get("learning_rate") for name, optimizer in facts.optimizers.items()}
    every, names = [], of_several(machines)
    for record in _by_configuration(lines, asked_of(facts.plan)):
        every += [_accuracy(figure, record, rates) for figure in figures("accuracy") if _speaks(figure, record)]
        for table in figures("times"):
            if _times_speak(table, record):
                every += [_times(table, record, machine, names.get(machine, "")) for machine in record.passes]
    return every


@cache
def _published() -> dict[str, Any]:
    return tomllib.loads((resources.files("bench.store") / "published.toml").read_text("utf-8"))


def figures(kind: str) -> list[dict[str, Any]]:
    """The published figures of a kind: "accuracy" or "times"."""
    return list(_published()[kind])


def _by_configuration(lines: Iterable[Mapping[str, Any]], asked: Asked) -> list[_Record]:
    records: dict[Cell, _Record] = {}
    for line in lines:
        cell = Cell.from_dict(line["cell"]).configuration
        record = records.setdefault(cell, _Record(cell, Seeds(asked)))
        record.seeds.note(line)
        values = {read["metric"]: read["value"] for read in line["measurements"] if read["value"] is not None}
        if "accuracy" in values:
            record.accuracies[seed_of(line["cell"])].append(values["accuracy"])
            record.epochs += [entry["epoch"] for entry in ((line["training"] or {}).get("epochs") or ())[-1:]]
        if values.get("forward") and values.get("backward"):
            parts = disturbed_parts(map(Warning.from_dict, line.get("warnings") or ()))
            busy = METRICS["forward"].timed_in in parts
            record.passes[class_of(line)].append((values["forward"], values["backward"], busy))
    return list(records.values())


def _speaks(figure: Mapping[str, Any], record: _Record) -> bool:
    cell = record.cell
    same = cell.source("architecture") == figure["architecture"] and cell.dataset == figure.get("dataset", "mnist")
    return bool(same and record.accuracy)


def _times_speak(table: Mapping[str, Any], record: _Record) -> bool:
    cell = record.cell
    same = (cell.dataset, cell.batch_size) == (table["dataset"], table["batch_size"])
    return bool(same and cell.architecture in table and record.passes)


def _accuracy(figure: Mapping[str, Any], record: _Record, rates: Mapping[str, float | None]) -> PublishedComparison:
    cell = record.cell
    own = {**cell.to_dict(), "optimizer": cell.source("optimizer"), "loss": cell.source("loss")}
    own["learning_rate"] = rates.get(cell.optimizer) if cell.learning_rate is None else cell.learning_rate
    wanted = {**USUAL, **figure["setup"]}
    differs = [
        _difference(key, own[key], value) for key, value in wanted.items() if key != "epochs" and own[key] != value
    ]
    differs += _epochs(record.epochs, wanted["epochs"])
    differs += [f"loader {cell.loader}, whose images are others"] if cell.loader.startswith("crops") else []
    differs += _products(cell)
    apart = figure.get("apart", ())
    return PublishedComparison(
        configuration=cell.id,
        what="test accuracy",
        published=f"{quantity(figure['value'], PERCENT)} (± {_points(figure['tolerance'])} points allowed)",
        ours=_share(record),
        verdict=_verdict(figure, record, bool(differs), bool(apart)),
        differs=(*differs, *apart),
        source=figure["source"],
        url=figure.get("url"),
        tolerance_why=figure["tolerance_why"],
    )


def _verdict(figure: Mapping[str, Any], record: _Record, differs: bool, apart: bool) -> str:
    """Reproduced only where the set-up is the same, no seed is lost, and the whole interval fits the tolerance."""
    ours, tolerance = pooled(record.accuracy, "mean"), figure["tolerance"] + 1e-9  # what decimals lose
    off, half = ours.value - figure["value"], _half(ours)
    within = abs(off) <= tolerance
    points = f"{_points(off)} percentage points {'above' if off >= 0 else 'below'}"
    if differs:
        return f"not the same set-up; {points}{', within the tolerance' if within else ''}"
    if record.seeds.lost:
        return f"not reproduced, since only {record.trained}; over those {points}"
    if not within:
        return f"not reproduced: {points}"
    if half is None:
        return f"within the tolerance, but one seed says little: {points}"
    if abs(off) + half > tolerance:
        reach = f"over {plural(ours.n, 'seed')} it may lie {_points(abs(off) + half)} off"
        needed = _needed(record, tolerance - abs(off))
        return f"not shown, although within the tolerance: {points}, and {reach}; {needed}"
    return f"reproduced{', but for what differs' if apart else ''}: {points} over {plural(ours.n, 'seed')}"


def _points(share: float) -> str:
    return f"{abs(share) * 100:.2f}"


def _needed(record: _Record, room: float) -> str:
    """About how many seeds would leave so small a half-width, if they differ as those there are."""
    spread = float(np.std(record.accuracy, ddof=1))
    enough = (n for n in range(len(record.accuracy) + 1, MOST + 1) if stdtrit(n - 1, 0.975) * spread <= room * n**0.5)
    seeds = next(enough, None)
    return f"some {seeds} would tell, if they lie alike (--seeds)" if seeds else f"even {MOST} would not tell"


def _products(cell: Cell) -> list[str]:
    """That products of float32 were computed in fewer digits, where they were."""
    narrow = cell.dtype == "float32" and cell.fp32_precision in NARROW_PRODUCTS
    return [f"products of float32 in {cell.fp32_precision.rpartition('_')[2]}"] if narrow else []


def _epochs(own: list[float], theirs: float) -> list[str]:
    """What differs in the epochs that the seeds were trained for."""
    if own and set(own) == {theirs}:
        return []
    if not own or min(own) == max(own):
        return [_difference("epochs", own[0] if own else None, theirs)]
    span = f"{min(own):.3g} to {max(own):.3g}"
    return [f"{span} of {theirs} epochs" if max(own) <= theirs else f"{span} epochs instead of {theirs}"]


def _difference(key: str, own: Any, theirs: Any) -> str:
    name = key.replace("_", " ")
    if own is None:
        return f"{name} unknown instead of {theirs}"
    if key == "epochs":
        return f"{own:.3g} of {theirs} epochs" if own < theirs else f"{own:.3g} epochs instead of {theirs}"
    shown, wanted = (f"{value:g}" if isinstance(value, float) else value for value in (own, theirs))
    return f"{name} {shown} instead of {wanted}"


def _half(interval: Interval) -> float | None:
    return None if interval.low is None or interval.high is None else (interval.high - interval.low) / 2


def _share(record: _Record) -> str:
    ours = pooled(record.accuracy, "mean")
    half = _half(ours)
    trained = "one seed" if record.trained == "1 seed" else record.trained
    return f"{with_interval(ours.value, PERCENT, half)} ({trained})"


def _times(table: Mapping[str, Any], record: _Record, machine: str, name: str) -> PublishedComparison:
    """Those of one machine, with its name where the run has several."""
    cell, every = record.cell, record.passes[machine]
    contended = all(busy for *_, busy in every)
    taken = [(forward, backward) for forward, backward, busy in every if contended or not busy]
    theirs = [value / 1e3 for value in (*table[cell.architecture], sum(table[cell.architecture]))]
    passes = zip(*((*pair, sum(pair)) for pair in taken), strict=True)
    ours = [pooled(seconds, "log_mean") for seconds in passes]
    error = _published()["top1_error"].get(cell.architecture)
    apart = _published()["apart"].get(cell.architecture)
    hardware = f"{host_of(cell.device, name)} with {plural(cell.threads, 'thread')} instead of {table['hardware']}"
    wanted = {**{key: table[key] for key in TIMED}, **PLAIN}
    differs = [_difference(key, own, value) for key, value in wanted.items() if (own := getattr(cell, key)) != value]
    differs += _products(cell)
    processes = "one process" if len(taken) == 1 else f"{len(taken)} processes"
    return PublishedComparison(
        configuration=cell.id,
        what="forward / backward / total",
        published=_parts(map(_milliseconds, theirs)) + (f"; top-1 error on ImageNet {error:.2f} %" if error else ""),
        ours=f"{_parts(map(_measured, ours))} ({processes}{f'; {DISTURBED}' * contended})",
        verdict=f"other hardware: {ours[-1].value / theirs[-1]:.2g} times as long",
        differs=(hardware, *differs, *([apart] if apart else [])),
        source=table["source"],
        url=table.get("url"),
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"


def _measured(time: Interval) -> str:
    half = time.half_width
    return _milliseconds(time.value) + ("" if half is None else f" {either_way(half)}")


def _parts(times: Iterable[str]) -> str:
    return " / ".join(times) + " ms"
