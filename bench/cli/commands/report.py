"""The command `report`: the HTML page of a recorded run, and one that compares machines where several measured."""

import argparse
import sys
from collections.abc import Sequence

from bench.cli.render.document import print_document
from bench.cli.render.drawing import drawing_shown
from bench.cli.render.named_run import named_run
from bench.errors import EXIT_PASS, BenchError
from bench.report import write
from bench.report.across import across
from bench.report.machines_document import document
from bench.report.machines_page import write as write_comparison
from bench.store.run import Run, load


def execute(args: argparse.Namespace) -> int:
    """Write the page, or the pages, and print their paths.

    Raises:
        BenchError: there is no such run, or runs are compared that are all of one machine.

    """
    if len(args.runs) > 1 or args.json:
        return _compare([load(name) for name in dict.fromkeys(args.runs)], as_json=args.json)
    run = named_run(args.runs[0] if args.runs else None)
    with drawing_shown(sys.stderr):
        path = write(run)
    print(path)
    classes = {head.get("machine") or "" for head in run.heads()} - {""}
    if len(classes) > 1 and not run.facts.imported:
        return _compare([run], as_json=False)
    return EXIT_PASS


def _compare(runs: Sequence[Run], *, as_json: bool) -> int:
    """The page that compares machines.

    Raises:
        BenchError: no run is named, or as of `execute`.

    """
    if not runs:
        raise BenchError("--json goes with a comparison of machines: name the runs, or see show RUN --json")
    compared = across(runs)
    page = str(write_comparison(runs, compared))
    if as_json:
        print_document({"report": page, **document(compared)})
    else:
        print(page)
    return EXIT_PASS
