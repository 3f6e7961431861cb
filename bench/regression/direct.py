"""Outright: what stored numbers decide at once, without measuring again: counts, memory, accuracy, budgets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from bench.metrics import METRICS
from bench.regression.tolerances import Tolerances
from bench.stats.interval import Interval
from bench.stats.prediction import SURE, difference
from bench.store.summary import Reading
from bench.verdict.verdict import Verdict

MEMORY_FLOOR = 2**20  # bytes; pages and arenas come and go below a MiB
_EQUAL = 1e-5  # less than one of ten thousand test images: stored accuracies are rounded
ACCEPT = "allow it under [tolerances], or accept this run into the baseline"


def judge_counts(new: Reading, old: Reading, allowed: Tolerances) -> Iterator[Verdict]:
    """The exact counts against the last accepted run's: every change is listed, a rise beyond its share fails."""
    if not old.counts or not new.counts:
        return
    listed, risen, fallen = [], [], []
    for metric in dict.fromkeys((*old.counts, *new.counts)):
        before, after = old.counts.get(metric), new.counts.get(metric)
        if before == after:
            continue
        listed.append(f"{metric} {_number(before)} -> {_number(after)}")
        if before is None or after is None:
            continue
        if after > before * (1 + allowed.share(new.id, metric, exact=True)):
            risen.append(metric)
        elif after < before:
            fallen.append(metric)
    verdict = "regressed" if risen else "improved" if fallen and len(fallen) == len(listed) else "unchanged"
    said = (
        f"{counted(len(listed), 'exact count')} changed"
        if listed
        else f"{counted(len(new.counts), 'exact count')} as before"
    )
    yield Verdict(
        cell=new.id,
        metric="counts",
        verdict=verdict,
        statistic="exact",
        reason=f"{said}; risen beyond what is allowed: {', '.join(risen)}" if risen else said,
        remedy=ACCEPT if risen else "",
        evidence=tuple(listed),
    )


def judge_memory(new: Reading, stored: list[Reading], tolerance: float) -> Iterator[Verdict]:
    """The peak of the CPU's memory against the mean of the stored runs; a GPU's is an exact count."""
    peaks = [one.memory for one in stored if one.memory is not None]
    if new.memory is None or not peaks or "peak_memory" in new.counts:
        return
    mean = float(np.mean(peaks))
    bound = max(mean * tolerance, MEMORY_FLOOR)
    more = new.memory - mean
    verdict = "regressed" if more > bound else "improved" if more < -bound else "unchanged"
    yield Verdict(
        cell=new.id,
        metric="peak_memory",
        verdict=verdict,
        unit="B",
        statistic="maximum",
        before=mean,
        after=new.memory,
        ratio=Interval(new.memory / mean, None, None, len(peaks)) if mean else None,
        tolerance=tolerance,
        visible=bound / mean if mean else None,
        reason=f"{more / 2**20:+.2f} MiB at the peak, {bound / 2**20:.2f} MiB are allowed",
        remedy=ACCEPT if verdict == "regressed" else "",
    )


def judge_accuracy(new: Reading, stored: list[Reading], tolerance: float) -> Iterator[Verdict]:
    """Test accuracy over seeds against the stored ones; a fall beyond its interval and the tolerance fails."""
    alike = [one for one in stored if one.accuracy and one.epochs is not None and one.epochs == new.epochs]
    if not new.accuracy or not alike:
        return
    seeds: dict[int, list[float]] = {}
    for reading in alike:
        for seed, value in reading.accuracy.items():
            seeds.setdefault(seed, []).append(value)
    old, now = [float(np.mean(values)) for values in seeds.values()], list(new.accuracy.values())
    about = Verdict(
        cell=new.id,
        metric="accuracy",
        verdict="unchanged",
        direction=METRICS["accuracy"].direction,
        statistic="final",
        before=float(np.mean(old)),
        after=float(np.mean(now)),
        tolerance=tolerance,
    )
    if seeds.keys() == new.accuracy.keys() and all(
        abs(np.mean(seeds[one]) - new.accuracy[one]) < _EQUAL for one in seeds
    ):
        yield replace(about, reason=f"the same for every seed, {len(now)} of them")
        return
    points = f"{100 * (np.mean(now) - np.mean(old)):+.2f} points over {counted(len(now), 'seed')}, {len(old)} stored"
    found = difference(old, now)
    if found is None:
        yield replace(
            about,
            verdict="inconclusive",
            reason=f"{points}: one seed cannot tell chance from change",
            remedy="train several: python -m bench run --seeds 0 1 2, and accept such a run",
        )
        return
    verdict = "unchanged"
    if found.value + found.half < -tolerance:
        verdict = "regressed"
    elif found.value - found.half > tolerance:
        verdict = "improved"
    yield replace(
        about,
        verdict=verdict,
        confidence=2 * SURE - 1,
        visible=2 * found.half + tolerance,
        reason=f"{points}; chance explains ± {100 * found.half:.2f} points",
        remedy="look at the learning curves of the report" if verdict == "regressed" else "",
    )


def judge_budgets(new: Reading, allowed: Tolerances, values: Mapping[str, float]) -> Iterator[Verdict]:
    """The absolute limits of the cell; what was not measured never counts as kept."""
    for metric, limit in allowed.budgets(new.id).items():
        row = METRICS[metric]
        higher = row.direction == "higher"
        asked = f"{'at least' if higher else 'at most'} {limit:g} is asked ({allowed.place})"
        about = Verdict(
            cell=new.id,
            metric=f"{metric} (budget)",
            verdict="inconclusive",
            unit=row.unit,
            direction=row.direction,
            before=limit,
        )
        value = values.get(metric)
        if value is None:
            yield replace(about, reason=f"{metric} was not measured; {asked}")
            continue
        kept = value >= limit if higher else value <= limit
        yield replace(about, verdict="unchanged" if kept else "regressed", after=value, reason=f"{value:.4g}, {asked}")


def counted(count: int, noun: str) -> str:
    """The count with its noun: 1 run, 2 runs."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _number(value: float | None) -> str:
    return "absent" if value is None else f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
