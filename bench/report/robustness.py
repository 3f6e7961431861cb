"""Robustness: how accuracy falls with the strength of an attack, and pictures that fooled nets."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import FuncFormatter

from bench.metrics import ROBUST_OF, WORDED_ROBUST
from bench.report import svg
from bench.report.comparable import groups
from bench.report.learnt import opened
from bench.report.multiples import Band, Line, Tile, multiples
from bench.report.plotting import DASHED, Picture, colour_of, dot, finish, short
from bench.report.predictions import class_name, matrix, probability
from bench.report.rank import ordered
from bench.report.record import Record, Row, Value, each_once
from bench.report.shown import of_channels
from bench.report.table import in_words
from bench.report.units import quantity, tied
from bench.stats.interval import Interval
from bench.store.insight import Adversarial, Fooled
from bench.store.pooling import pooled
from bench.text import PERCENT, joined, plural, with_interval

_AT = ROBUST_OF[WORDED_ROBUST]
_NAMED = 3  # nets in the sentence
_LEARNT = 0.1  # of what a guess gets wrong, which a net gets right at least that has learnt something to keep


def robustness(record: Record, rows: Sequence[Row]) -> Picture | None:
    """Accuracy under PGD, drawn through, and under FGSM, dashed, against eps, with intervals over seeds."""
    known = {row.key: attacks for row in rows if (attacks := _attacks(row))}
    rows = [row for row in rows if row.key in known]
    if not rows:
        return None
    drawn = svg.canvas("insight-robustness", width=420, height=250)
    for row in rows:
        _curve(drawn, row, known[row.key])
    axes = drawn.axes
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("eps: the most that a pixel may change, of its range 0 to 1")
    axes.set_title("accuracy under attack", loc="left", color=svg.MUTED)
    attack = known[rows[0].key][0]
    caption = (
        f"{_sentence(record, rows)}Accuracy on {_images(rows, known)}, each changed to fool that net: "
        f"PGD ({plural(attack.steps, 'step')} of {attack.step_size:g} eps from a random start) drawn "
        "through, FGSM (one step of eps) dashed. Bars are 95 % intervals over seeds, where there are several; another "
        "draw of images would move all lines. A stronger attack may find more."
    )
    return finish(drawn, "Accuracy against strength of attack", caption)


def _attacks(row: Row) -> list[Adversarial]:
    return [insight.adversarial for insight in row.insights if insight.adversarial]


def _images(rows: Sequence[Row], known: Mapping[str, Sequence[Adversarial]]) -> str:
    """Which images: the same for all nets of a data set, or fewer of them for those that compute much."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(str(row.cell.get("dataset")), {})[row.label] = known[row.key][0].images
    most = {name: max(each.values()) for name, each in counts.items()}
    fewer = [
        f"{count} of {label}" for name, each in counts.items() for label, count in each.items() if count < most[name]
    ]
    first = f", or the first of them where a net computes much ({joined(fewer)})" if fewer else ""
    if len(most) > 1:
        sets = joined(f"{plural(count, 'image')} of {short(name)}" for name, count in most.items())
        return f"the test images that are the same for all nets of a data set ({sets}){first}"
    return f"the same {plural(max(most.values()), 'test image')}{first or ' for all'}"


def at_chance(row: Row) -> bool:
    """Whether a net is right so seldom that what it keeps tells nothing: an answer that never changes keeps it all."""
    matrices = (matrix(training.get("confusion")) for training in row.training)
    counts = next((each for each in matrices if each is not None), None)
    if counts is None or not counts.sum():
        return False
    guess = float(counts.sum(axis=1).max() / counts.sum())  # the most frequent class, always
    return row.values["accuracy"].value - guess < _LEARNT * (1 - guess)


def _sentence(record: Record, rows: Sequence[Row]) -> str:
    """What the nets keep at the strength that sentences are of, those that compare together, and which are left out."""
    rows = each_once([row for row in rows if "accuracy" in row.values])
    guessing = [row for row in rows if at_chance(row)]
    alike = groups(record, [row for row in rows if _AT in row.values], _AT)
    kept = ((group, [row for row in group.rows if row not in guessing]) for group in alike)
    left = joined((row.label for row in guessing), most=4)
    return "".join(group.says(_kept(members)) for group, members in kept if members) + (
        f"Hardly more often right than a guess, without any attack: {left}. " if left else ""
    )


