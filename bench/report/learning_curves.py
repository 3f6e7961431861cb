"""Learning curves: pictures of accuracy and loss against epochs and against seconds, with bands over seeds."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from bench.report import svg
from bench.report.gradient_flow import depth
from bench.report.plotting import MOST_ROWS, Picture, accuracy_axis, colour_of, finish, inside, marker_of, unit_axis
from bench.report.record import Record, Row
from bench.report.units import quantity
from bench.text import plural

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
    "test_loss": "Test loss at each evaluation",
    "train_loss": "Mean loss of the training steps since the last evaluation, as they were trained",
}


def learning(record: Record) -> list[Picture]:
    """The curves of every configuration that was trained."""
    rows = [row for row in record.rows if row.training][:MOST_ROWS]
    drawn = [_curves(rows, metric, across) for metric in _NAMES for across in ("seconds", "epoch")]
    return [*(picture for picture in drawn if picture), *depth(record)]


def points(row: Row, metric: str) -> pd.DataFrame:
    """The evaluations of all seeds: columns seed, epoch, seconds, and the metric.

    Evaluations are paired by their number; epoch and seconds are means over the seeds. Where seeds stopped at different
    times, those that not every seed has are left out, so that a mean is always of the same seeds.
    """
    names = ["epoch", "seconds", metric]
    entries = [
        {"seed": at, **{name: entry.get(name) for name in names}}
        for at, training in enumerate(row.training)
        for entry in training["epochs"]
    ]
    table = pd.DataFrame(entries, columns=["seed", *names]).dropna().astype(float)
    look = table.groupby("seed").cumcount()
    table = table[table.groupby(look)["seed"].transform("nunique") == table["seed"].nunique()]
    look = look[table.index]
    means = {name: table.groupby(look)[name].transform("mean") for name in ("epoch", "seconds")}
    return table.assign(**means)


def _curves(rows: list[Row], metric: str, across: str) -> Picture | None:
    """One picture; a single epoch makes points, which only mean something against seconds, and beside another's."""
    tables = {row.key: points(row, metric) for row in rows}
    if across == "seconds":
        tables = {key: table[table["seconds"] > 0] for key, table in tables.items()}
    rows = [row for row in rows if tables[row.key]["epoch"].nunique() > (across == "epoch")]
    if sum(tables[row.key]["epoch"].nunique() for row in rows) < 2:
        return None
    drawn = svg.canvas(f"learning-{metric.replace('_', '-')}-{across}")
    accurate = metric in _SHARES
    if accurate:
        accuracy_axis(drawn.axes, [value for row in rows for value in tables[row.key][metric]], _NAMES[metric])
    else:
        positive = all((tables[row.key][metric] > 0).all() for row in rows)
        drawn.axes.set_yscale("log" if positive else "linear")  # a loss of one's own may be below 0
        drawn.axes.set_title(_NAMES[metric], loc="left", color=svg.MUTED)
    if across == "seconds":
        drawn.axes.set_xscale("log")
    drawn.axes.set(xlabel=across, ylabel=metric)  # seaborn makes every tick label to name an axis that has no name
    for row in rows:
        _curve(drawn, row, tables[row.key], metric, across)
    _dress(drawn, across, accurate=accurate)
    title = f"{_NAMES[metric].capitalize()} against {'seconds' if across == 'seconds' else 'epochs'}"
    return finish(drawn, title, _caption(rows, metric, across))


def _dress(drawn: svg.Canvas, across: str, *, accurate: bool) -> None:
    axes = drawn.axes
    axes.grid(visible=True, axis="y")
    if not accurate:
        unit_axis(axes.yaxis, "number", "1")
    unit_axis(axes.xaxis, across, "s" if across == "seconds" else "1")
    axes.set_xlabel("training time, evaluation excluded" if across == "seconds" else "epoch")
    axes.set_ylabel("")


def _caption(rows: list[Row], metric: str, across: str) -> str:
    seeds = max(len(row.training) for row in rows)
    what = "What a second of training buys" if across == "seconds" else "What an epoch of training buys"
    what = what if metric == "test_accuracy" else f"{_ABOUT[metric]}"
    if metric not in _SHARES and len({row.cell.get("loss") for row in rows}) > 1:
        what += ", each line by the loss that it was trained with, so that lines of two losses do not compare"
    if seeds > 1:
        return (
            f"{what}: lines are means of up to {seeds} seeds, bands reach from the lowest seed to the highest; a line "
            "ends with the first seed that stopped."
        )
    return f"{what}: one seed each, so there is no band, and another seed may change the order of lines that are close."


def _curve(drawn: svg.Canvas, row: Row, table: pd.DataFrame, metric: str, across: str) -> None:
    before: set[Any] = set(drawn.axes.get_children())
    shown = table.assign(**{metric: table[metric].map(inside)}) if metric in _SHARES else table
    sns.lineplot(
        data=shown,
        x=across,
        y=metric,
        errorbar=("pi", 100) if len(row.training) > 1 else None,
        color=colour_of(row),
        marker=marker_of(row),
        markersize=5.5,
        markeredgecolor=svg.SURFACE,
        markeredgewidth=0.8,
        linewidth=1.6,
        err_kws={"alpha": 0.18, "linewidth": 0},
        legend=False,
        ax=drawn.axes,
    )
    artists = [artist for artist in drawn.axes.get_children() if artist not in before]
    dashes = _DASHES[row.index // len(svg.SERIES) % len(_DASHES)]
    for line in (artist for artist in artists if dashes and isinstance(artist, Line2D)):
        line.set_dashes(dashes)
    drawn.mark(artists, [row.key], _in_words(row, table, metric))


def _in_words(row: Row, table: pd.DataFrame, metric: str) -> str:
    """Where the curve ends, in words."""
    last = table[table["epoch"] == table["epoch"].max()]
    ends = [float(value) for value in (last[metric].mean(), last[metric].min(), last[metric].max())]
    name = "accuracy" if metric in _SHARES else metric
    mean, low, high = (quantity(name, "1", value) for value in ends)
    spread = f" (seeds from {low} to {high})" if len(last) > 1 else ""
    after = f"after {last['epoch'].iloc[0]:.3g} epochs and {quantity('step', 's', last['seconds'].iloc[0])}"
    return f"{row.label}: {_NAMES[metric]} {mean}{spread} {after}, n = {plural(len(last), 'seed')}"
