"""Recipes on the page: what each change of the base costs a step and gains in accuracy, side by side."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.plan.cell import Cell
from bench.report import svg
from bench.report.order import Sentence
from bench.report.plotting import Picture, finish, short
from bench.report.record import Record, images_of
from bench.stats.interval import Interval
from bench.store.recipes import Change, changes_of, how_sure, within
from bench.text import joined

_EACH, _EXTRA = 20.0, 62.0  # points of a line, and of what stands above and below them


def changing(record: Record) -> list[Picture]:
    """A line for each change, its cost at the left and its gain at the right; nothing for a run without a base."""
    changes = changes_of(record.results, record.facts.plan, record.machines)
    if not changes:
        return []
    drawn = svg.canvas("recipes", width=520, height=_EACH * len(changes) + _EXTRA)
    left = drawn.axes
    left.set_subplotspec(left.figure.add_gridspec(1, 2)[0])
    right = drawn.figure.add_subplot(1, 2, 2, sharey=left)
    left.set_ylim(len(changes) - 0.4, -0.6)
    left.set_yticks(range(len(changes)), [short(change.name, 34) for change in changes], color=svg.INK)
    right.tick_params(labelleft=False)
    keys = defaultdict[Cell, list[str]](list)  # of a configuration, one a machine
    for row in record.rows:
        keys[row.cells[0].configuration].append(row.key)
    for at, change in enumerate(changes):
        key = keys[change.cell]
        drawn.mark(left.get_yticklabels()[at], key)
        for axes, interval, shown in ((left, change.step, _percent), (right, change.gain, _points)):
            if interval is not None:
                drawn.mark(_point(axes, interval, shown, at), key, change.in_words)
    for axes, title in ((left, "a step takes, % more"), (right, "accuracy gains, points")):
        axes.axvline(0, color=svg.MUTED, linewidth=0.8, zorder=1)
        axes.set_title(title, loc="left", color=svg.MUTED)
        axes.grid(axis="x")
    _stretch(right, [each.gain for each in changes if each.gain])
    gains = (
        f", the gain in {images_of(record.rows)} accuracy is paired by seed. What costs little and gains lies near the "
        "line at the left and beyond it at the right"
    )
    known = any(each.gain for each in changes)
    caption = (
        f"Each line is one thing that is otherwise than in {_bases(changes)}; bars are 95 % intervals. A step's cost "
        f"is over processes{gains if known else '; no accuracies are known that compare'}.{within(changes)}"
    )
    return [finish(drawn, "What each change costs and gains", caption)]


def recipe_sentence(record: Record) -> Sentence | None:
    """Which changes gain and which lose beyond chance; None for a run without a base."""
    changes = changes_of(record.results, record.facts.plan, record.machines)
    if not changes:
        return None
    words = f"{'; '.join(change.in_words for change in changes)}."
    if not any(each.gain for each in changes):
        return Sentence("Recipe", f"Beside {_bases(changes)}, no accuracies are known that compare.", words)
    gains, losses = (
        joined((each.name for each in changes if each.verdict == verdict), most=8) for verdict in ("gains", "loses")
    )
    claims = [f"accuracy gains by {gains}"] if gains else []
    claims += [f"loses by {losses}"] if losses else []
    claim = f"Beside {_bases(changes)}, {' and '.join(claims) or 'no change moves accuracy beyond chance'}."
    return Sentence("Recipe", claim, f"{words} Here {how_sure(changes)}.")


def _bases(changes: Sequence[Change]) -> str:
    return joined(dict.fromkeys(change.base.id for change in changes), most=3)


def _point(axes: Any, interval: Interval, shown: Callable[[float], float], at: int) -> list[Any]:
    """The value and its interval on a line of its own."""
    artists = []
    if interval.low is not None and interval.high is not None:
        ends = [shown(interval.low), shown(interval.high)]
        artists += axes.plot(ends, [at, at], color=svg.SERIES[0], linewidth=2, alpha=0.5, zorder=2)
    artists += axes.plot([shown(interval.value)], [at], "o", color=svg.SERIES[0], markersize=5.5, zorder=3)
    return artists


def _stretch(axes: Any, gains: Sequence[Interval]) -> None:
    """Where a change loses many points, have the axis run by factors beyond half a point, so that others are seen."""
    if max((abs(_points(end or 0.0)) for gain in gains for end in (gain.value, gain.low, gain.high)), default=0) > 2:
        axes.set_xscale("symlog", linthresh=0.5)
        axes.xaxis.set_major_locator(FixedLocator([-50, -10, -2, -0.5, 0, 0.5, 2, 10, 50]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _percent(ratio: float) -> float:
    return (ratio - 1) * 100


def _points(gain: float) -> float:
    return gain * 100
