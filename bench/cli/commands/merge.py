"""The command `merge`: shards of a plan, or runs of it on several machines, become one recorded run."""

import argparse

from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.cli.render.page import write_page
from bench.cli.render.paint import print_link
from bench.errors import EXIT_PASS
from bench.session.run import named
from bench.store.merge import merge, missing_shards
from bench.store.provenance import command_line
from bench.store.run import Run, load
from bench.text import joined, plural


def execute(args: argparse.Namespace) -> int:
    """Merge them, and say what came of it.

    Raises:
        BenchError: they are no parts of one run.

    """
    runs = [load(name) for name in args.runs]
    merged = merge(runs, args.run or named("merged"), command_line())
    missing = missing_shards(runs)
    if missing:
        notice(f"not among the merged: {plural(len(missing), 'shard')}, {joined(missing)}")
    page = None if args.no_report else write_page(merged)
    if args.json:
        print_document(_document(merged, missing, page.path if page else None))
    else:
        cells = plural(merged.stored["cells"], "cell")
        print(f"merged {joined(run.name for run in runs)}: {cells}; results in {merged.folder}")
        if page:
            print_link("report: ", page.path)
    return EXIT_PASS


def _document(merged: Run, missing: list[str], page: str | None) -> dict[str, object]:
    return {
        "run": merged.name,
        "status": merged.facts.status,
        "results": str(merged.folder),
        "report": page,
        "cells": merged.stored["cells"],
        "merged": [str(part["run"]) for part in merged.facts.merged],
        "missing": missing,
    }
