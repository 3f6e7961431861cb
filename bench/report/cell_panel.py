"""The cell's own panel: what it shows beside the table's numbers, as plain data that the page's script lays out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

Pairs = list[tuple[str, str]]


def panels(record: Record) -> dict[str, Any]:
    """The data of all panels: what all cells share once, and the rest by the key of its row; in SI units."""
    settings = {row.key: _settings(row) for row in record.rows}
    environments = {row.key: dict(_environment(row)) for row in record.rows}
    shared = _shared([environment for environment in environments.values() if environment])
    scored = terms(record)
    return {
        "percentiles": {name: STATISTICS.get(name, _in_words(name)) for name in PERCENTILES},
        "phases": [phase for phase in PHASES if any(phase in row.values for row in record.rows)],
        "aims": {name: words for name, words in AIMS.items() if any(name in row.values for row in record.rows)},
        "environment": [*shared.items()],
        "cells": {
            row.key: {
                "settings": settings[row.key],
                "environment": [pair for pair in environments[row.key].items() if pair[0] not in shared],
                "reason": row.reason or "",
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


def _settings(row: Row) -> Pairs:
    """The fields of the cell that say something."""
    return [(name, text) for name, text in flat({**row.cell, "seed": None}) if text != "none"]


def _environment(row: Row) -> Iterator[tuple[str, str]]:
    """Machine and software as the cell's processes saw them; where they differ, the values in turn."""
    seen: dict[str, dict[str, None]] = {}
    for result in row.results:
        for path, text in flat(result.get("system") or {}):
            seen.setdefault(path, {})[text] = None
    for path, texts in seen.items():
        yield path, "; ".join(texts)


def _shared(environments: list[dict[str, str]]) -> dict[str, str]:
    """What is the same in all."""
    first = environments[0] if environments else {}
    return {path: text for path, text in first.items() if all(other.get(path) == text for other in environments)}


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


def _percentiles(row: Row) -> Mapping[str, Sequence[Sequence[float | None]]]:
    """By metric four lists in the order of PERCENTILES: values, n, and where there is any the ends of the intervals."""
    return {metric: [*_lists(intervals)] for metric, intervals in row.percentiles.items()}


def _lists(intervals: Mapping[str, Interval]) -> Iterator[Sequence[float | None]]:
    known = [intervals.get(name) for name in PERCENTILES]
    yield [*_ends(each and each.value for each in known)]
    yield [each and each.n for each in known]
    if any(each and each.low is not None for each in known):
        yield [*_ends(each and each.low for each in known)]
        yield [*_ends(each and each.high for each in known)]


def _scored(group: str, aims: Mapping[str, Term]) -> dict[str, Any]:
    return {"group": group, "terms": {name: [*_ends(term[:2]), term[2]] for name, term in aims.items()}}


def _ends(values: Iterable[float | None]) -> Iterator[float | None]:
    for value in values:
        yield None if value is None else float(f"{value:.7g}")


def _short(value: float) -> float:
    """Enough digits for a picture."""
    return float(f"{value:.4g}")
