"""Flame: a tree of frames laid out as boxes, the stack downwards and time to the right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.report.kernels import ORDER
from bench.report.units import percent, quantity
from bench.trace.flame import Frame
from bench.trace.pieces import IDLE

NARROWEST = 0.0015  # of the whole; narrower frames are not drawn, and count to the one above all the same
MOST_BOXES, MOST_ROWS = 1500, 40
LONGEST = 300  # characters of a name; kernels from templates have thousands
PLAIN = 0.002  # of the larger step: by less a frame neither grew nor shrank to the eye
STRONG = 0.02  # of the larger step: by more its change is seen at once


@dataclass(frozen=True, slots=True)
class Box:
    """One frame of the picture.

    Attributes:
        name: of the frame, cut where it is long.
        left: where it begins, in percent of the width.
        width: in percent.
        row: how deep it lies, from 0.
        look: its classes in the style sheet.
        words: its times, and what it is for.
        change: its difference, with a sign; "" for one trace.

    """

    name: str
    left: float
    width: float
    row: int
    look: str
    words: str
    change: str


@dataclass(frozen=True, slots=True)
class Flame:
    """A picture of the step on one side: `name` is its id on the page."""

    name: str
    title: str
    caption: str
    boxes: Sequence[Box]
    legend: Sequence[tuple[str, str]]

    @property
    def rows(self) -> int:
        """How deep the stack is."""
        return 1 + max((box.row for box in self.boxes), default=0)


def flame(name: str, title: str, caption: str, root: Frame, *, both: bool) -> Flame:
    """The picture of a step, or with `both` of the difference of two."""
    widths = _widths(root)
    whole = widths[id(root)] or 1.0
    least = max(NARROWEST, sorted((width / whole for width in widths.values()), reverse=True)[:MOST_BOXES][-1])
    step = max(root.before, root.after)
    boxes = []
    for frame, left, row in _places(root, widths):
        width = widths[id(frame)] / whole
        if width >= least and row < MOST_ROWS:
            look = _look_of_change(frame, step) if both else look_of(frame.category)
            words = _both(frame) if both else _one(frame, step)
            grew = change(frame.difference) if both else ""
            boxes.append(Box(_cut(frame.name), 100 * left / whole, 100 * width, row, look, words, grew))
    return Flame(name, title, caption, boxes, CHANGES if both else _legend(root))


CHANGES = (("grew much", "grown strong"), ("grew", "grown"), ("shrank much", "shrunk strong"), ("shrank", "shrunk"))


def look_of(category: str) -> str:
    """The classes of a category: one of eight colours, and stripes where a colour is used again."""
    if category.startswith(IDLE):
        return "idle"
    if category not in ORDER:
        return "neutral"
    at = ORDER.index(category)
    return f"k{at % 8 + 1}{' striped' if at >= 8 else ''}"


def _widths(root: Frame) -> dict[int, float]:
    """The width of each frame by its id, in seconds."""
    widths: dict[int, float] = {}

    def measure(frame: Frame) -> float:
        own = max(frame.own_before, frame.own_after)
        widths[id(frame)] = own + sum(measure(within) for within in frame.within.values())
        return widths[id(frame)]

    measure(root)
    return widths


def _places(root: Frame, widths: dict[int, float]) -> Iterator[tuple[Frame, float, int]]:
    """Each frame with where it begins, in seconds, and its row; a frame comes before those within it."""
    waiting = [(root, 0.0, 0)]
    while waiting:
        frame, left, row = waiting.pop()
        yield frame, left, row
        inside = []
        for within in sorted(frame.within.values(), key=lambda within: (-widths[id(within)], within.name)):
            inside.append((within, left, row + 1))
            left += widths[id(within)]
        waiting += reversed(inside)


def _one(frame: Frame, step: float) -> str:
    words = f"{seconds(frame.after)}, {percent(frame.after / step)} of the step"
    own = f"; {seconds(frame.own_after)} of its own" if frame.within and frame.own_after > PLAIN * step else ""
    return f"{words}{own}{f'; {frame.category}' if frame.category else ''}"


def _both(frame: Frame) -> str:
    return f"{change(frame.difference)}: {seconds(frame.before)} first, {seconds(frame.after)} second"


def _look_of_change(frame: Frame, step: float) -> str:
    share = frame.difference / step
    if abs(share) < PLAIN:
        return "neutral"
    return ("grown" if share > 0 else "shrunk") + (" strong" if abs(share) >= STRONG else "")


def change(difference: float) -> str:
    """A difference of times with its sign."""
    return f"{'+' if difference >= 0 else ''}{seconds(difference)}"


def seconds(value: float) -> str:
    """A time as the page prints it."""
    return quantity("step", "s", value)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _legend(root: Frame) -> list[tuple[str, str]]:
    """Each category that is seen, with its classes."""
    sums: dict[str, float] = {}
    waiting = [root]
    while waiting:
        frame = waiting.pop()
        waiting += frame.within.values()
        name = IDLE if frame.category.startswith(IDLE) else frame.category
        if name:
            sums[name] = sums.get(name, 0.0) + frame.own_after
    least = NARROWEST * sum(sums.values())
    return [(name, look_of(name)) for name in sorted(sums, key=lambda name: -sums[name]) if sums[name] >= least]
