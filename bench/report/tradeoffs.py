"""Trade-offs: pictures of accuracy against each cost, with the Pareto front."""

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.metrics import METRICS, named
from bench.report import svg
from bench.report.comparable import Group, groups
from bench.report.plotting import (
    DASHED,
    GOES_ON,
    MOST_NAMES,
    Picture,
    accuracy_axis,
    arms,
    axis_name,
    finish,
    inside,
    numbered,
    unit_axis,
)
from bench.report.point_names import name_points
from bench.report.rank import lower_is_better, ordered
from bench.report.record import Record, Row, Value, images_of
from bench.report.scatter import Reach, Spot, bars, scatter
from bench.report.table import in_words, percent_of
from bench.report.units import tick
from bench.store.result import Floats
from bench.text import joined

_RADIUS = 6.5  # points, of a ring
_RING: dict[str, Any] = {
    "marker": "o",
    "s": (2 * _RADIUS) ** 2,
    "facecolors": [(0.0, 0.0, 0.0, 0.0)],  # one colour, so that all are one artist in the file too
    "edgecolors": svg.MUTED,
    "linewidths": 1,
    "zorder": 2,
}
_TIME = ("time_to_accuracy", "training_step", "steps_to_accuracy")


def choosing(record: Record) -> list[Picture]:
    """Accuracy against each kind of cost."""
    against = named(lambda row: row.tradeoff)
    fronts = [
        picture
        for metric in against
        for at, group in enumerate(groups(record, _drawn(record, metric), "accuracy", metric))
        if (picture := _front(group, metric, at))
    ]
    timed = record.having(*_TIME)
    return [*fronts, *_splits(record, timed)]


def _drawn(record: Record, metric: str) -> list[Row]:
    """The rows whose accuracies compare and that an axis can show."""
    return [row for row in record.judged(metric) if row.values[metric].value > 0]


def front(rows: list[Row], metric: str) -> list[Row]:
    """The rows whose values no other's beat in both accuracy and `metric`, the cheapest first."""
    best: list[Row] = []
    for row in ordered(rows, metric):
        if not best or row.values["accuracy"].value > best[-1].values["accuracy"].value:
            if best and row.values[metric].value == best[-1].values[metric].value:
                best.pop()
            best.append(row)
    return best


def tied_to_front(rows: list[Row], metric: str) -> list[Row]:
    """The other rows that none is certainly better than in both, the cheapest first: they may be on the front."""
    best, beaten = {row.key for row in front(rows, metric)}, _beaten(rows, metric)
    tied = [row for row, lost in zip(rows, beaten, strict=True) if not lost and row.key not in best]
    return ordered(tied, metric)


def _beaten(rows: list[Row], metric: str) -> npt.NDArray[np.bool_]:
    """Whether some row is certainly better in accuracy, and in the metric too or exactly as good; of all pairs at once.

    What has no interval is compared as nan, which is neither better nor worse.
    """
    (up_low, up_high), (low, high) = (_ends(rows, name) for name in ("accuracy", metric))
    exact = np.array([row.values[metric].value if row.values[metric].statistic == "exact" else np.nan for row in rows])
    same = exact[:, None] == exact
    beaten: npt.NDArray[np.bool_] = ((up_high[:, None] < up_low) & (same | (high[:, None] < low))).any(axis=0)
    return beaten


def _ends(rows: list[Row], metric: str) -> tuple[Floats, Floats]:
    reaches = [lower_is_better(row.values[metric]) or (np.nan, np.nan) for row in rows]
    return np.array([low for low, _ in reaches]), np.array([high for _, high in reaches])


