"""Tuning in a sentence: who surely minds its learning rate least, who most, and whose best rate lies at the edge.

A width is counted in steps of the grid, and a rate a hair's breadth from a percentage point below the best is good or
not by chance. So a claim needs widths that differ by more than a step whichever way such rates fall.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, nan, sqrt

from bench.plan.tuning import CLOSE, Trial, around, unknown, width_told
from bench.report.record import Record
from bench.report.tuning import Tuned, tuned
from bench.text import STATES, joined, plural

ERRORS = 2.0  # standard errors by which a rate has to be good, or not, to be surely so
NEAR = 3 * CLOSE  # beyond, training is unstable and seeds say nothing of the noise of good rates


@dataclass(frozen=True, slots=True)
class Span:
    """How wide the good rates of a tuning are, as a factor: at the least, and at the most."""

    tuning: Tuned
    least: float
    most: float


def rates_told(record: Record) -> tuple[str, str] | None:
    """The claim on the learning rates of a run and its evidence; None where none were looked for."""
    tunings = sorted(tuned(record), key=lambda tuning: -tuning.width)
    if not tunings:
        return None
    shown = [f"{tuning.row.label}: {width_told(tuning.trials, tuning.best)}{_lost(tuning)}" for tuning in tunings]
    seeds = min(_seeds(tuning) for tuning in tunings)
    what = f"Rates within a percentage point of the best, on held-out images, {plural(seeds, 'seed')}"
    return _claim(tunings), f"{'; '.join(shown)}. {what}.{_edges(tunings)}"


def edge_told(record: Record, claim: str) -> str:
    """Which configurations that a claim names have their best rate at the edge of those tried; "" for none."""
    named = [tuning for tuning in tuned(record) if tuning.edge and _names(claim, tuning.row.label)]
    return _edges(named)


def spans(tunings: Sequence[Tuned]) -> list[Span]:
    """How wide the good rates of each are, whichever way the rates on the border fall."""
    noise = _noise(tunings)
    return [Span(tuning, _width(tuning, noise, surely=True), _width(tuning, noise, surely=False)) for tuning in tunings]


def _claim(tunings: Sequence[Tuned]) -> str:
    if len(tunings) == 1:
        return f"{tunings[0].row.label} alone was tuned, so there is nothing to compare."
    if min(_seeds(tuning) for tuning in tunings) < 2:
        return "Rates were tried with one seed, so it cannot be told who minds its learning rate least or most."
    every, step = spans(tunings), 1.01 * max(_step(tuning) for tuning in tunings)
    widest, narrowest = max(span.least for span in every), min(span.most for span in every)
    if widest <= narrowest * step:
        return "It cannot be told that any minds its learning rate more than another."
    least = [span for span in every if span.most * step >= widest]  # not surely narrower than the widest
    most = [span for span in every if span.least <= narrowest * step]
    either = [span for span in least if span in most]
    names = [joined((span.tuning.row.label for span in end if span not in either), most=4) for end in (least, most)]
    mind = "minds its learning rate" if len(least) == len(either) + 1 else "mind their learning rates"
    rest = f"; {len(either)} cannot be placed" if either else ""
    return f"{names[0]} {mind} least, {names[1]} most{rest}."


def _noise(tunings: Sequence[Tuned]) -> float:
    """The standard deviation of one trial over its seeds, pooled over all rates that are not far from their best."""
    squares, freedom = 0.0, 0
    for tuning in tunings:
        for trial in tuning.trials:
            seeds = _scores(tuning, trial)
            if trial.accuracy is not None and trial.accuracy >= (tuning.best.accuracy or 0.0) - NEAR:
                squares += sum((score - trial.accuracy) ** 2 for score in seeds)
                freedom += len(seeds) - 1
    return sqrt(squares / freedom) if freedom else nan


def _width(tuning: Tuned, noise: float, *, surely: bool) -> float:
    """The factor over which rates are surely good, or may be."""
    good = [trial.learning_rate for trial in tuning.trials if _good(tuning, trial, noise, surely=surely)]
    wide = around(list(tuning.trials), tuning.best.learning_rate, good)
    return wide[-1].learning_rate / wide[0].learning_rate


def _good(tuning: Tuned, trial: Trial, noise: float, *, surely: bool) -> bool:
    """Whether a rate is within CLOSE of the best, by its own spread or that of all, whichever is larger."""
    if trial.accuracy is None:
        return not surely and unknown(trial)
    scores = _scores(tuning, trial)
    own = sqrt(sum((score - trial.accuracy) ** 2 for score in scores) / max(len(scores) - 1, 1))
    error = max(own, 0.0 if isnan(noise) else noise) * sqrt(2 / len(scores))  # of a difference of two means
    gap = (tuning.best.accuracy or 0.0) - trial.accuracy
    return gap + ERRORS * error <= CLOSE if surely else gap - ERRORS * error <= CLOSE


def _scores(tuning: Tuned, trial: Trial) -> list[float]:
    """What each seed of a rate learnt."""
    same = (one for one in tuning.seeds if one.learning_rate == trial.learning_rate)
    return [one.accuracy for one in same if one.accuracy is not None]


def _seeds(tuning: Tuned) -> int:
    """With how many seeds every rate was tried."""
    rates = [trial.learning_rate for trial in tuning.seeds]
    return min((rates.count(rate) for rate in rates), default=1)


def _step(tuning: Tuned) -> float:
    """The largest factor between neighbouring rates."""
    rates = [trial.learning_rate for trial in tuning.trials]
    return max((high / low for low, high in pairwise(rates)), default=1.0)


def _lost(tuning: Tuned) -> str:
    """Which rates could not be used, and why."""
    lost = [
        f"{trial.learning_rate:g} {STATES.get(trial.status, trial.status)}"
        for trial in tuning.trials
        if trial.accuracy is None
    ]
    return f" ({len(tuning.trained)} of {len(tuning.trials)} usable: {joined(lost)})" if lost else ""


def _edges(tunings: Sequence[Tuned]) -> str:
    edges = [tuning.row.label for tuning in tunings if tuning.edge]
    return f" At the edge of what was tried, so that a better rate may lie beyond: {joined(edges)}." if edges else ""


def _names(claim: str, label: str) -> bool:
    return bool(re.search(rf"(?<!\S){re.escape(label)}(?![\w.]*\w)(?! ·)", claim))
