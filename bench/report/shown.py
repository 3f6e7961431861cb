"""Shown: which seed the little pictures are of, and which channels of the images, where either is not all there is."""

from collections.abc import Sequence

from bench.report.plotting import short
from bench.report.record import Row
from bench.text import joined

_WHOLE = (0, 1, 3)  # channels that a picture has all of; 0 where nothing tells how many there are
_FIRST, _FIRST_THREE = "the first is shown", "the first three are shown, as red, green and blue"


def of_seed(rows: Sequence[Row]) -> str:
    """The seed whose nets are shown, where a row has several or rows have different ones; "" elsewhere."""
    seeds: dict[int, list[str]] = {}
    for row in rows:
        if (seed := row.seed_looked_into) is not None:
            seeds.setdefault(seed, []).append(row.label)
    if not seeds or (len(seeds) == 1 and all(len(row.cells) == 1 for row in rows)):
        return ""
    usual = max(seeds, key=lambda seed: len(seeds[seed]))
    others = [f"{joined(labels, most=3)} of seed {seed}" for seed, labels in seeds.items() if seed != usual]
    return f" Pictures are of seed {usual}{f', of {joined(others)}' if others else ''}."


def of_channels(rows: Sequence[Row]) -> str:
    """Which channels are shown of images that have others too; "" where pictures have all of them."""
    counts = {str(row.cell.get("dataset")): row.channels for row in rows if row.channels not in _WHOLE}
    return "".join(
        f" Of the {count} channels of {short(name)} {_FIRST if count == 2 else _FIRST_THREE}."
        for name, count in counts.items()
    )