def _kept(rows: list[Row]) -> str:
    """What the most and the least robust keep."""
    ranked = ordered(rows, _AT)
    shown = ranked if len(ranked) <= _NAMED else [*ranked[: _NAMED - 1], ranked[-1]]
    parts = [f"{row.label} {'keeps ' if not at else ''}{_share(row.values[_AT])}" for at, row in enumerate(shown)]
    first, *rest = parts
    return ", ".join([f"{first} at eps {WORDED_ROBUST:g}", *rest]) + ". "


def _share(value: Value) -> str:
    return tied(with_interval(value.value, PERCENT, value.half))


def _curve(drawn: svg.Canvas, row: Row, attacks: Sequence[Adversarial]) -> None:
    clean = pooled([attack.clean for attack in attacks], "mean")
    strengths = list(zip(*(attack.strengths for attack in attacks), strict=False))
    places = [0.0, *(each[0].eps for each in strengths)]
    lines = {
        "PGD": [clean, *(pooled([one.pgd for one in each], "mean") for each in strengths)],
        "FGSM": [clean, *(pooled([one.fgsm for one in each], "mean") for each in strengths)],
    }
    heights = {name: [each.value for each in line] for name, line in lines.items()}
    words = f"{row.label}: {_in_words(row, heights['FGSM'], places)}, n = {plural(len(attacks), 'seed')}"
    stepped = drawn.axes.plot(places, heights["FGSM"], color=colour_of(row), linestyle=DASHED, linewidth=1)
    look: dict[str, Any] = {**dot(row, 5.5), "linestyle": "-", "linewidth": 1.6}
    climbed = drawn.axes.errorbar(places, heights["PGD"], yerr=_ends(lines["PGD"]), elinewidth=1.4, **look)
    drawn.mark([climbed.lines[0], *climbed.lines[2], *stepped], [row.key], words)


def _ends(line: Sequence[Interval]) -> Any:
    below = [0.0 if each.low is None else max(each.value - each.low, 0.0) for each in line]
    return [below, [0.0 if each.high is None else max(each.high - each.value, 0.0) for each in line]]


def _in_words(row: Row, stepped: Sequence[float], places: Sequence[float]) -> str:
    kept = [in_words(row.values[name]) for name in ROBUST_OF.values() if name in row.values]
    fgsm = [f"{quantity('accuracy', '1', share)} at {eps:g}" for share, eps in zip(stepped, places, strict=True) if eps]
    return f"{'; '.join(kept)}; FGSM leaves {', '.join(fgsm)}"


def fooled(rows: Sequence[Row]) -> Picture | None:
    """Images that each row's net had right, beside what fooled it, with what it says of either."""
    bands = [Band(row, [Line(tiles)]) for row in rows if (tiles := _pairs(row))]
    caption = (
        "Test images that the net has right, each followed by what PGD made of it and the net has wrong, within the "
        "smallest eps at which that image falls; below them what it is taken for, and with which probability. "
        "Probabilities are of whole images, all their pixels and channels, the changed one rounded to 8 bits."
        f"{of_channels([band.row for band in bands])}"
    )
    return multiples("insight-fooled", "What fooled each net", caption, bands)


def _pairs(row: Row) -> list[Tile]:
    attack = row.insights[0].adversarial
    return [tile for each in (attack.fooled if attack else ()) for tile in _pair(row, each)]


def _pair(row: Row, each: Fooled) -> list[Tile]:
    pictures = opened(each.images, least=2)
    if pictures is None:
        return []
    tiles = []
    for pixels, shares, label, change in (
        (pictures[0], each.before, each.label, "as it is"),
        (pictures[1], each.after, each.predicted, f"within eps {each.eps:g}"),
    ):
        share = probability(shares[label]) if label < len(shares) else ""
        words = f"test image {each.index} {change}: taken for {class_name(row, label)} {share}".rstrip()
        tiles.append(
            Tile(pixels, words, (class_name(row, label, 9), share, f"eps {each.eps:g}" * (change != "as it is")))
        )
    return tiles