def _front(group: Group, metric: str, at: int) -> Picture | None:
    rows = group.rows
    if len({row.values[metric].value for row in rows}) < 2:  # all alike, as the parameters of one net are
        return None
    drawn = svg.canvas(numbered(f"choose-{metric.replace('_', '-')}", at), height=240)
    axes, first, best = drawn.axes, rows[0].values[metric], front(rows, metric)
    axes.set_xscale("log")
    ups = [row.values["accuracy"] for row in rows]
    ends = [end for up in ups for end in _reach(up) or ()]
    cut = accuracy_axis(axes, [up.value for up in ups], f"{images_of(rows)} accuracy", ends=ends)
    spots = {row.key: _spot(row, metric) for row in rows}
    points = {key: (spot.x, spot.y) for key, spot in spots.items()}
    along = [points[row.key] for row in best]
    line = axes.plot(*zip(*along, strict=True), color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    drawn.mark(line, [row.key for row in best])
    tied = tied_to_front(rows, metric)
    if tied:
        rings = axes.scatter(*zip(*(points[row.key] for row in tied), strict=True), **_RING)
        drawn.mark_each(rings, [(row.key, "") for row in tied])
    scatter(drawn, [*spots.values()])
    axes.margins(x=0.14)
    axes.grid(axis="both")
    rate = first.unit == "1/s"
    unit_axis(axes.xaxis, "number" if rate else metric, "1" if rate else first.unit)
    more = first.direction == "higher"
    axes.set_xlabel(f"{axis_name(first)}{', images/s' if rate else ''} · {'more' if more else 'less'} is better")
    named = rows if len(rows) <= MOST_NAMES else best
    half = _RADIUS + 1 if tied else 5
    name_points(drawn, named, [points[row.key] for row in named], points.values(), half, bars=bars([*spots.values()]))
    word = METRICS[metric].words
    ringed = f" A ring marks what intervals cannot tell from the front: {_names(tied)}." if tied else ""
    caption = (
        f"Up and to the {'right' if more else 'left'} is better; the dashed front joins the values that no other value "
        f"beats in both: {_names(best)}.{ringed} Bars are 95 % intervals, absent from single processes and "
        f"seeds{GOES_ON * cut}; the accuracy axis is stretched towards 100 %."
    )
    return finish(drawn, group.titled(f"Accuracy against {word}"), caption)


def _names(rows: list[Row]) -> str:
    return joined(row.label for row in rows)


def _spot(row: Row, metric: str) -> Spot:
    """The row's point; exact counts have no interval, and accuracies and their ends are kept on the axis."""
    cost, up = row.values[metric], row.values["accuracy"]
    along = _reach(up)
    return Spot(
        row=row,
        x=cost.value,
        y=inside(up.value),
        across=_reach(cost),
        along=along and (inside(along[0]), inside(along[1])),
        text=f"{row.label}: {in_words(up)}; {in_words(cost)}",
    )


def _reach(value: Value) -> Reach | None:
    """The interval as it is drawn."""
    lengths = arms(value)
    return (value.value - lengths[0][0], value.value + lengths[1][0]) if lengths else None


def _splits(record: Record, timed: list[Row]) -> list[Picture]:
    """The split for each group of rows whose times compare, where there are two of them."""
    alike = [group for group in groups(record, timed, *_TIME) if len(group.rows) > 1]
    return [_split(group, at, record.target) for at, group in enumerate(alike) if record.target]


def _split(group: Group, at: int, target: float) -> Picture:
    """Time to the target accuracy as seconds a step times steps; along a dashed line the time is the same."""
    rows = group.rows
    drawn = svg.canvas(numbered("choose-time-to-accuracy", at), height=240)
    axes = drawn.axes
    axes.set_xscale("log")
    axes.set_yscale("log")
    spots = [_of_time(row) for row in rows]
    points = [(spot.x, spot.y) for spot in spots]
    scatter(drawn, spots)
    for side, values in (("x", [point[0] for point in points]), ("y", [point[1] for point in points])):
        getattr(axes, f"set_{side}lim")(min(values) / 2.2, max(values) * 2.2)
    _same_times(drawn)
    axes.grid(axis="both")
    unit_axis(axes.xaxis, "number", "1")
    unit_axis(axes.yaxis, "training_step", "s")
    axes.set_xlabel("steps to accuracy · less is better")
    axes.set_title("seconds a step of training", loc="left", color=svg.MUTED)
    name_points(drawn, rows[:MOST_NAMES], points[:MOST_NAMES], points, bars=bars(spots))
    goal = percent_of(target)
    caption = (
        f"Training time to the evaluation that first saw {goal} {images_of(rows)} accuracy is seconds a step (up) "
        "times steps (across); along a dashed line it is the same. It was reached at some time since the evaluation "
        "before, so points that lie close have no order. Bars are 95 % intervals over seeds, absent from single "
        "ones; a configuration of which any seed fell short of the target is not shown."
    )
    return finish(drawn, group.titled(f"Time to {goal}, split"), caption)


def _of_time(row: Row) -> Spot:
    _, step, steps = (row.values[metric] for metric in _TIME)
    text = f"{row.label}: {'; '.join(in_words(row.values[metric]) for metric in _TIME)}"
    return Spot(row=row, x=steps.value, y=step.value, across=_reach(steps), along=_reach(step), text=text)


def _same_times(drawn: svg.Canvas) -> None:
    """Dashed lines of equal time, at round numbers of seconds."""
    axes = drawn.axes
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    times = [size * 10.0**power for power in range(-3, 6) for size in (1, 3)]
    shown = [time for time in times if left * low * 1.5 < time < right * high / 1.5]
    for time in shown:
        axes.plot([left, right], [time / left, time / right], color=svg.LINE, linewidth=1, linestyle=DASHED, zorder=1)
        along = min(right / 1.06, time / low / 1.1)
        axes.text(along, time / along, tick("step", "s", time), fontsize=8, color=svg.MUTED, ha="right", va="bottom")
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
