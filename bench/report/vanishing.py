"""Vanishing gradients: the gradient norm of each layer over training, of deep nets beside each other in one scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np

from bench.plan.short_names import BETWEEN
from bench.report.drawing import Bytes, Drawing
from bench.report.gradient_flow import amount, layers
from bench.report.order import Sentence
from bench.report.plotting import Picture, short
from bench.report.predictions import described
from bench.report.record import Record, Row
from bench.store.result import Floats
from bench.text import joined, plural

DEEP, MOMENTS = 6, 3  # layers with weights and moments that are worth a picture, at least
MOST = 6  # nets: the half in which least of the gradient is left, and the half in which most is
GONE = 1e-2  # of the norm of the last layer, below which that of the first has vanished
_WIDTH, _LEFT, _GAP = 320.0, 34.0, 8.0
_LINE, _LETTERS = 10.0, 18  # a line of a panel's name, and how long it may be
_PIXELS, _SHADES, _BAR = 64, 32, 8.0
_COLOURS = "viridis"
_NONE = (128, 128, 128)  # a norm of 0, which has no logarithm, or none


@dataclass(frozen=True, slots=True)
class Flow:
    """The gradient norms of one configuration, the geometric mean over its seeds.

    Attributes:
        row: whose they are.
        names: of the layers, from input to output.
        steps: that were noted, from 1.
        norms: (layers, steps); NaN where one is not a number.

    """

    row: Row
    names: Sequence[str]
    steps: Sequence[int]
    norms: Floats

    @property
    def start(self) -> int:
        """The first of the steps at which more than the last layer has a gradient: one that is 0 passes none on."""
        return int((self.norms[:-1] > 0).any(axis=0).argmax())

    def left(self, at: int) -> float:
        """The norm of the first layer over that of the last, at one of the steps."""
        return float(self.norms[0, at] / self.norms[-1, at]) if self.norms[-1, at] else math.nan


def flows_of(record: Record) -> list[Flow]:
    """Of each deep net that was trained."""
    return [flow for row in record.rows if row.training and (flow := _flow_of(row))]


def _flow_of(row: Row) -> Flow | None:
    seeds, names, steps = list[Floats](), list[str](), list[int]()
    for training in row.training:
        noted = training.get("gradients") or {}
        steps = [step for step in noted.get("steps", ()) if isinstance(step, int)]
        moments = [layers(training, at) for at in range(len(noted.get("norms", ())))]
        known = [moment for moment in moments if moment]
        if len(known) < MOMENTS or len(known) != len(steps) or len({len(each[0]) for each in known}) > 1:
            return None
        names = known[0][0]
        seeds.append(np.stack([norms for _, norms in known], axis=1))
    if len(names) < DEEP or len({each.shape for each in seeds}) > 1:
        return None
    norms = np.stack(seeds)
    with np.errstate(divide="ignore"):
        logs = np.log(norms).mean(axis=0)
    return Flow(row, names, steps, np.where(logs < np.inf, np.exp(logs), np.nan))


def vanishing(record: Record) -> Picture | None:
    """Layer by time, a little picture for each net; None where no net is deep."""
    flows = _shown(flows_of(record))
    with np.errstate(divide="ignore"):
        logs = [np.log10(flow.norms) for flow in flows]
    values = np.concatenate([each[np.isfinite(each)] for each in logs]) if logs else np.empty(0)
    if not len(values) or values.min() == values.max():
        return None
    low, high = float(values.min()), float(values.max())
    columns = 2 if len(flows) in (2, 4) else 3
    side = (_WIDTH - _LEFT) / columns - _GAP
    head = 3 + _LINE * max(len(_lines(flow)) for flow in flows)
    pitch = head + side + 17
    height = -(-len(flows) // columns) * pitch
    drawn = Drawing("learning-vanishing", _WIDTH, height + 34)
    for at, (flow, each) in enumerate(zip(flows, logs, strict=True)):
        place = _LEFT + at % columns * (side + _GAP), at // columns * pitch + head
        _panel(drawn, flow, _coloured(each, low, high), place, side)
    _scale(drawn, low, high, height + 6)
    return described(drawn, "Gradient norm by layer over training", _caption(flows))


def _shown(flows: list[Flow]) -> list[Flow]:
    """Those that fit, in the order of the rows."""
    if len(flows) <= MOST:
        return flows
    ranked = sorted(flows, key=lambda flow: np.nan_to_num(flow.left(flow.start)))
    chosen = {flow.row.key for flow in (*ranked[: MOST // 2], *ranked[-(MOST // 2) :])}
    return [flow for flow in flows if flow.row.key in chosen]


def _panel(drawn: Drawing, flow: Flow, pixels: Bytes, place: tuple[float, float], side: float) -> None:
    """The pixels at a place, the name above them and the steps below."""
    left, top = place
    group = drawn.mark(flow.row.key, _in_words(flow))
    for at, line in enumerate(reversed(_lines(flow))):
        drawn.text(left, top - 4 - _LINE * at, line, parent=group)
    drawn.image(left, top, side, pixels, group)
    last = f"step {flow.steps[-1]:,}"
    drawn.text(left, top + side + 9, f"{flow.steps[0]}", size=7.5, colour="--muted", parent=group)
    drawn.text(left + side, top + side + 9, last, size=7.5, anchor="end", colour="--muted", parent=group)
    if left == _LEFT:
        drawn.text(left - 4, top + 7, "output", size=7.5, anchor="end", colour="--muted")
        drawn.text(left - 4, top + side - 1, "input", size=7.5, anchor="end", colour="--muted")


def _lines(flow: Flow) -> list[str]:
    """The name in one line, or in two: names of one net differ in what comes after it."""
    label = flow.row.label
    if len(label) <= _LETTERS or BETWEEN not in label:
        return [short(label, _LETTERS)]
    return [short(part, _LETTERS) for part in label.split(BETWEEN, 1)]


def _coloured(logs: Floats, low: float, high: float) -> Bytes:
    """Logarithms (layers, steps) as pixels (3, H, W), the first layer lowest."""
    down, along = ((np.arange(_PIXELS) * size // _PIXELS) for size in logs.shape)
    large = logs[::-1][down][:, along]
    pixels: Bytes = np.moveaxis(_colours((large - low) / (high - low)), -1, 0)
    return pixels


def _colours(shares: Floats) -> Bytes:
    """Shares of the scale as colours (..., 3)."""
    known = np.isfinite(shares)
    colours = mpl.colormaps[_COLOURS](np.where(known, shares, 0.0), bytes=True)[..., :3]
    painted: Bytes = np.where(known[..., None], colours, np.array(_NONE, np.uint8))
    return painted


def _scale(drawn: Drawing, low: float, high: float, top: float) -> None:
    """A bar of all colours with the norms at its ends."""
    wide = (_WIDTH - _LEFT - _GAP) / _SHADES
    for at, colour in enumerate(_colours(np.linspace(0, 1, _SHADES)).tolist()):
        drawn.rect((_LEFT + at * wide, top, wide + 0.3, _BAR), f"fill: rgb({', '.join(map(str, colour))})")
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        words = amount(10 ** (low + share * (high - low)))
        x = _LEFT + share * wide * _SHADES
        drawn.text(x, top + _BAR + 11, words, size=7.5, anchor=anchor, colour="--muted")


def _caption(flows: Sequence[Flow]) -> str:
    ratios = "; ".join(
        f"{flow.row.label} {amount(flow.left(flow.start))}{_since(flow)} to {amount(flow.left(-1))}" for flow in flows
    )
    grey = " Grey is a norm of 0, or none." if any(not (flow.norms > 0).all() for flow in flows) else ""
    return (
        "Euclidean norm of the gradient of each layer's weights, one scale for all nets: at the first step and at the "
        "last of each quarter of an epoch, read while the clock of training stood. First layer over last, at the first "
        f"of these steps and at the last: {ratios}.{grey}"
    )


def _since(flow: Flow) -> str:
    """At which step the first is read, where that is not the first of all."""
    return (
        f" (from step {flow.steps[flow.start]:,}: until then the last layer alone had a gradient)" if flow.start else ""
    )


def _in_words(flow: Flow) -> str:
    first, last = (f"{amount(flow.norms[at, 0])} to {amount(flow.norms[at, -1])}" for at in (0, -1))
    seeds = plural(len(flow.row.training), "seed")
    return (
        f"{flow.row.label}: gradient norm {first} in the first layer ({flow.names[0]}), {last} in the last of "
        f"{len(flow.names)} ({flow.names[-1]}), from step {flow.steps[0]} to {flow.steps[-1]:,}, n = {seeds}"
    )


def vanishing_sentence(record: Record) -> Sentence | None:
    """In which nets the gradient does not reach the first layer as training begins; None where it reaches all."""
    flows = flows_of(record)
    gone = [flow for flow in flows if flow.left(flow.start) < GONE]
    if not gone:
        return None
    names = joined((flow.row.label for flow in gone), most=4)
    least = min(gone, key=lambda flow: flow.left(flow.start))
    claim = (
        f"The gradient vanishes on its way to the input of {names}: as training begins, the first layer of "
        f"{least.row.label} has {amount(least.left(least.start))} of the norm of its last{_since(least)}."
    )
    ratios = joined((f"{flow.row.label} {amount(flow.left(flow.start))}{_since(flow)}" for flow in flows), most=8)
    return Sentence("Gradients", claim, f"Norm of the first layer's gradient over the last's at the start: {ratios}.")
