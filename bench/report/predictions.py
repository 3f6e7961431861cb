"""Predictions: pictures of the data, of what nets predict, of the classes they confuse, and of their worst mistakes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.report.drawing import Bytes, Drawing, pixels_of
from bench.report.plotting import Picture, keep, short
from bench.report.rank import ordered
from bench.report.record import Record, Row, images_of
from bench.report.shown import of_channels
from bench.report.units import quantity
from bench.text import plural

MOST_ROWS = 4  # configurations that are looked at closely: the most accurate, and the least accurate
MOST_CLASSES = 12  # more make a matrix nobody can read
GRID = 14  # pixels of a side of the grid of numbers
WIDTH = 320.0
_TOP = 3  # scores beside an image
_AT_END = " At the end of a row: how many of the class are right."
_RIGHT = 42.0  # width of the column of accuracies beside the matrix
_LINE = "stroke: var(--line); stroke-width: 0.5"

Seen = Mapping[str, Any]  # an image as the learning record has it


def seeing(record: Record) -> list[Picture]:
    """The pictures of the trained configurations whose records hold images."""
    rows = [row for row in record.rows if row.status == "ok" and row.training and row.training[0].get("digits")]
    ranked = ordered([row for row in rows if "accuracy" in row.values], "accuracy")
    close = ranked if len(ranked) <= MOST_ROWS else [*ranked[: MOST_ROWS - 1], ranked[-1]]
    drawn = [picture for row in _one_a_dataset(rows) for picture in (_samples(row), _grid(row)) if picture]
    for at, row in enumerate(close):
        extreme = at in (0, len(close) - 1)
        pictures = (_scores(row) if extreme else None, _confusion(row), _mistakes(row))
        drawn += [picture for picture in pictures if picture]
    return drawn


def _one_a_dataset(rows: list[Row]) -> list[Row]:
    return list({row.cell.get("dataset"): row for row in reversed(rows)}.values())[::-1][:3]


def _images(row: Row, key: str) -> list[tuple[Seen, Bytes]]:
    """The images of one list of the row's first seed, without those that cannot be read."""
    listed = row.training[0].get(key)
    pairs = [(image, pixels_of(image.get("image"))) for image in listed or [] if isinstance(image, Mapping)]
    return [(image, pixels) for image, pixels in pairs if pixels is not None]


def class_name(row: Row, label: Any, most: int = 12) -> str:
    """The name of a class."""
    classes = row.training[0].get("classes") or []
    known = isinstance(label, int) and 0 <= label < len(classes)
    return short(str(classes[label] if known else label), most)


def described(drawn: Drawing, title: str, caption: str, rows: str = "") -> Picture:
    """The picture of a drawing; its description repeats the numbers, for those who do not see it."""
    keep(drawn)
    words = " ".join(f"{text}." for _, text in drawn.marks[:40])
    numbers = tuple(dict.fromkeys(drawn.marks))
    return Picture(drawn.name, title, caption, drawn.rendered(title, f"{caption} {words}"), numbers, rows)


