"""Gradient flow: pictures of the gradient norm of each layer, which show where gradients vanish."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.report import svg
from bench.report.plotting import MOST_ROWS, Picture, colour_of, dot, finish, unit_axis
from bench.report.record import Record, Row
from bench.store.result import Floats
from bench.text import number, plural

_PAIRS = ("plain", "resnet")  # an architecture without its shortcuts, and with them


def depth(record: Record) -> list[Picture]:
    """Gradient norms at the first step of training, and at the last that was noted."""
    pictures = (_norms(record, "first", 0), _norms(record, "last", -1))
    return [picture for picture in pictures if picture]


def layers(training: Mapping[str, Any], at: int) -> tuple[list[str], Floats] | None:
    """Names and gradient norms of the weights with two dimensions or more, from input to output, of one noted step."""
    noted = training.get("gradients")
    if not isinstance(noted, Mapping) or not noted.get("norms"):
        return None
    norms, shapes, names = noted["norms"][at], noted.get("shapes", []), noted.get("names", [])
    if not len(norms) == len(shapes) == len(names):
        return None
    kept = [place for place, shape in enumerate(shapes) if isinstance(shape, list) and len(shape) > 1]
    values = np.array([np.nan if norms[place] is None else norms[place] for place in kept], dtype=float)
    return ([str(names[place]) for place in kept], values) if kept else None


def _over_seeds(row: Row, at: int) -> tuple[list[str], Floats] | None:
    """Names, and norms (seeds, layers) of the seeds that have them."""
    seeds = [named for training in row.training if (named := layers(training, at))]
    if not seeds or len({len(names) for names, _ in seeds}) > 1:
        return None
    return seeds[0][0], np.stack([values for _, values in seeds])


def amount(norm: float) -> str:
    """A norm, or a ratio of two, in words."""
    return "none" if math.isnan(norm) else number(norm) if norm else "0"


def _mean(norms: Floats) -> Floats:
    """The geometric mean over seeds (seeds, layers): 0 where that of one is."""
    with np.errstate(divide="ignore"):
        mean: Floats = np.exp(np.log(norms).mean(axis=0))
    return mean


def _shown(norms: Floats) -> Floats:
    """Norms with those of 0 left out, which have no place on a log axis."""
    return np.where(norms > 0, norms, np.nan)


def _norms(record: Record, when: str, at: int) -> Picture | None:
    known = {row.key: layered for row in record.rows if row.training and (layered := _over_seeds(row, at))}
    drawable = {key: np.isfinite(_shown(norms)).all(axis=0).sum() > 1 for key, (_, norms) in known.items()}
    rows = [row for row in record.rows if drawable.get(row.key)][:MOST_ROWS]
    if not rows:
        return None
    drawn = svg.canvas(f"learning-gradients-{when}")
    drawn.axes.set_yscale("log")
    for row in rows:
        names, norms = known[row.key]
        middle, places, shown = _mean(norms), np.arange(1, len(names) + 1), _shown(norms)
        artists: list[Any] = [
            *drawn.axes.plot(places, _shown(middle), **{**dot(row, 4.5), "linestyle": "-", "linewidth": 1.4}),
        ]
        if len(norms) > 1:
            band = drawn.axes.fill_between(
                places, shown.min(axis=0), shown.max(axis=0), color=colour_of(row), alpha=0.18, linewidth=0
            )
            artists.append(band)
        drawn.mark(artists, [row.key], _in_words(row, names, middle, len(norms)))
    drawn.axes.grid(visible=True, axis="y")
    unit_axis(drawn.axes.yaxis, "number", "1")
    unit_axis(drawn.axes.xaxis, "epoch", "1")
    drawn.axes.set_xlabel("layer with weights, from input to output")
    drawn.axes.set_title("gradient norm", loc="left", color=svg.MUTED)
    caption = (
        f"Euclidean norm of the gradient of each layer's weights at the {when} step noted, before the optimizer's use; "
        "a line that falls towards the left is a gradient that vanishes on its way to the input; it has no points "
        f"where that is 0.{_pairs(rows, known)}"
    )
    return finish(drawn, f"Gradient norm by layer, {when} step", caption)


def _in_words(row: Row, names: Sequence[str], middle: Floats, seeds: int) -> str:
    first, last = (amount(float(middle[place])) for place in (0, -1))
    return (
        f"{row.label}: gradient norm {first} in the first layer ({names[0]}), {last} in the last of {len(names)} "
        f"({names[-1]}), n = {plural(seeds, 'seed')}"
    )


def _pairs(rows: list[Row], known: Mapping[str, tuple[list[str], Floats]]) -> str:
    """Plain nets beside the residual nets of their depth: what is left of the norm in the first layer."""
    plain, residual = _PAIRS
    ratios = []
    for row in rows:
        name = str(row.cell.get("architecture"))
        wanted = {**row.cell, "architecture": name.replace(plain, residual, 1), "seed": None}
        twins = [twin for twin in rows if name.startswith(plain) and {**twin.cell, "seed": None} == wanted]
        ratios += [f"{amount(_ratio(net, known))} in {net.label}" for twin in twins for net in (row, twin)]
    return f" First layer over last: {', '.join(ratios)}." if ratios else ""


def _ratio(row: Row, known: Mapping[str, tuple[list[str], Floats]]) -> float:
    first, *_, last = _mean(known[row.key][1]).tolist()
    return first / last if last else math.nan
