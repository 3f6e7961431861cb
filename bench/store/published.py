"""Published: figures of others beside our own, and in what the set-ups differ; only equal ones can be reproduced."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from bench.plan.cell import Cell
from bench.stats.interval import Interval, of_means, of_ratios

# What a source that says nothing of it is taken to have done.
USUAL = {"schedule": "constant", "normalization": "unit", "dtype": "float32", "split": "test"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One published figure beside what a run gave.

    Attributes:
        setting: the id of the cells, whatever their seed.
        what: the metric in words.
        published: the figure, with its tolerance or its parts.
        ours: the same of this run, with n.
        verdict: whether it is reproduced, or how far off.
        differs: in what the set-ups differ; empty where they do not.
        source: who published it.

    """

    setting: str
    what: str
    published: str
    ours: str
    verdict: str
    differs: tuple[str, ...]
    source: str


@dataclass(slots=True)
class _Setting:
    """What a run holds of one setting, its seeds together."""

    cell: Cell
    accuracy: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    forward: list[float] = field(default_factory=list)
    backward: list[float] = field(default_factory=list)


def comparisons(lines: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> list[Comparison]:
    """Each published figure that speaks of an architecture of the run, beside the run's own.

    Args:
        lines: stored lines of the run, whole.
        facts: of run.json; `optimizers` there tells the learning rates that cells leave to the optimizer.

    """
    rates = {name: about.get("learning_rate") for name, about in (facts.get("optimizers") or {}).items()}
    found = []
    for setting in _settings(lines):
        found += [_accuracy(figure, setting, rates) for figure in figures("accuracy") if _speaks(figure, setting)]
        found += [_times(table, setting) for table in figures("times") if _times_speak(table, setting)]
    return found


@cache
def _published() -> dict[str, Any]:
    return tomllib.loads((resources.files("bench.store") / "published.toml").read_text("utf-8"))


def figures(kind: str) -> list[dict[str, Any]]:
    """The published figures of a kind: "accuracy" or "times"."""
    return list(_published()[kind])


def _settings(lines: Iterable[Mapping[str, Any]]) -> list[_Setting]:
    found: dict[Cell, _Setting] = {}
    for line in lines:
        cell = replace(Cell.from_dict(line["cell"]), seed=0)
        setting = found.setdefault(cell, _Setting(cell))
        values = {one["metric"]: one["value"] for one in line["measurements"] if one["value"] is not None}
        for metric in ("accuracy", "forward", "backward"):
            if metric in values:
                getattr(setting, metric).append(values[metric])
        if line.get("training") and line["training"].get("epochs"):
            setting.epochs.append(line["training"]["epochs"][-1]["epoch"])
    return list(found.values())


def _speaks(figure: Mapping[str, Any], setting: _Setting) -> bool:
    cell = setting.cell
    return bool((cell.architecture, cell.dataset) == (figure["architecture"], "mnist") and setting.accuracy)


def _times_speak(table: Mapping[str, Any], setting: _Setting) -> bool:
    cell = setting.cell
    same = (cell.dataset, cell.batch_size) == (table["dataset"], table["batch_size"])
    return bool(same and cell.architecture in table and setting.forward and setting.backward)


def _accuracy(figure: Mapping[str, Any], setting: _Setting, rates: Mapping[str, float | None]) -> Comparison:
    ours, cell = of_means(setting.accuracy), setting.cell
    own = {**cell.to_dict(), "epochs": max(setting.epochs, default=None)}
    own["learning_rate"] = rates.get(cell.optimizer) if cell.learning_rate is None else cell.learning_rate
    wanted = {**USUAL, **figure["setup"]}
    differs = [_difference(key, own[key], value) for key, value in wanted.items() if own[key] != value]
    off, within = ours.value - figure["value"], abs(ours.value - figure["value"]) <= figure["tolerance"]
    apart = [*figure.get("apart", ())]
    apart += figure.get("apart_optimizer", ()) if own["optimizer"] == wanted["optimizer"] else ()
    points = f"{abs(off) * 100:.2f} percentage points {'above' if off >= 0 else 'below'}"
    if differs:
        verdict = f"not the same set-up; {points}{', within the tolerance' if within else ''}"
    elif not within:
        verdict = f"not reproduced: {points}"
    else:
        verdict = f"reproduced{', but for what differs' if apart else ''}: {points}"
    return Comparison(
        setting=cell.id,
        what="test accuracy",
        published=f"{figure['value']:.2%} ± {figure['tolerance']:.2%}",
        ours=_share(ours),
        verdict=verdict,
        differs=(*differs, *apart),
        source=figure["source"],
    )


def _difference(key: str, own: Any, theirs: Any) -> str:
    name = key.replace("_", " ")
    if own is None:
        return f"{name} unknown instead of {theirs}"
    if key == "epochs":
        return f"{own:.3g} of {theirs} epochs" if own < theirs else f"{own:.3g} epochs instead of {theirs}"
    shown = f"{own:g}" if isinstance(own, float) else own
    return f"{name} {shown} instead of {theirs}"


def _share(ours: Interval) -> str:
    if ours.low is None or ours.high is None:
        return f"{ours.value:.2%} (one seed)"
    return f"{ours.value:.2%} ± {(ours.high - ours.low) / 2:.2%} ({ours.n} seeds)"


def _times(table: Mapping[str, Any], setting: _Setting) -> Comparison:
    cell = setting.cell
    theirs = [value / 1e3 for value in table[cell.architecture]]
    ours = [of_ratios(setting.forward).value, of_ratios(setting.backward).value]
    error = _published()["top1_error"].get(cell.architecture)
    apart = _published()["apart"].get(cell.architecture)
    noun = "thread" if cell.threads == 1 else "threads"
    hardware = f"this host's {cell.device} with {cell.threads} {noun} instead of {table['hardware']}"
    keys = ("dtype",)
    differs = [_difference(key, getattr(cell, key), table[key]) for key in keys if getattr(cell, key) != table[key]]
    return Comparison(
        setting=cell.id,
        what="forward / backward / total",
        published=_parts(theirs) + (f"; top-1 error on ImageNet {error:.2f} %" if error else ""),
        ours=_parts(ours),
        verdict=f"other hardware: {sum(ours) / sum(theirs):.2g} times as long",
        differs=(hardware, *differs, *([apart] if apart else [])),
        source=table["source"],
    )


def _parts(seconds: list[float]) -> str:
    return " / ".join(f"{value * 1e3:.2f}" for value in (*seconds, sum(seconds))) + " ms"
