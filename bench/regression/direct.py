"""Direct: what stored numbers decide without measuring again: counts, memory, budgets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from bench.compare.costs import allowed_rise
from bench.metrics import COUNTS, METRICS, symbol_of
from bench.regression.tolerances import Tolerances
from bench.stats.interval import Interval
from bench.store.summary import CellSummary
from bench.text import count, plural, quantity
from bench.verdict.verdict import Verdict
from bench.vocabulary import VerdictWord

CONTENDED = "other work took its cores in every process"
AGAIN = "run it again when nothing else runs"
ACCEPT = "allow it under [tolerances], or accept this run into the baseline"


def judge_counts(new: CellSummary, old: CellSummary, allowed: Tolerances) -> Iterator[Verdict]:
    """The exact counts against the last accepted run's: every change is listed, a rise beyond its share fails."""
    if not old.counts or not new.counts:
        return
    listed, risen, fallen = [], [], []
    for metric in dict.fromkeys((*old.counts, *new.counts)):
        before, after = old.counts.get(metric), new.counts.get(metric)
        if before == after:
            continue
        listed.append(f"{metric} {count(before)} -> {count(after)}")
        if before is None or after is None:
            continue
        if after > before * (1 + allowed.share(new.id, metric, exact=True)):
            risen.append(metric)
        elif after < before:
            fallen.append(metric)
    fell = fallen and len(fallen) == len(listed)
    verdict: VerdictWord = "regressed" if risen else "improved" if fell else "unchanged"
    summary = (
        f"{plural(len(listed), 'exact count')} changed"
        if listed
        else f"{plural(len(new.counts), 'exact count')} as before"
    )
    yield Verdict(
        cell=new.id,
        metric=COUNTS,
        verdict=verdict,
        statistic="exact",
        reason=f"{summary}; risen beyond what is allowed: {', '.join(risen)}" if risen else summary,
        remedy=ACCEPT if risen else "",
        evidence=tuple(listed),
    )


def judge_memory(new: CellSummary, stored: list[CellSummary], tolerance: float) -> Iterator[Verdict]:
    """The peak of the CPU's memory against the mean of the stored runs; a GPU's is an exact count."""
    peaks = [summary.peak_memory for summary in stored if summary.peak_memory is not None]
    if new.peak_memory is None or not peaks or "peak_memory" in new.counts:
        return
    mean = float(np.mean(peaks))
    bound = allowed_rise(mean, tolerance)
    more = new.peak_memory - mean
    verdict: VerdictWord = "regressed" if more > bound else "improved" if more < -bound else "unchanged"
    yield Verdict(
        cell=new.id,
        metric="peak_memory",
        verdict=verdict,
        unit="B",
        statistic="maximum",
        before=mean,
        after=new.peak_memory,
        ratio=Interval(new.peak_memory / mean, None, None, len(peaks)) if mean else None,
        tolerance=tolerance,
        visible=bound / mean if mean else None,
        reason=f"{'+' * (more >= 0)}{quantity(more, 'B')} at the peak, {quantity(bound, 'B')} are allowed",
        remedy=ACCEPT if verdict == "regressed" else "",
    )


def judge_budgets(new: CellSummary, allowed: Tolerances, values: Mapping[str, float]) -> Iterator[Verdict]:
    """The absolute limits of the cell; what was not measured never counts as kept."""
    for metric, limit in allowed.budgets(new.id).items():
        row = METRICS[metric]
        higher = row.direction == "higher"
        value = values.get(metric)
        shown = partial(
            quantity, symbol=symbol_of(metric, row.unit), half=None if value is None else abs(value - limit)
        )
        asked = f"{'at least' if higher else 'at most'} {shown(limit)} is asked ({allowed.place})"
        verdict = Verdict(
            cell=new.id,
            metric=metric,
            verdict="inconclusive",
            limit=True,
            unit=row.unit,
            direction=row.direction,
            before=limit,
        )
        if value is None:
            yield replace(verdict, reason=f"{metric} was not measured; {asked}")
            continue
        kept = value >= limit if higher else value <= limit
        if metric in new.contended and (not kept or row.kind == "ratio"):  # a neighbour makes a time longer, never kept
            yield replace(verdict, after=value, reason=f"{shown(value)}, {asked}; {CONTENDED}", remedy=AGAIN)
            continue
        yield replace(
            verdict, verdict="unchanged" if kept else "regressed", after=value, reason=f"{shown(value)}, {asked}"
        )
