"""Tuning: a picture of accuracy on held-out images against the learning rate, and how wide the good rates are."""

from dataclasses import dataclass

from bench.plan.cell import Cell
from bench.plan.tuning import Trial, at_edge, best_of, good_width, group_of, merged, usable
from bench.report import svg
from bench.report.plotting import Picture, accuracy_axis, colour_of, dot, finish, inside, unit_axis
from bench.report.record import Record, Row
from bench.report.units import quantity


@dataclass(frozen=True, slots=True)
class Tuned:
    """The trials of one row, in order of their rates and those of several seeds together, and the best rate.

    Attributes:
        row: the row of the table.
        trials: one a rate, the mean over its seeds.
        best: of these.
        seeds: each trial by itself.

    """

    row: Row
    trials: tuple[Trial, ...]
    best: Trial
    seeds: tuple[Trial, ...] = ()

    @property
    def trained(self) -> list[tuple[float, float]]:
        """Rate and accuracy of each trial that went well."""
        return [(trial.learning_rate, trial.accuracy or 0.0) for trial in usable(self.trials)]

    @property
    def width(self) -> float:
        """The factor over which rates stay good."""
        return good_width(self.trials, self.best)

    @property
    def edge(self) -> bool:
        """Whether the best rate is the first or the last."""
        return at_edge(self.trials, self.best)


def tuned(record: Record) -> list[Tuned]:
    """What was tuned, for each row whose learning rate was looked for."""
    rows = {group_of(cell): row for row in record.rows for cell in row.cells}
    tunings = []
    for stored in record.facts.tuned:
        seeds = [Trial(**trial) for trial in stored["trials"]]
        best, row = best_of(seeds), rows.get(group_of(Cell.from_dict(stored["cell"])))
        if best and row:
            tunings.append(Tuned(row, tuple(merged(seeds)), best, tuple(seeds)))
    return sorted(tunings, key=lambda tuning: tuning.row.index)


def tuning(record: Record) -> list[Picture]:
    """Accuracy against the learning rate; nothing for a run that tuned none."""
    tunings = tuned(record)
    if not tunings:
        return []
    drawn = svg.canvas("tuning-rates", height=260)
    accuracy_axis(drawn.axes, [accuracy for searched in tunings for _, accuracy in searched.trained])
    drawn.axes.set_title("accuracy on held-out images", loc="left", color=svg.MUTED)
    drawn.axes.set_xscale("log")
    for searched in tunings:
        _draw(drawn, searched)
    drawn.axes.grid(axis="both")
    unit_axis(drawn.axes.xaxis, "learning_rate", "1")
    drawn.axes.set_xlabel("learning rate")
    caption = (
        "Every configuration had the same number of trials, on rates evenly spaced on a logarithmic axis around its "
        "own; a point is the mean over the seeds of a rate, which no result has, and the ring marks the rate that was "
        "taken. Accuracy is that of a twelfth of the training images, which training left out. A rate at which "
        "training diverged, failed or timed out with any seed has no point."
    )
    return [finish(drawn, "Accuracy against the learning rate", caption)]


def _draw(drawn: svg.Canvas, searched: Tuned) -> None:
    points = [(rate, inside(accuracy)) for rate, accuracy in searched.trained]
    line = drawn.axes.plot(
        *zip(*points, strict=True), color=colour_of(searched.row), linewidth=1.4, alpha=0.8, zorder=2
    )
    marks = drawn.axes.plot(*zip(*points, strict=True), **dot(searched.row, 5))
    ring = drawn.axes.plot(
        [searched.best.learning_rate],
        [inside(searched.best.accuracy or 0)],
        marker="o",
        markersize=12,
        markerfacecolor="none",
        markeredgecolor=colour_of(searched.row),
        markeredgewidth=1.4,
        linestyle="none",
        zorder=4,
    )
    drawn.mark([*line, *marks, *ring], [searched.row.key], in_words(searched))


def in_words(searched: Tuned) -> str:
    """The trials in words."""
    each = ", ".join(
        f"{trial.learning_rate:g} "
        + (trial.status if trial.accuracy is None else quantity("accuracy", "1", trial.accuracy))
        for trial in searched.trials
    )
    edge = ", at the edge of what was tried" if searched.edge else ""
    return f"{searched.row.label}: best at {searched.best.learning_rate:g}{edge}; {each}"