def _samples(row: Row) -> Picture | None:
    """One test image of each class."""
    images = _images(row, "digits")
    if not images:
        return None
    columns, side, step = 5, 48.0, WIDTH / 5
    lines = -(-len(images) // columns)
    drawn = Drawing(f"seeing-samples-{row.key}", WIDTH, lines * (side + 22))
    for at, (image, pixels) in enumerate(images):
        x, y = at % columns * step, at // columns * (side + 22)
        name = class_name(row, image.get("label"))
        group = drawn.mark(row.key, f"test image {image.get('index')}: class {name}")
        drawn.image(x + (step - side) / 2, y, side, pixels, group)
        drawn.text(x + step / 2, y + side + 11, name, anchor="middle", colour="--muted", parent=group)
    dataset, shape = row.cell.get("dataset"), images[0][1].shape
    caption = (
        f"The first test image of each {_classes(row, len(images))} of {dataset}, {shape[1]} by {shape[2]} pixels as "
        f"kept in the record.{of_channels([row])}"
    )
    return described(drawn, f"The data: {short(str(dataset))}", caption)


def _classes(row: Row, shown: int) -> str:
    """What there is an image of each of: classes, or the first of so many."""
    named = len(row.training[0].get("classes") or ())
    return f"of {shown} of {named} classes" if shown < named else "class"


def _grid(row: Row) -> Picture | None:
    """The middle of one image as the numbers that a net is given."""
    images = _images(row, "digits")
    if not images:
        return None
    image, pixels = images[-1]
    plane = pixels[0]
    height, width = (min(GRID, size) for size in plane.shape)
    top, left = ((size - kept) // 2 for size, kept in zip(plane.shape, (height, width), strict=True))
    part, cell = plane[top : top + height, left : left + width].tolist(), WIDTH / width
    drawn = Drawing(f"seeing-pixels-{row.key}", WIDTH, cell * height)
    name = class_name(row, image.get("label"))
    for y, line in enumerate(part):
        for x, value in enumerate(line):
            tint = f"fill: var(--c1); fill-opacity: {value / 255 * 0.42:.3f}; {_LINE}"
            drawn.rect((x * cell, y * cell, cell, cell), tint)
            if value:
                drawn.text((x + 0.5) * cell, (y + 0.64) * cell, str(value), size=8, anchor="middle")
    drawn.marks.append((row.key, f"brightest pixel of these {height * width}: {max(map(max, part))}"))
    channel = ", its first channel" if max(len(pixels), row.channels) > 1 else ""
    caption = (
        f"The middle {height} by {width} pixels of a test image of class {name}{channel}, as bytes of 0 to 255; zeros "
        "are left out. Nets see these numbers after the scaling that a configuration chooses."
    )
    return described(drawn, f"The data as numbers: {short(str(row.cell.get('dataset')))}", caption)


def _scores(row: Row) -> Picture | None:
    """What the row says of one image of each class."""
    images = _images(row, "digits")
    if not images:
        return None
    drawn = _gallery(f"seeing-scores-{row.key}", row, images)
    right = sum(image.get("label") == image.get("predicted") for image, _ in images)
    seed = row.training[0].get("seed")
    caption = (
        f"The three classes that {row.label} (seed {seed}) gives the highest probability to the first test image of "
        f"each {_classes(row, len(images))}, after training; the true class is green and marked with a tick. "
        f"It is right on {right} of {len(images)}.{of_channels([row])}"
    )
    return described(drawn, f"Class scores of {short(row.label)}", caption, row.key)


def _mistakes(row: Row) -> Picture | None:
    """The row's wrong answers of highest cross entropy."""
    images = _images(row, "mistakes")
    if not images:
        return None
    drawn = _gallery(f"seeing-mistakes-{row.key}", row, images)
    seed = row.training[0].get("seed")
    caption = (
        f"The {len(images)} test images on which {row.label} (seed {seed}) was most wrong, by cross entropy, with its "
        "three top probabilities; the true class, where it is among them, is green and marked with a tick."
        f"{of_channels([row])}"
    )
    return described(drawn, f"Worst mistakes of {short(row.label)}", caption, row.key)


def _gallery(name: str, row: Row, images: list[tuple[Seen, Bytes]]) -> Drawing:
    """Images in two columns, each with its highest scores as bars."""
    side, block = 44.0, 60.0
    drawn = Drawing(name, WIDTH, -(-len(images) // 2) * block)
    names = [class_name(row, label, 9) for image, _ in images for label, _ in _top(image)]
    wide = min(46.0, 8 + 5 * max(map(len, names), default=1))
    for at, (image, pixels) in enumerate(images):
        x, y = at % 2 * (WIDTH / 2 + 3), at // 2 * block
        group = drawn.mark(row.key, _in_words(row, image))
        drawn.image(x, y, side, pixels, group)
        for line, (label, share) in enumerate(_top(image)):
            true, base = label == image.get("label"), y + 11 + line * 15
            start, room = x + side + 6 + wide, 157 - side - 6 - wide - 38
            tick = "\u2713" if true else ""
            drawn.text(start - 3, base, tick + class_name(row, label, 9), anchor="end", parent=group)
            colour = "--c3" if true else "--c2"
            drawn.rect((start, base - 8, max(room * share, 0.7), 9), f"fill: var({colour})", group)
            drawn.text(start + room * share + 3, base, probability(share), size=8, colour="--muted", parent=group)
        drawn.text(x, y + side + 9, f"is {class_name(row, image.get('label'))}", size=8, colour="--muted", parent=group)
    return drawn


def _top(image: Seen) -> list[tuple[Any, float]]:
    scores = [pair for pair in image.get("scores") or [] if isinstance(pair, list) and len(pair) == 2]
    return [
        (label, float(share)) for label, share in scores[:_TOP] if isinstance(share, int | float) and 0 <= share <= 1
    ]


def probability(share: float) -> str:
    """A probability, whose ends are never rounded to certainty: 97 %, 99.7 %, 0.24 %."""
    if share >= 0.9995:
        return "> 99.9 %"
    if share < 0.0001:
        return "< 0.01 %"
    return f"{share * 100:.1f} %" if share >= 0.985 else f"{share * 100:.2g} %"


def _in_words(row: Row, image: Seen) -> str:
    scores = ", ".join(f"{class_name(row, label)} {probability(share)}" for label, share in _top(image))
    return f"{row.label}, test image {image.get('index')}, class {class_name(row, image.get('label'))}: {scores}"


def matrix(stored: Any) -> npt.NDArray[np.int64] | None:
    """A square matrix of counts, of any number of classes; None for anything else."""
    try:
        counts = np.array(stored, dtype=np.int64)
    except (ValueError, TypeError, OverflowError):
        return None
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1]
    return counts if square and len(counts) else None


def _right(counts: npt.NDArray[np.int64]) -> list[str]:
    """The accuracy of each class, by the counts of all seeds; a dash where the test images have none of it."""
    shares = [(right, of) for right, of in zip(counts.diagonal(), counts.sum(axis=1), strict=True)]
    return [quantity("accuracy", "1", float(right / of)) if of else "-" for right, of in shares]


def _each(row: Row, shares: list[str]) -> str:
    return ", ".join(f"{class_name(row, at)} {share}" for at, share in enumerate(shares))


def _confusion(row: Row) -> Picture | None:
    """Which classes the row takes for which, all seeds together; None of more classes than a picture can hold."""
    matrices = [counts for training in row.training if (counts := matrix(training.get("confusion"))) is not None]
    if len({len(matrix) for matrix in matrices}) != 1 or len(matrices[0]) > MOST_CLASSES:
        return None
    counts, classes = np.sum(matrices, axis=0), len(matrices[0])
    right = _right(counts)
    left, top, edge = 46.0, 26.0, WIDTH - _RIGHT
    cell, high = (edge - left) / classes, 21.0
    drawn = Drawing(f"seeing-confusion-{row.key}", WIDTH, top + classes * high + 2)
    drawn.text(left, 9, "predicted", colour="--muted")
    drawn.text(left - 6, top - 5, "true", anchor="end", colour="--muted")
    wrong = counts - np.diag(np.diag(counts))
    most = max(int(wrong.max()), 1)
    for at in range(classes):
        drawn.text(left + (at + 0.5) * cell, top - 5, class_name(row, at, 5), anchor="middle")
        drawn.text(left - 6, top + (at + 0.66) * high, class_name(row, at, 9), anchor="end")
        for other in range(classes):
            count, own = int(counts[at, other]), at == other
            tint = 0.16 if own else 0.45 * count / most
            style = f"fill: var({'--c3' if own else '--c2'}); fill-opacity: {tint:.3f}; {_LINE}"
            drawn.rect((left + other * cell, top + at * high, cell, high), style)
            if count:
                drawn.text(left + (other + 0.5) * cell, top + (at + 0.66) * high, str(count), anchor="middle")
        drawn.text(WIDTH - 1, top + (at + 0.66) * high, right[at], anchor="end")
    drawn.text(WIDTH - 1, top - 5, "right", anchor="end", colour="--muted")
    drawn.marks.append((row.key, f"{row.label}, right of each class: {_each(row, right)}"))
    worst = sorted(((int(wrong[pair]), *pair) for pair in np.ndindex(*wrong.shape) if wrong[pair]), reverse=True)
    drawn.marks += [
        (
            row.key,
            f"{row.label}: {class_name(row, true)} taken for {class_name(row, predicted)} {plural(count, 'time')}",
        )
        for count, true, predicted in worst[:10]
    ]
    accuracy = quantity("accuracy", "1", float(np.trace(counts) / max(counts.sum(), 1)))
    caption = (
        f"How often {row.label} took each class (row) for each other (column) on the {images_of([row])} images, "
        f"{plural(len(matrices), 'seed')} together: {accuracy} are right, on the diagonal; the stronger the tint "
        f"beside it, the more often that mistake.{_AT_END}"
    )
    return described(drawn, f"Confusion matrix of {short(row.label)}", caption, row.key)
