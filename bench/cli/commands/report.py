"""The command `report`: the HTML page of a recorded run, or one that compares several runs or machines."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cli.render.document import print_document
from bench.cli.render.drawing import drawing_shown
from bench.cli.render.named_run import named_run
from bench.cli.render.opened import open_page
from bench.errors import EXIT_PASS
from bench.report import figures, movers_section, run_sheet, runs_page
from bench.report.across import across
from bench.report.load import read
from bench.report.movers import compare
from bench.report.page import write
from bench.report.plotting import Picture
from bench.report.runs_document import document
from bench.report.sheet import Sheet, written
from bench.store.run import Run, load
from bench.text import plural


@dataclass(frozen=True, slots=True)
class _Report:
    """A page that was written, and what else can be had of it.

    Attributes:
        page: its path.
        sheet: its table for other programs.
        document: what stands on it as plain data.
        draw: its pictures, drawn anew.

    """

    page: Path
    sheet: Callable[[], Sheet]
    document: Callable[[], dict[str, Any]]
    draw: Callable[[], Sequence[Picture]]


def execute(args: argparse.Namespace) -> int:
    """Write the page, or the pages, and print what is asked for.

    Raises:
        BenchError: there is no such run, or what is compared has nothing to compare.

    """
    with drawing_shown(sys.stderr):
        reports = [*_reports(args.runs)]
    form = args.format
    # of one run that several machines measured, tables are of its own page
    first = reports[0]
    if form == "json":
        print_document({"report": str(first.page), **first.document()})
    elif form:
        print(written(first.sheet(), form), end="")
    paths = sys.stderr if form else sys.stdout
    for report in reports if form != "json" else ():
        print(report.page, file=paths)
    if args.figures:
        count = sum(figures.write(report.draw, Path(args.figures)) for report in reports)
        print(f"{plural(count, 'picture')} as PNG, SVG and PDF: {args.figures}", file=paths)
    if args.open:
        open_page(first.page)
    return EXIT_PASS


def _reports(names: Sequence[str]) -> Sequence[_Report]:
    """The page of a run, with one that compares its machines where it has several; or one that compares runs."""
    if len(dict.fromkeys(names)) > 1:
        return [_comparison([load(name) for name in dict.fromkeys(names)])]
    run = named_run(names[0] if names else None)
    classes = {head.get("machine") or "" for head in run.heads()} - {""}
    several = len(classes) > 1 and not run.facts.imported
    return [_of_run(run), *([_comparison([run])] if several else [])]


def _of_run(run: Run) -> _Report:
    record = read(run)

    def sheet() -> Sheet:
        return run_sheet.sheet(record)

    return _Report(
        write(run, record=record), sheet, lambda: {"rows": sheet().values}, lambda: figures.of_record(record)
    )


def _comparison(runs: Sequence[Run]) -> _Report:
    compared = across(runs)
    every = compare(compared)
    return _Report(
        runs_page.write(runs, compared),
        lambda: movers_section.sheet(every),
        lambda: document(compared),
        lambda: [picture for drawn in movers_section.pictures(every) for picture in drawn],
    )
