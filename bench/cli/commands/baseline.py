"""The command `baseline`: accept a run, and see what was accepted."""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, replace

from bench.cli.render.columns import Row, print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import EXIT_PASS, BenchError
from bench.regression.accepted import begun
from bench.store import baseline as store
from bench.store.frame import configurations, flagged_cells
from bench.store.run import Run, latest, load
from bench.store.summary import CellSummary, summaries
from bench.text import PERCENT, joined, number, plural, quantity


def execute(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    _ACTIONS[args.action](args)
    return EXIT_PASS


def _save(args: argparse.Namespace) -> None:
    store.path_of(args.name)  # a name that cannot be is told before anything else
    run = load(args.run or latest())
    everything = summaries(run)
    accepted = [summary for summary in everything if summary.status == "ok"]
    for summary in everything:
        if summary.status != "ok":
            reason = f": {summary.reason}" if summary.reason else ""
            notice(f"left out: {summary.id} is {summary.status}{reason}")
    if not accepted:
        raise BenchError(f"run '{run.name}' has no cell that is ok: nothing to accept")
    accepted = _judgeable(run.name, accepted)
    accepted = _uncontended(run.name, accepted, allowed=args.contended)
    accepted = _marked(accepted, run, args)
    path, added = store.save(args.name, accepted)
    if flagged := flagged_cells(configurations(run), (summary.id for summary in accepted)):
        print(f"bench: accepted although flagged: {joined(flagged)}", file=sys.stderr)
    if any(summary.dirty for summary in accepted):
        notice("the code of this run had uncommitted changes; its revision alone cannot repeat it")
    runs = store.load(args.name).runs()
    if not added:
        print(f"run '{run.name}' is in the baseline '{args.name}' already: nothing to do")
        return
    cells = plural(added, "cell")
    print(f"{cells} of run '{run.name}' accepted into {path}, run number {runs.index(run.name) + 1} of {len(runs)}")
    for word, why in (("reset", "as asked"), ("regressed", "slower and accepted"), ("improved", "faster")):
        names = [summary.id for summary in accepted if summary.begins == word]
        if names:
            print(f"later runs are held to this one, {why}: {joined(names)}")


def _marked(accepted: list[CellSummary], run: Run, args: argparse.Namespace) -> list[CellSummary]:
    """The readings, marked where they begin a segment: all if that is asked for, else what a check saw move."""
    if args.reset:
        return [replace(summary, begins="reset") for summary in accepted]
    marks = begun(run, args.name)
    return [replace(summary, begins=marks.get(summary.id, "")) for summary in accepted]


def _judgeable(run: str, accepted: list[CellSummary]) -> list[CellSummary]:
    """Those of which a check can judge something; the others, which would be inconclusive for ever, are named.

    Raises:
        BenchError: none is left.

    """
    left = [summary for summary in accepted if summary.judgeable]
    if not left:
        raise BenchError(
            f"no cell of run '{run}' has what check judges (relative cost, accuracy, memory, exact counts): plain times"
            " of different hours do not compare; accept another run, or follow them with python -m bench history"
        )
    for summary in accepted:
        if not summary.judgeable:
            notice(f"left out: {summary.id} has plain times alone, which check never judges")
    if imported := [summary.id for summary in left if summary.log_cost is None and not summary.accuracy]:
        counted = joined(imported)
        notice(f"of {counted} check judges the exact counts alone, and never the time")
    return left


def _uncontended(run: str, accepted: list[CellSummary], *, allowed: bool) -> list[CellSummary]:
    """Those whose times can be compared with later ones; the others are named, unless they are `allowed`.

    Raises:
        BenchError: none is left.

    """
    doubtful = [] if allowed else [each for each in accepted if {"relative_cost", "step"} & {*each.contended}]
    for summary in doubtful:
        notice(f"left out: other work took the cores of {summary.id} in every process")
    if len(doubtful) == len(accepted):
        raise BenchError(
            f"every cell of run '{run}' was contended: run it again when nothing else runs, or --contended"
        )
    return [summary for summary in accepted if summary not in doubtful]


def _list(args: argparse.Namespace) -> None:
    rows: list[dict[str, object]] = []
    for name in store.names():
        baseline = _loaded(name)
        machines = {summary.machine.digest for summary in baseline.summaries}
        rows.append(
            {
                "name": name,
                "runs": len(baseline.runs()),
                "cells": len({summary.id for summary in baseline.summaries}),
                "machines": len(machines),
                "latest": max((summary.started for summary in baseline.summaries), default=""),
            }
        )
    if args.json:
        print_document(rows)
    elif rows:
        print_table([{key: str(value) for key, value in row.items()} for row in rows])
    else:
        print("no baseline yet: python -m bench baseline save RUN --name NAME", file=sys.stderr)


def _show(args: argparse.Namespace) -> None:
    baseline = _loaded(args.name)
    if args.json:
        stored = [{**asdict(summary), "cell": summary.cell.to_dict()} for summary in baseline.summaries]
        print_document({"name": baseline.name, "problem": baseline.problem, "summaries": stored})
        return
    print_table([_row(summary) for summary in baseline.summaries])


def _row(summary: CellSummary) -> Row:
    accuracy = summary.accuracy
    return {
        "cell": summary.id,
        "run": summary.run,
        "revision": summary.revision[:10] + ("+" if summary.dirty else "") or "-",
        "machine": summary.machine.digest[:6],
        "relative cost": "-" if summary.log_cost is None else number(math.exp(summary.log_cost)),
        "processes": str(summary.processes),
        "step": "-" if summary.step is None else quantity(summary.step, "s"),
        "accuracy": quantity(sum(accuracy.values()) / len(accuracy), PERCENT) if accuracy else "-",
        "seeds": str(len(accuracy)),
        "begins": summary.begins or "-",
    }


def _drop(args: argparse.Namespace) -> None:
    gone = store.drop(args.name, args.run)
    what = f"run '{args.run}' of baseline" if args.run else "baseline"
    print(f"{what} '{args.name}' dropped: {plural(gone, 'line')}")


def _loaded(name: str) -> store.Baseline:
    baseline = store.load(name)
    if baseline.problem:
        notice(baseline.problem)
    return baseline


_ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {"save": _save, "list": _list, "show": _show, "drop": _drop}
