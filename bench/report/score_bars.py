"""Score bars: what a net gives each class of an image, before the softmax and after it."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np

from bench.report.drawing import Bytes, Drawing
from bench.report.learnt import opened
from bench.report.plotting import Picture, short
from bench.report.predictions import class_name, described, probability
from bench.report.record import Row
from bench.report.shown import of_channels, of_seed
from bench.store.insight import Scored
from bench.text import number

WIDTH = 320.0
_SIDE, _HIGH, _NAME, _TEXTS = 44.0, 44.0, 13.0, 24.0
_PANELS = (("scores", 56.0), ("softmax", 194.0))  # and where they begin
_WIDE = 122.0  # a panel
_MOST = 10  # classes in one


def score_bars(rows: Sequence[Row]) -> Picture | None:
    """Each chosen image of each row with its scores and their softmax as bars."""
    shown = [(row, images) for row in rows if (images := _images(row))]
    if not shown:
        return None
    lines = sum(len(images) for _, images in shown)
    drawn = Drawing("insight-scores", WIDTH, len(shown) * _NAME + lines * (_HIGH + _TEXTS))
    top = 0.0
    for row, images in shown:
        drawn.text(0, top + 9, short(row.label, 30))
        for name, left in _PANELS:
            drawn.text(left + _WIDE, top + 9, name, size=7.5, anchor="end", colour="--muted")
        top += _NAME
        for image, pixels in images:
            _image(drawn, row, image, pixels, top)
            top += _HIGH + _TEXTS
    drawn_of = [row for row, _ in shown]
    few = all(len(image.scores) <= _MOST for _, images in shown for image, _ in images)
    rest = "" if few else f" over all classes; of more than {_MOST} the true one and those of the highest scores stand"
    caption = (
        "What nets give each class of a test image of either of two classes, and of their worst mistake: the scores as "
        "they leave the net, above and below 0, and what the softmax makes of them, which add up to 100 %"
        f"{rest}. The true class is green, its name under the bars marked with a tick. A lead of a few points is "
        f"certainty after it.{of_channels(drawn_of)}{of_seed(drawn_of)}"
    )
    return described(drawn, "Class scores and softmax", caption)


def _images(row: Row) -> list[tuple[Scored, Bytes]]:
    """Those with the scores of all classes: without one of them there is no softmax."""
    seen, classes = row.insights[0].scores or (), len(row.training[0].get("classes") or ()) if row.training else 0
    return [
        (image, pixels[0])
        for image in seen
        if image.scores
        and image.label < len(image.scores) == (classes or len(image.scores))
        and (pixels := opened(image.image)) is not None
    ]


def _shown(image: Scored) -> list[int]:
    """The classes that have bars: all, or the true one and those of the highest scores."""
    others = [at for at in range(len(image.scores)) if at != image.label]
    highest = sorted(others, key=lambda at: image.scores[at], reverse=True)[: _MOST - 1]
    return sorted([image.label, *highest])


def _image(drawn: Drawing, row: Row, image: Scored, pixels: Bytes, top: float) -> None:
    shares, shown = softmax(image.scores), _shown(image)
    label, predicted = (class_name(row, place) for place in (image.label, image.predicted))
    every = ", ".join(f"{class_name(row, at)} {number(image.scores[at])} ({probability(shares[at])})" for at in shown)
    group = drawn.mark(row.key, f"{row.label}, test image {image.index}, class {label}, taken for {predicted}: {every}")
    drawn.image(0, top, _SIDE, pixels, group)
    drawn.text(0, top + _SIDE + 9, f"is {short(label, 9)}", size=7.5, colour="--muted", parent=group)
    for (_, left), values in zip(_PANELS, (image.scores, shares), strict=True):
        named = [(class_name(row, at, 3), values[at]) for at in shown]
        _bars(drawn, shown.index(image.label), named, (left, top), group)


def _bars(
    drawn: Drawing, true: int, named: Sequence[tuple[str, float]], place: tuple[float, float], group: ET.Element
) -> None:
    """Bars from a line at 0, a class each, their names below."""
    values = [value for _, value in named]
    left, top = place
    high, low = max(*values, 0.0), min(*values, 0.0)
    span, pitch = (high - low) or 1.0, _WIDE / len(values)
    zero = top + _HIGH * high / span
    for at, (name, value) in enumerate(named):
        ends = sorted((zero, zero - _HIGH * value / span))
        colour = "--c3" if at == true else "--c2"
        bar = (left + at * pitch + 1, ends[0], pitch - 2, max(ends[1] - ends[0], 0.7))
        drawn.rect(bar, f"fill: var({colour})", group)
        middle = left + (at + 0.5) * pitch
        drawn.text(middle, top + _HIGH + 9, name, size=7.5, anchor="middle", colour="--muted")
        if at == true:
            drawn.text(middle, top + _HIGH + 18, "\u2713", size=7.5, anchor="middle", parent=group)
    drawn.rect((left, zero - 0.25, _WIDE, 0.5), "fill: var(--muted)", group)


def softmax(scores: Sequence[float]) -> list[float]:
    """Shares of 1, by the exponentials of the scores."""
    powers = np.exp(np.array(scores) - max(scores))
    return [float(share) for share in powers / powers.sum()]
