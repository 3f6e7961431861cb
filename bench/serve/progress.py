"""Progress: how far a run is and how long it still takes, by its files alone, which another process writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from typing import Any

from bench.stats.stopping import is_precise
from bench.store.run import Run

_LONGEST_GAP = 30.0  # seconds between two results that count: a run that was resumed stood still for longer

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; moments are seconds since 1970, None before a cell has ended.

    Attributes:
        cells: how many the plan has, each seed one.
        measured: how many of them have a result.
        passes: over the cells, at most.
        processes: results so far.
        trials: of learning rates so far.
        last: the line of the last result.
        began: when the first result began.
        ended: when the last one ended.
        due: when the run ends at the latest, as cells that get precise end early.

    """

    cells: int
    measured: int
    passes: int
    processes: int
    trials: int
    last: Line | None
    began: float | None
    ended: float | None
    due: float | None

    def left(self, now: float) -> float | None:
        """Seconds still to go, at most."""
        return None if self.due is None else max(0.0, self.due - now)

    def share(self, now: float) -> float:
        """How much of the whole time is over, 0 to 1."""
        if self.due is None or self.began is None or self.due <= self.began:
            return 0.0
        return max(0.0, min(1.0, (now - self.began) / (self.due - self.began)))


def progress_of(run: Run) -> Progress:
    """Where the run stands.

    Raises:
        BenchError: its results are damaged.

    """
    lines = [line for line in run.lines() if line["status"] != "skipped"]
    dated = [line for line in lines if _is_dated(line)]
    plan, cells = run.facts.plan, int(run.stored.get("cells") or 0)
    began = min(map(_begin, dated), default=None)
    ended = max(map(_end, dated), default=None)
    due = None if ended is None else ended + _missing_seconds(dated, cells, plan)
    if began is not None and due is not None and isinstance(budget := plan.get("budget"), int | float):
        due = min(due, began + budget)
    return Progress(
        cells=cells,
        measured=len({line["id"] for line in lines}),
        passes=_passes(plan),
        processes=len(lines),
        trials=len(run.every_head()) - len(list(run.heads())),
        last=lines[-1] if lines else None,
        began=began,
        ended=ended,
        due=due,
    )


def _passes(plan: Mapping[str, Any]) -> int:
    return int(plan.get("repeats") or 1)


def _missing_seconds(lines: Sequence[Line], cells: int, plan: Mapping[str, Any]) -> float:
    """What is missing, each at the mean of what was measured, stretched by what passes between results."""
    first = [line for line in lines if not line["repeat"]]
    later = [float(line["seconds"] or 0) for line in lines if line["repeat"]]
    each_first = fmean(float(line["seconds"] or 0) for line in first) if first else 0.0
    untrained = [float(line["seconds"] or 0) - _training(line) for line in first]
    each_later = fmean(later or untrained or [0.0])
    unmeasured = max(0, cells - len({line["id"] for line in first}))
    missing = unmeasured * each_first + _later_tasks(lines, unmeasured, plan) * each_later
    return missing * _stretch(lines)


def _later_tasks(lines: Iterable[Line], unmeasured: int, plan: Mapping[str, Any]) -> int:
    """How many processes of later passes are missing: none of a cell that failed, or that is precise already."""
    passes = _passes(plan)
    by_cell: dict[str, list[Line]] = {}
    for line in lines:
        by_cell.setdefault(line["id"], []).append(line)
    due = [passes - len(of_cell) for of_cell in by_cell.values() if not _is_done(of_cell, plan.get("precision"))]
    return sum(max(0, count) for count in due) + unmeasured * (passes - 1)


def _is_done(lines: Sequence[Line], precision: object) -> bool:
    ratios = [
        reading["value"] for line in lines for reading in line["measurements"] if reading["metric"] == "relative_cost"
    ]
    precise = isinstance(precision, int | float) and is_precise([ratio for ratio in ratios if ratio], precision)
    return precise or any(line["status"] != "ok" for line in lines)


def _stretch(lines: Sequence[Line]) -> float:
    """Seconds that pass for each second of a result: more where servers are renewed, fewer where several run at once.

    What passed while a run stood still, before it was resumed, counts up to _LONGEST_GAP.
    """
    ordered = sorted(lines, key=_end)
    pairs = [(float(line["seconds"] or 0), _end(line) - _end(before)) for before, line in pairwise(ordered)]
    taken = sum(seconds for seconds, _ in pairs)
    return sum(min(passed, seconds + _LONGEST_GAP) for seconds, passed in pairs) / taken if taken else 1.0


def _training(line: Line) -> float:
    """Seconds of training in a result."""
    epochs = (line.get("training") or {}).get("epochs") or [{}]
    return float(epochs[-1].get("seconds") or 0)


def _is_dated(line: Line) -> bool:
    """Whether it says when it began, which every process of ours does."""
    try:
        return datetime.fromisoformat(line["started"]).tzinfo is not None
    except ValueError:
        return False


def _begin(line: Line) -> float:
    return datetime.fromisoformat(line["started"]).timestamp()


def _end(line: Line) -> float:
    return _begin(line) + float(line["seconds"] or 0)
