"""The command `history`: all recorded runs in the order of the code, and where a level changed."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from typing import Any

from bench.cli.render.columns import Row, print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import EXIT_PASS, BenchError
from bench.metrics import symbol_of
from bench.regression.history import Series, history
from bench.report.history import Line, Shift, write
from bench.stats.change_points import Change
from bench.stats.false_alarms import MEMORIES, RATES, READINGS, SPREADS
from bench.store import run as store
from bench.text import number, percent, plural, quantity, signed, whole


def execute(args: argparse.Namespace) -> int:
    """Print the series and their changes, and write the page."""
    runs = _readable()
    first = next(runs, None)
    if first is None:
        kept = len(store.run_names())
        raise BenchError(
            f"results/ has {plural(kept, 'run')}, but none that this version reads: measure again, python -m bench run"
            if kept
            else "no run is recorded in results/ yet: python -m bench run"
        )
    series = history(chain([first], runs), args.cells)
    page = None if args.no_report else str(write(map(_line, series), _chance(series)))
    if args.json:
        expected = sum(each.by_chance for each in series)
        print_document({"series": [_plain(each) for each in series], "by_chance": expected, "report": page})
        return EXIT_PASS
    _print(series)
    print(f"\n{_chance(series)}")
    if page:
        print(f"report: {page}")
    return EXIT_PASS


def _readable() -> Iterator[store.Run]:
    """The recorded runs one by one, so that no two files of results are held at a time; a damaged one is told."""
    for name in store.run_names():
        try:
            run = store.load(name)
            run.heads()  # what is damaged is found here
        except BenchError as error:  # one damaged run never hides the others
            notice(f"left out: {error}")
            continue
        yield run


def _print(series: list[Series]) -> None:
    print_table([_row(each) for each in series])
    for each in series:
        for change in each.changes:
            print(f"\n{each.cell.id}, {each.metric}: {_sentence(each, change)}")
            command = each.ab(change)
            print(
                f"    to confirm: {command}" if command else "    no two revisions to compare: measure both sides again"
            )


def _chance(series: list[Series]) -> str:
    """How often there are changes where nothing changed, as the command is used."""
    scanned = [each for each in series if each.by_chance]
    rates = [first for first, _ in RATES.values()]
    rule = (
        f"Looked at after every run, {READINGS[0]} readings of a series in which nothing changes show a change in "
        f"{percent(min(rates))} of series, and in up to {whole(max(rates))} where readings differ by "
        f"{percent(SPREADS[-1])} and remember the last one (r = {MEMORIES[-1]:g})."
    )
    if not scanned:
        return rule
    expected = sum(each.by_chance for each in scanned)
    shown = f"{len(scanned)} series" if len(scanned) > 1 else "one series"
    return f"{rule} Looking at {shown} here, one expects {number(expected)} changes by chance alone."


def _row(series: Series) -> Row:
    return {
        "cell": series.cell.id,
        "metric": series.metric,
        "machine": series.digest[:6],
        "runs": str(len(series.points)),
        "first": _value(series, series.points[0].value) + " !" * series.points[0].contended,
        "latest": _value(series, series.points[-1].value) + " !" * series.points[-1].contended,
        "at": series.points[-1].label,
        "changes": ", ".join(signed(change.shift) for change in series.changes) or "-",
    }


def _sentence(series: Series, change: Change) -> str:
    """The change in words."""
    before, after = series.points[change.low - 1], series.points[change.high]
    at = series.points[change.index]
    if change.kind == "ramp":
        ends = f"from {before.label} ({before.moment[:10]}) to {after.label} ({after.moment[:10]})"
        return f"{signed(change.shift)} little by little {ends}, z = {change.z:.1f}"
    where = f"at {at.label} ({at.moment[:10]})"
    between = "" if change.low == change.high else f", somewhere after {before.label} and up to {after.label}"
    return f"{signed(change.shift)} {where}{between}, z = {change.z:.1f}"


def _line(series: Series) -> Line:
    facts = [series.machine.get(key) for key in ("cpu", "gpu")]
    machine = ", ".join(str(fact) for fact in facts if fact) or "an unknown machine"
    return Line(
        title=f"{series.cell.id}: {series.metric.replace('_', ' ')}",
        metric=series.metric,
        unit=series.unit,
        machine=f"{machine} ({series.digest[:6]})",
        points=[{**asdict(point), "label": point.label} for point in series.points],
        shifts=[
            Shift(change.index, change.low, change.high, _sentence(series, change), series.ab(change) or "")
            for change in series.changes
        ],
    )


def _value(series: Series, value: float) -> str:
    return quantity(value, symbol_of(series.metric, series.unit))


def _plain(series: Series) -> dict[str, Any]:
    return {
        "cell": series.cell.id,
        "metric": series.metric,
        "unit": series.unit,
        "statistic": series.statistic,
        "machine": {"digest": series.digest, **series.machine},
        "points": [asdict(point) for point in series.points],
        "changes": [{**asdict(change), "ab": series.ab(change)} for change in series.changes],
    }
