"""Learning curves: pictures of accuracy and loss against epochs and against seconds, with bands over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist

from bench.report import svg
from bench.report.gradient_flow import depth
from bench.report.plotting import MOST_ROWS, Picture, accuracy_axis, colour_of, dot, finish, inside, unit_axis
from bench.report.record import Record, Row, images_of
from bench.report.units import quantity
from bench.report.vanishing import vanishing
from bench.store.result import Floats
from bench.text import plural

Across = Literal["seconds", "epoch"]
_MOST_MARKS = 40  # evaluations of a curve; of more, the marks are smaller
_DASHES = ((), (4, 1.5), (1, 1), (6, 1.5, 1, 1.5), (3, 1, 1, 1, 1, 1))  # a new one each time the colours start again
_NAMES = {
    "test_accuracy": "test accuracy",
    "train_accuracy": "training accuracy",
    "test_loss": "test loss",
    "train_loss": "training loss",
}
_SHARES = {"test_accuracy", "train_accuracy"}
_ABOUT = {
    "train_accuracy": "Accuracy on the first 5,000 training images, by the weights after each epoch",
    "test_loss": "Mean loss at each evaluation",
    "train_loss": "Mean loss of the training steps since the last evaluation, as they were trained",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric at each evaluation (L,): means over the seeds of `epochs` and `seconds`, and `values` (seeds, L)."""

    epochs: Floats
    seconds: Floats
    values: Floats

    def across(self, axis: Across) -> Floats:
        """Where its points lie."""
        return self.seconds if axis == "seconds" else self.epochs

    def trained(self) -> "Curve":
        """Without the evaluations before training, which a logarithmic axis of seconds cannot show."""
        shown = self.seconds > 0
        return Curve(self.epochs[shown], self.seconds[shown], self.values[:, shown])


def learning(record: Record) -> list[Picture]:
    """The curves of every configuration that was trained."""
    rows = [row for row in record.rows if row.training][:MOST_ROWS]
    drawn = []
    for metric in _NAMES:
        curves = {row.key: curve_of(row, metric) for row in rows}
        drawn += [_curves(rows, curves, metric, "seconds"), _curves(rows, curves, metric, "epoch")]
    return [*(picture for picture in (*drawn, vanishing(record)) if picture), *depth(record)]


def curve_of(row: Row, metric: str) -> Curve:
    """The evaluations of all seeds.

    They are paired by their number. Where seeds stopped at different times, those that not every seed has are left out,
    so that a mean is always of the same seeds.
    """
    names = ("epoch", "seconds", metric)
    every = [
        [[float(entry[name]) for name in names] for entry in training["epochs"] if _has(entry, names)]
        for training in row.training
    ]
    seeds = [entries for entries in every if entries]
    least = min(map(len, seeds), default=0)
    table = np.array([entries[:least] for entries in seeds]).reshape(len(seeds), least, 3)
    if not seeds:
        return Curve(np.empty(0), np.empty(0), np.empty((0, 0)))
    return Curve(table[:, :, 0].mean(axis=0), table[:, :, 1].mean(axis=0), table[:, :, 2])


def _name(rows: Sequence[Row], metric: str) -> str:
    """What is drawn, by the images that tell it: test accuracy, or held-out accuracy."""
    name = _NAMES[metric]
    return f"{images_of(rows)} {name.removeprefix('test ')}" if name.startswith("test ") else name


def _has(entry: Mapping[str, Any], names: Sequence[str]) -> bool:
    return all(entry.get(name) is not None for name in names)


def _curves(rows: list[Row], known: Mapping[str, Curve], metric: str, axis: Across) -> Picture | None:
    """One picture; a single epoch makes points, which only mean something against seconds, and beside another's."""
    curves = {key: curve.trained() for key, curve in known.items()} if axis == "seconds" else known
    rows = [row for row in rows if len(curves[row.key].epochs) > (axis == "epoch")]
    if sum(len(curves[row.key].epochs) for row in rows) < 2:
        return None
    drawn = svg.canvas(f"learning-{metric.replace('_', '-')}-{axis}")
    every = np.concatenate([curves[row.key].values.ravel() for row in rows])
    if metric in _SHARES:
        accuracy_axis(drawn.axes, every, _name(rows, metric))
    else:
        drawn.axes.set_yscale("log" if (every > 0).all() else "linear")  # a loss of one's own may be below 0
        drawn.axes.set_title(_name(rows, metric), loc="left", color=svg.MUTED)
    if axis == "seconds":
        drawn.axes.set_xscale("log")
    for row in rows:
        _curve(drawn, row, curves[row.key], metric, axis)
    _dress(drawn, axis, accurate=metric in _SHARES)
    title = f"{_name(rows, metric).capitalize()} against {'seconds' if axis == 'seconds' else 'epochs'}"
    return finish(drawn, title, _caption(rows, metric, axis))


def _dress(drawn: svg.Canvas, axis: Across, *, accurate: bool) -> None:
    axes = drawn.axes
    axes.grid(visible=True, axis="y")
    if not accurate:
        unit_axis(axes.yaxis, "number", "1")
    unit_axis(axes.xaxis, axis, "s" if axis == "seconds" else "1")
    axes.set_xlabel("training time, evaluation excluded" if axis == "seconds" else "epoch")
    axes.set_ylabel("")


def _caption(rows: list[Row], metric: str, axis: Across) -> str:
    seeds = max(len(row.training) for row in rows)
    what = "What a second of training buys" if axis == "seconds" else "What an epoch of training buys"
    what = what if metric == "test_accuracy" else f"{_ABOUT[metric]}"
    if metric not in _SHARES and len({row.cell.get("loss") for row in rows}) > 1:
        what += ", each line by the loss that it was trained with, so that lines of two losses do not compare"
    if seeds > 1:
        return (
            f"{what}: lines are means of up to {seeds} seeds, bands reach from the lowest seed to the highest; a line "
            "ends with the first seed that stopped."
        )
    return f"{what}: one seed each, so there is no band, and another seed may change the order of lines that are close."


def _curve(drawn: svg.Canvas, row: Row, curve: Curve, metric: str, axis: Across) -> None:
    """The mean as a line with a mark at each evaluation, and the seeds as a band."""
    shown = np.vectorize(inside, otypes=[float])(curve.values) if metric in _SHARES else curve.values
    places = curve.across(axis)
    dashes = _DASHES[row.index // len(svg.SERIES) % len(_DASHES)]
    look = {**dot(row, 5.5 if len(places) <= _MOST_MARKS else 3), "linestyle": (0, dashes) if dashes else "-"}
    artists: list[Artist] = [*drawn.axes.plot(places, shown.mean(axis=0), **look, linewidth=1.6)]
    if len(shown) > 1:
        ends = shown.min(axis=0), shown.max(axis=0)
        artists.append(drawn.axes.fill_between(places, *ends, color=colour_of(row), alpha=0.18, linewidth=0))
    drawn.mark(artists, [row.key], _in_words(row, curve, metric))


def _in_words(row: Row, curve: Curve, metric: str) -> str:
    """Where the curve ends, in words."""
    last = curve.values[:, -1]
    name = "accuracy" if metric in _SHARES else metric
    mean, low, high = (quantity(name, "1", float(value)) for value in (last.mean(), last.min(), last.max()))
    spread = f" (seeds from {low} to {high})" if len(last) > 1 else ""
    after = f"after {curve.epochs[-1]:.3g} epochs and {quantity('step', 's', float(curve.seconds[-1]))}"
    return f"{row.label}: {_name([row], metric)} {mean}{spread} {after}, n = {plural(len(last), 'seed')}"
