"""The command `profile`: profiles single cells, and prints where the time of each step goes."""

import argparse
import sys

from bench.cli.parser.explain import BLOCKS
from bench.cli.parser.main import fields_of
from bench.cli.render.columns import Row, print_table
from bench.cli.render.document import print_document
from bench.cli.render.progress import ProgressLine
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED
from bench.explain.explanation import breakdown
from bench.explain.record import CellRecord, cell_records
from bench.plan.plan import plan_from
from bench.process.executor import open_executor
from bench.session.run import measure, named, prepare
from bench.stats.attribution import Share, kinds, shares
from bench.store.provenance import command_line
from bench.text import quantity, tenths

MOST_ROWS = 10


# What is profiled is a property of one step, so one process without training does.
FIXED = {"epochs": 0, "repeats": 1, "again": 0, "profile": True, "report": False}


def execute(args: argparse.Namespace) -> int:
    """Run the cells once with a profile, without training; 0 when each has one, 3 when any has none."""
    plan = plan_from({"blocks": BLOCKS, "run": named("profile"), **fields_of(args), **FIXED})
    observer = ProgressLine(sys.stderr)
    with open_executor(plan) as executor:
        executor.prepare()
        work = prepare(plan, executor, observer)
        run = measure(work, executor, observer, concurrent=args.concurrent, wait=args.wait, command=command_line())
    cells = cell_records(run)
    if args.json:
        document = [{"id": name, "status": cell.status, "profile": cell.profile} for name, cell in cells.items()]
        print_document({"run": run.name, "cells": document})
    else:
        for cell in cells.values():
            _print(cell)
        print(f"traces in {run.folder / 'traces'}: python -m bench tensorboard {run.name}, or ui.perfetto.dev")
        print("why one is slower than another: python -m bench explain A B")
    if run.facts.status == "interrupted":
        return EXIT_INTERRUPTED
    return 0 if all(cell.profile for cell in cells.values()) else EXIT_INCONCLUSIVE


def _print(record: CellRecord) -> None:
    """Where the time of a cell's step goes."""
    step = record.value("step")
    print(record.cell.id)
    for code in record.code:
        print(code)
    if record.profile is None or step is None:
        print(f"no profile ({record.status}): see the warnings above\n")
        return
    overhead = record.value("profiler_overhead") or 0.0
    slower = f"the profiler made it {overhead:.2f} times as long, and only spreads the time"
    print(f"step {quantity(step, 's')}, timed; {slower}\n")
    parts = breakdown(record)
    tables = {"category and phase": kinds(parts)}
    tables |= {level: shares(parts, level) for level in ("operator", "module")}
    for title, rows in tables.items():
        print_table([_row(title, share) for share in rows[:MOST_ROWS]])
        print()
    for line in _facts(record):
        print(line)
    print()


def _row(title: str, share: Share) -> Row:
    return {title: share.name, "time": quantity(share.slower, "s"), "share": tenths(share.share or 0.0)}


def _facts(record: CellRecord) -> list[str]:
    """What the trace says besides: launches and idleness of a GPU, memory, advice."""
    profile, reading = record.profile or {}, (record.profile or {}).get("reading", {})
    lines = []
    if "idle" in profile:
        waits = ", ".join(f"{cause} {quantity(seconds, 's')}" for cause, seconds in profile["idle"].items() if seconds)
        launches = sum(profile["launches"].values())
        busy = quantity(profile["busy"], "s")
        lines.append(f"device: busy {busy} a step, {launches:g} kernels launched, idle: {waits or 'never'}")
    lines += [f"trace: {note}" for note in profile.get("notes", ())]
    lines += [f"{name.replace('_', ' ')}: {value:.3g}" for name, value in reading.get("gpu", {}).items()]
    lines += [
        f"memory that the profiler saw allocated, at its peak, {device}: {quantity(size, 'B')}"
        for device, size in reading.get("peak_memory", {}).items()
    ]
    lines += [f"advice: {text}" for text in reading.get("advice", ())]
    return lines
