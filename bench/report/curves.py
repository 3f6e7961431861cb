"""The pictures of learning: accuracy and loss against epochs and against seconds, with bands over seeds."""

from dataclasses import replace
from typing import Any

import pandas as pd
import seaborn as sns

from bench.report import svg
from bench.report.figures import Picture, colour_of, finish, marker_of, scale_axis
from bench.report.record import Record, Row
from bench.report.units import plural, quantity

_DASHES = ("", (4, 1.5), (1, 1), (6, 1.5, 1, 1.5), (3, 1, 1, 1, 1, 1))
_NAMES = {"test_accuracy": "test accuracy", "test_loss": "test loss", "train_loss": "training loss"}
_MOST = 40


def learning(record: Record) -> list[Picture]:
    """The curves of every setting that was trained."""
    rows = [row for row in record.rows if row.training][:_MOST]
    drawn = [
        _curves(rows, "test_accuracy", "seconds"),
        _curves(rows, "test_accuracy", "epoch"),
        _curves(rows, "test_loss", "epoch"),
        _curves(rows, "train_loss", "epoch"),
    ]
    return [picture for picture in drawn if picture]


def points(row: Row, metric: str) -> pd.DataFrame:
    """The epochs of all seeds that have the metric: columns seed, epoch, seconds (mean over the seeds), and the metric."""
    entries = [{"seed": at, **epoch} for at, one in enumerate(row.training) for epoch in one["epochs"]]
    table = pd.DataFrame(entries)
    if not {"epoch", "seconds", metric} <= set(table.columns):
        return pd.DataFrame(columns=["seed", "epoch", "seconds", metric])
    table = table[["seed", "epoch", "seconds", metric]].dropna().astype(float)
    return table.assign(seconds=table.groupby("epoch")["seconds"].transform("mean"))


def _curves(rows: list[Row], metric: str, across: str) -> Picture | None:
    tables = {row.key: points(row, metric) for row in rows}
    rows = [row for row in rows if tables[row.key]["epoch"].nunique() > 1]
    if not rows:
        return None
    drawn = svg.canvas(f"learning-{metric.replace('_', '-')}-{across}")
    axes = drawn.axes
    for row in rows:
        _curve(drawn, row, tables[row.key], metric, across)
    axes.grid(axis="y")
    if metric != "test_accuracy":
        axes.set_yscale("log")
    scale_axis(axes.yaxis, "accuracy" if metric == "test_accuracy" else metric, "1", log=metric != "test_accuracy")
    scale_axis(axes.xaxis, across, "s" if across == "seconds" else "1", log=False)
    axes.set_xlabel("training time, evaluation excluded" if across == "seconds" else "epoch")
    axes.set_title(_NAMES[metric], loc="left", color=svg.MUTED)
    axes.set_ylabel("")
    name = _NAMES[metric].capitalize()
    picture = finish(
        drawn, f"{name} against {'seconds' if across == 'seconds' else 'epochs'}", _caption(rows, metric, across)
    )
    return replace(picture, name=drawn.name)


def _caption(rows: list[Row], metric: str, across: str) -> str:
    seeds = max(len(row.training) for row in rows)
    band = (
        f"Lines are means over seeds (up to {seeds}), bands reach from the lowest seed to the highest"
        if seeds > 1
        else "One seed each, so there is no band: another seed may cross these lines"
    )
    what = "What a second of training buys" if across == "seconds" else "What an epoch of training buys"
    return f"{what}, as {_NAMES[metric]}. {band}."


def _curve(drawn: svg.Canvas, row: Row, table: pd.DataFrame, metric: str, across: str) -> None:
    before: set[Any] = set(drawn.axes.get_children())
    sns.lineplot(
        data=table, x=across, y=metric, errorbar=("pi", 100) if len(row.training) > 1 else None, color=colour_of(row),
        marker=marker_of(row), markersize=5, markeredgecolor=svg.SURFACE, linewidth=1.6, err_kws={"alpha": 0.18, "linewidth": 0},
        dashes=False, legend=False, ax=drawn.axes,
    )  # fmt: skip
    made = [one for one in drawn.axes.get_children() if one not in before]
    for line in made:
        if hasattr(line, "set_dashes") and _DASHES[row.index // 8 % len(_DASHES)]:
            line.set_dashes(_DASHES[row.index // 8 % len(_DASHES)])
    last = table[table["epoch"] == table["epoch"].max()]
    value = float(last[metric].mean())
    shown = (
        quantity("accuracy" if metric == "test_accuracy" else metric, "1", value)
        if metric == "test_accuracy"
        else f"{value:.3g}"
    )
    spread = ""
    if len(last) > 1:
        low, high = (f"{edge:.4g}" if metric != "test_accuracy" else quantity("accuracy", "1", edge) for edge in
            (float(last[metric].min()), float(last[metric].max())))  # fmt: skip
        spread = f" (seeds from {low} to {high})"
    seconds = quantity("step", "s", float(last["seconds"].iloc[0]))
    text = f"{row.label}: {_NAMES[metric]} {shown}{spread} after epoch {int(last['epoch'].iloc[0])}, {seconds}, n = {plural(len(last), 'seed')}"
    drawn.mark(made, [row.key], text)
