"""Live: the page of a run that goes on: what has been measured so far, and how long it still takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.short_names import short_names
from bench.report.load import clean
from bench.report.page import asset, style_sheet, template
from bench.report.units import either_way, quantity
from bench.serve.progress import Progress, progress_of
from bench.stats.interval import Interval
from bench.store.frame import by_machine, configuration_id, configurations
from bench.store.run import Run
from bench.text import STATES, duration, plural, whole

_SILENT = 600.0  # seconds without a result, where none was expected to take so long, that are worth a word
_METRICS = ("relative_cost", "step", "accuracy", "peak_memory")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as far as its files had it.

    Attributes:
        name: of the run.
        command: that made it.
        progress: where it stood.
        rows: for each configuration its name and the texts of its columns.

    """

    name: str
    command: str
    progress: Progress
    rows: Sequence[tuple[str, Sequence[str]]]


def snapshot(run: Run) -> Snapshot:
    """The run as it is now.

    Raises:
        BenchError: the run's files are damaged.

    """
    return Snapshot(run.name, run.facts.command, progress_of(run), list(_rows(run)))


def live_page(seen: Snapshot, now: float) -> str:
    """The page as one HTML document, which asks the server for itself every two seconds.

    Args:
        seen: the run.
        now: seconds since 1970.

    """
    view = {
        "name": seen.name,
        "command": seen.command,
        "standing": standing(seen.progress),
        "left": _left(seen.progress, now),
        "share": round(seen.progress.share(now), 3),
        "headings": ["State", "Processes", *(METRICS[name].heading for name in _METRICS)],
        "rows": [[name, list(texts)] for name, texts in seen.rows],
    }
    return template("live.html").render(clean(view), script=asset("live.js"), style=style_sheet())


def standing(progress: Progress) -> str:
    """How far it is, in words."""
    if not progress.processes:
        trials = f"{plural(progress.trials, 'trial')} of learning rates so far" if progress.trials else "no result yet"
        return f"running: {trials}"
    cells = f"{progress.measured} of {plural(progress.cells, 'cell')} measured"
    return f"running: {cells}, {plural(progress.processes, 'process')} of {progress.cells * progress.passes} at most"


def _left(progress: Progress, now: float) -> str:
    left = progress.left(now)
    if left is None or progress.ended is None or progress.last is None:
        return "the time left is known after the first result"
    since = max(now - progress.ended, 0.0)
    ago = f"last {progress.last['id']}, {progress.last['status']}, {duration(since)} ago"
    if not left and since > _SILENT:
        return f"{ago}: it takes longer than any before, or what measured was ended"
    return f"{whole(progress.share(now))}, {duration(left)} left at most; {ago}"


def _rows(run: Run) -> Iterator[tuple[str, list[str]]]:
    """A row a configuration and machine, in the order in which they were first measured."""
    heads = list(run.heads())
    cells = {configuration_id(head): Cell.from_dict(head["cell"]).configuration for head in heads}
    names = dict(zip(cells, short_names(list(cells.values())), strict=True))
    for name, _, rows in by_machine(configurations(run)):
        first = rows.iloc[0]
        if first["status"] == "skipped":
            continue
        values = {row["metric"]: row for row in rows.dropna(subset=["metric"]).to_dict("records")}
        processes = max((int(row["n"]) for row in values.values()), default=0)
        state = STATES.get(str(first["status"]), str(first["status"]))
        yield names[name], [state, str(processes), *(_text(metric, values.get(metric)) for metric in _METRICS)]


def _text(metric: str, row: dict[Any, Any] | None) -> str:
    """A number with its interval so far; a dash where there is none yet."""
    if row is None:
        return "-"
    low, high = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    half = Interval(float(row["value"]), low, high, int(row["n"])).half_width
    text = quantity(metric, str(row["unit"]), float(row["value"]))
    return f"{text} {either_way(half)}" if half and METRICS[metric].kind == "ratio" else text
