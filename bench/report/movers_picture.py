"""Picture of movers: the change of each net with its interval, losses, gains and what did not move apart."""

from typing import Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.metrics import row_of
from bench.report import svg
from bench.report.load import clean
from bench.report.movers import Against, Move
from bench.report.plotting import DASHED, Picture, finish, short
from bench.report.units import quantity
from bench.text import change, joined, points, signed
from bench.vocabulary import Movement

MOST = 40  # lines; more are in the table
# colour and marker of each word, two cues
_LOOK: dict[Movement, tuple[str, str]] = {
    "loss": (svg.SERIES[1], "^"),
    "gain": (svg.SERIES[2], "v"),
    "within noise": (svg.MUTED, "o"),
    "not told": (svg.MUTED, "x"),
}
_WORDS: dict[Movement, str] = {
    "loss": "worse \u25b2",
    "gain": "better \u25bc",
    "within noise": "within noise \u25cf",
    "not told": "not told \u00d7",
}


def picture(name: str, against: Against, metric: str) -> Picture:
    """The moves of one metric of `against`, as its table has them."""
    moves = against.tables[metric]
    drawn = svg.canvas(name, width=430, height=16.0 * min(len(moves), MOST) + 64)
    for at, move in enumerate(moves[:MOST]):
        _draw(drawn, at, move)
    axes, shown = drawn.axes, moves[:MOST]
    axes.axvline(0, color=svg.MUTED, linewidth=1, linestyle=DASHED, zorder=1)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), [clean(short(move.net.label, 34)) for move in shown], color=svg.INK)
    axes.xaxis.set_major_formatter(FuncFormatter(_tick if moves[0].is_ratio else lambda value, _: points(value)))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(visible=True, axis="x")
    row = row_of(metric, moves[0].after.unit)
    axes.set_xlabel("change" if moves[0].is_ratio else "difference")
    words = joined(_WORDS[word] for word in _LOOK if any(move.word == word for move in shown))
    rest = f" The first {MOST} of {len(moves)}." if len(moves) > MOST else ""
    caption = f"{words}; bars are the 95 % interval of each alone.{rest}"
    return finish(drawn, clean(f"{row.heading}, {title(against)}"), caption)


def title(against: Against) -> str:
    """What is held against what, by its runs where these tell them apart."""
    before, after = (" ".join(machine.runs) for machine in (against.before, against.after))
    return f"{after} against {before}" if before != after else f"{against.after.name} against {against.before.name}"


def amount(move: Move, *, after: bool) -> str:
    """One of the two numbers with its unit."""
    figure = move.after if after else move.before
    return quantity(move.metric, figure.unit, figure.interval.value)


def in_words(move: Move) -> str:
    """The change with its interval."""
    worded = change if move.is_ratio else points
    return worded(move.by.value, move.by.low, move.by.high)


def _draw(drawn: svg.Canvas, at: int, move: Move) -> None:
    """One line: how far it moved, from 0, and its interval."""
    centre = 1.0 if move.is_ratio else 0.0
    colour, marker = _LOOK[move.word]
    value, low, high = move.by.value, move.by.low, move.by.high
    bars = None if low is None or high is None else [[max(value - low, 0)], [max(high - value, 0)]]
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 6.0, "linestyle": "none", "zorder": 3}
    bar = drawn.axes.errorbar([value - centre], [at], xerr=bars, elinewidth=1.6, **look)
    sides = f"{amount(move, after=False)} before, {amount(move, after=True)} after"
    text = f"{move.net.label}: {in_words(move)}, {move.word}; {sides}"
    drawn.mark([bar.lines[0], *bar.lines[2]], [], clean(text))


def _tick(value: float, _: object) -> str:
    return signed(value)
