"""Summary: a run's main figures as lines: what its cells share, the table, and what stands in it."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from bench.cli.render.columns import Row, table_text
from bench.cli.render.compact import BAR, NAME, Column, Compact, compact
from bench.cli.render.fit import BEST, fitting, lines_of, missing_titles, shortened
from bench.cli.render.paint import Line, width_of, wrapped
from bench.cli.render.rounds import rounds_text
from bench.cli.render.signs import legend as signs_legend
from bench.cli.render.signs import meaning
from bench.cli.render.tables import columns_of, legend, overview, varying
from bench.errors import unknown
from bench.metrics import METRICS, Metric
from bench.plan.cell import Cell
from bench.plan.largest import largest_of
from bench.plan.short_names import BETWEEN
from bench.stats.roofline import refusal, usable
from bench.store.frame import configurations
from bench.store.run import Run
from bench.store.unfinished import Begun, begun
from bench.text import STATES, joined, plural
from bench.vocabulary import RunStatus

_NAMED = 4  # cells in a line about those that gave no full result
_ENDS: Mapping[RunStatus, str] = {"interrupted": "then the run was interrupted", "out of time": "then its budget ended"}


def summary(run: Run, *, columns: Sequence[str] = (), width: int = 0, encoding: str = "utf-8") -> list[Line]:
    """The table of the run, in what fits the width or with these columns; where nothing was measured, what is left.

    Raises:
        BenchError: there is no column of that name.

    """
    pooled = configurations(run)
    width = width or width_of()
    if pooled.empty:
        return [[(line, "dim")] for line in wrapped(_rest(run), width)] if _rest(run) else []
    cells = {each.id: each for each in (Cell.from_dict(head["cell"]).configuration for head in run.heads())}
    ceilings = run.facts.ceilings or ()
    searches = largest_of(run.facts.largest)
    table = compact(pooled, cells, _wanted(pooled, columns), usable(ceilings), begun(run), searches=searches)
    once, shown = _chosen(table, columns, width)
    rounds = rounds_text((run.name, line) for line in run.heads()) if run.facts.imported else ""
    parts: list[list[Line]] = [
        [[(text, "")] for text in wrapped(_heading(table, once), width)],
        lines_of(shown, encoding),
        [[(text, "")] for text in rounds.splitlines()],
        [[(text, "dim")] for text in _notes(run, pooled, table, shown, width)],
    ]
    return _apart([part for part in parts if part])


def wide(run: Run) -> str:
    """Every column with all its words and the legend after a blank line; "" where nothing was measured."""
    rows, meaning = table_of(run)
    if not rows:
        return ""
    rounds = [rounds_text((run.name, line) for line in run.heads())] if run.facts.imported else []
    return "\n\n".join(filter(None, (table_text(rows), *rounds, meaning)))


def table_of(run: Run) -> tuple[list[Row], str]:
    """The same in parts: the rows, text by column, and the legend."""
    pooled = configurations(run)
    if pooled.empty:
        return [], ""
    plan = run.facts.plan
    ceilings = run.facts.ceilings or ()
    unfinished = begun(run)
    rows = overview(pooled, plan.get("precision"), usable(ceilings), unfinished)
    parts = [legend(pooled, plan), refusal(ceilings), _missing(run, unfinished.values())]
    return rows, "\n".join(filter(None, ("; ".join(filter(None, parts)), *run.facts.code.values())))


def _wanted(pooled: pd.DataFrame, columns: Sequence[str]) -> list[Metric]:
    """The metrics that may have a column: those asked for as well, whatever else is shown."""
    present = {name for name in pooled["metric"] if isinstance(name, str)}
    metrics = columns_of(present, varying(pooled))
    asked = [METRICS[name] for name in columns if name in METRICS and METRICS[name] not in metrics]
    return [*metrics, *asked]


def _chosen(table: Compact, names: Sequence[str], width: int) -> tuple[list[Column], list[Column]]:
    """The columns that are said once, since all rows have the same there, and those that are shown."""
    if names:
        by_name = {column.name: column for column in table.columns}
        known = {*METRICS, *by_name} - {NAME}
        for name in names:
            if name not in known:
                raise unknown("column", name, known, "list metrics")
        return [], [table.columns[0], *(by_name[name] for name in names if name in by_name)]
    once = [column for column in table.columns if column.is_same and column.name not in (NAME, BAR, "status")]
    rest = [shortened(column, width // 2) if column.name == NAME else column for column in table.columns]
    return once, fitting([column for column in rest if column not in once], width)


def _heading(table: Compact, once: Sequence[Column]) -> str:
    """What all rows share, in a line."""
    count = len(table.columns[0].texts)
    facts = [f"{column.title} {column.texts[0]}" for column in once]
    facts += [meaning(flag) for flag in table.common]
    cells = ": ".join(filter(None, (plural(count, "cell"), BETWEEN.join(table.shared))))
    return "; ".join((cells, *facts))


def _notes(run: Run, pooled: pd.DataFrame, table: Compact, shown: Sequence[Column], width: int) -> list[str]:
    """What stands in the table, below it."""
    names = {column.name for column in shown}
    stated = pooled[pooled["metric"].isin(names | ({"step"} if "step_median" in names else set()))]
    every = [
        f"{BEST} best: none is certainly better" if any(column.best for column in shown) else "",
        legend(stated, run.facts.plan, median="step_median" in names) if not stated.empty else "",
        refusal(run.facts.ceilings or ()) if "bound_by" in names else "",
    ]
    hidden = missing_titles([column for column in table.columns if not column.is_same], shown)
    more = f"no room for {joined(hidden)}: python -m bench show {run.name} --wide, or --columns" if hidden else ""
    paragraphs = [
        "; ".join(filter(None, every)),
        signs_legend(table.flags) if "signs" in names else "",
        *_lost(table.lost),
        _missing(run, table.begun),
        more,
    ]
    return [line for text in (*paragraphs, *run.facts.code.values()) for line in wrapped(text, width)]


def _lost(lost: Sequence[tuple[str, str, str]]) -> list[str]:
    """A line for each reason why cells gave no full result."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name, status, reason in lost:
        alike.setdefault((status, reason), []).append(name)
    return [
        f"{STATES.get(status, status)}: {joined(names, most=_NAMED)}" + (f": {reason}" if reason else "")
        for (status, reason), names in alike.items()
    ]


def _rest(run: Run) -> str:
    """How to have what a run lacks that was cut short; "" where it was not."""
    goes_on = run.facts.status in _ENDS and not run.facts.merged
    return f"the rest: python -m bench run --resume {run.name}" if goes_on else ""


def _missing(run: Run, unfinished: Iterable[Begun]) -> str:
    """What the status of a row means that has not ended, and how to have what a run lacks that was cut short."""
    rest = _rest(run)
    example = next(iter(unfinished), None)
    if example is None:
        return rest
    why = _ENDS.get(run.facts.status, "and the run has not ended")
    measured = f"{example}: so many of its processes were measured, {why}"
    return "; ".join(filter(None, (measured, rest)))


def _apart(parts: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines of the parts, a blank one between each two."""
    lines: list[Line] = []
    for part in parts:
        lines += [[], *part] if lines else part
    return lines
