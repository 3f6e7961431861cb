"""The command `import`: files of pytest-benchmark become recorded runs, files of timm figures beside them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.cli.render.rounds import rounds_text
from bench.errors import EXIT_PASS, EXIT_USAGE
from bench.files import is_folder
from bench.store.checked import printable
from bench.store.imports import Batch, Import, gather, record
from bench.store.provenance import command_line
from bench.store.run import Run
from bench.text import joined, plural

_NAMED = 6  # files in a line, the others are counted


def execute(args: argparse.Namespace) -> int:
    """Record them, and print what they hold; 2 where a file in a folder was refused, although the others are there."""
    batch = gather(args.files, args.run)
    _tell(batch)
    recorded = [(item, record(item, command_line())) for item in batch.fresh]
    if args.json:
        single = len(args.files) == 1 and not is_folder(Path(args.files[0]))
        print_document(_document(recorded, batch, single=single))
    else:
        _print(recorded)
    return EXIT_USAGE if batch.refused else EXIT_PASS


def _tell(batch: Batch) -> None:
    """What is not recorded, and why: on stderr, so that what is stands alone."""
    for reason in batch.refused:
        notice(f"left out: {reason}")
    if batch.passed:
        files = joined((printable(str(path)) for path in batch.passed), most=_NAMED)
        notice(f"passed over, of other tools: {files}")
    for path, name in batch.there:
        notice(f"{path} is there already, as {name}")
    for item in batch.fresh:
        for result in item.results:
            if result.status != "ok":
                notice(f"left out: {result.cell.id} of {item.source.path}: {result.reason}")


def _print(recorded: Sequence[tuple[Import, Run | Path]]) -> None:
    runs = [(item, place) for item, place in recorded if isinstance(place, Run)]
    table = rounds_text((run.name, line) for _, run in runs for line in run.lines())
    if table:
        print(f"{table}\n")
    for item, run in runs:
        cells = plural(item.facts["cells"], "cell")
        print(f"imported {printable(str(item.source.path))}: {cells}; results in {run.folder}")
        print(f"see it with: python -m bench report {run.name}")
    for item, place in recorded:
        if item.figures:
            models = plural(len({figure.model for figure in item.figures.figures}), "model")
            figures = plural(len(item.figures.figures), "figure")
            print(f"imported {printable(str(item.source.path))}: {figures} of {models}; kept in {place}")
            print("they stand beside the numbers of runs that have these architectures (show, report)")
    if len(runs) > 1:
        print("the same benchmark in each of them: python -m bench history NAME")


def _document(recorded: Sequence[tuple[Import, Run | Path]], batch: Batch, *, single: bool) -> dict[str, Any]:
    """What was recorded as plain data: of a single file that was named itself, of several all of them."""
    documents = [
        {
            "run": place.name,
            "results": str(place.folder),
            "cells": [*dict.fromkeys(result.cell.id for result in item.results)],
        }
        if isinstance(place, Run)
        else {"published": str(place), "figures": len(item.figures.figures) if item.figures else 0}
        for item, place in recorded
    ]
    if single:
        return documents[0]
    there = [{"file": str(path), "name": name} for path, name in batch.there]
    passed = [str(path) for path in batch.passed]
    return {"imported": documents, "there": there, "refused": list(batch.refused), "passed": passed}
