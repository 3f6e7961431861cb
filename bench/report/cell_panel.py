"""The cell's own panel: what it shows beside the table's numbers, as plain data that the page's script lays out."""

from collections.abc import Iterable, Iterator, Mapping
from math import log1p
from typing import Any

import numpy as np

from bench.report.learning_curves import curve_of
from bench.report.percentiles import PERCENTILES
from bench.report.preference import AIMS, Term, terms
from bench.report.provenance import flat
from bench.report.record import Record, Row
from bench.stats.interval import Interval
from bench.store.warning import Warning, summary
from bench.text import STATISTICS
from bench.vocabulary import PHASES

_BINS = 36  # of the histogram of step times
_WITHIN = (0.005, 0.995)  # the quantiles between which it is drawn; what lies beyond is counted in its outer bins
_BOX = [0.10, 0.25, 0.50, 0.75, 0.90]  # the quantiles of one process
_MOST_POINTS = 120  # of a learning curve
_OF_A_STEP = (*PHASES, "step", "inference")  # the times whose percentiles tell; the reference's are no cell's own


def panels(record: Record) -> dict[str, Any]:
    """The data of all panels: what all cells share once, and the rest by the key of its row; in SI units."""
    settings = {row.key: _settings(row) for row in record.rows}
    environments = {row.key: dict(_environment(row)) for row in record.rows}
    alike = _shared(settings), _shared(environments)
    scored = terms(record)
    return {
        "percentiles": {name: STATISTICS.get(name, _in_words(name)) for name in PERCENTILES},
        "phases": [phase for phase in PHASES if any(phase in row.values for row in record.rows)],
        "aims": {name: words for name, words in AIMS.items() if any(name in row.values for row in record.rows)},
        "settings": [*alike[0].items()],
        "environment": [*alike[1].items()],
        "cells": {
            row.key: {
                "settings": [pair for pair in settings[row.key].items() if pair[0] not in alike[0]],
                "environment": [pair for pair in environments[row.key].items() if pair[0] not in alike[1]],
                "reason": row.why or "",
                "warnings": _warnings(row),
                "distribution": _distribution(row),
                "curves": _curves(row),
                "percentiles": _percentiles(row),
                "preference": scored.get(row.key) and _scored(*scored[row.key]),
            }
            for row in record.rows
        },
    }


def _in_words(percentile: str) -> str:
    return f"{percentile.removeprefix('p')}th percentile" if percentile != "p50" else STATISTICS["median"]


def _settings(row: Row) -> dict[str, str]:
    """The fields of the cell that say something."""
    return {name: text for name, text in flat({**row.cell, "seed": None}) if text != "none"}


def _environment(row: Row) -> Iterator[tuple[str, str]]:
    """Machine and software as the cell's processes saw them; where they differ, the values in turn."""
    seen: dict[str, dict[str, None]] = {}
    for result in row.results:
        for path, text in flat(result.get("system") or {}):
            seen.setdefault(path, {})[text] = None
    for path, texts in seen.items():
        yield path, "; ".join(texts)


def _shared(facts: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """What is the same in all that say anything."""
    every = [pairs for pairs in facts.values() if pairs]
    first = every[0] if every else {}
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in every)}


def _warnings(row: Row) -> list[tuple[str, int]]:
    """Each part and kind of warning in a sentence, with the number of processes that gave it."""
    alike: dict[tuple[str, str], list[Warning]] = {}
    for result in row.results:
        for warning in map(Warning.from_dict, result.get("warnings") or ()):
            alike.setdefault((warning.part, warning.kind), []).append(warning)
    return [(summary(warnings), len(warnings)) for warnings in alike.values()]


def _distribution(row: Row) -> dict[str, Any] | None:
    """How the times of single steps are spread: a histogram over all processes, and five quantiles of each."""
    steps = [samples for samples in row.steps if samples.size]
    if not steps:
        return None
    every = np.concatenate(steps)
    low, high = np.quantile(every, _WITHIN)
    counts, _ = np.histogram(np.clip(every, low, high), bins=_BINS, range=(low, high if high > low else low * 1.01))
    return {
        "low": _short(low),
        "high": _short(high),
        "counts": counts.tolist(),
        "processes": [[*map(_short, np.quantile(samples, _BOX)), samples.size] for samples in steps],
    }


def _curves(row: Row) -> list[list[float]]:
    """Test accuracy against training: [epoch, seconds, mean over seeds, lowest, highest] at each evaluation."""
    curve = curve_of(row, "test_accuracy")
    seeds = curve.values
    if not seeds.size:
        return []
    lines = (curve.epochs, curve.seconds, *(each(axis=0) for each in (seeds.mean, seeds.min, seeds.max)))
    every = [[*map(_short, look)] for look in zip(*lines, strict=True)]
    return every[:: max(1, -(-len(every) // _MOST_POINTS))]


def _percentiles(row: Row) -> Mapping[str, Mapping[str, Any]]:
    """By metric and percentile: value, half the width of its interval on the log scale (or null), and n."""
    return {
        metric: {name: [*_exact((each.value, _log_half(each))), each.n] for name, each in intervals.items()}
        for metric, intervals in row.percentiles.items()
        if metric in _OF_A_STEP
    }


def _log_half(interval: Interval) -> float | None:
    return None if interval.half_width is None else log1p(interval.half_width)


def _scored(group: str, aims: Mapping[str, Term]) -> dict[str, Any]:
    return {"group": group, "terms": {name: [*_exact(term[:2]), term[2]] for name, term in aims.items()}}


def _exact(values: Iterable[float | None]) -> Iterator[float | None]:
    """Digits enough to print and to compare with."""
    for value in values:
        yield None if value is None else float(f"{value:.7g}")


def _short(value: float) -> float:
    """Enough digits for a picture."""
    return float(f"{value:.4g}")
