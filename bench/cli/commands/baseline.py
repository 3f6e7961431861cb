"""The command `baseline`: accept a run, and see what was accepted."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict

from bench.cli.commands.show import latest
from bench.cli.render.tables import print_table
from bench.errors import EXIT_PASS, BenchError
from bench.store import baseline as store
from bench.store.run import load
from bench.store.summary import summaries
from bench.text import PERCENT, number, plural, quantity


def execute(given: argparse.Namespace) -> int:
    """Do what is asked for."""
    _ACTIONS[given.action](given)
    return EXIT_PASS


def _save(given: argparse.Namespace) -> None:
    run = load(given.run or latest())
    found = summaries(run)
    accepted = [one for one in found if one.status == "ok"]
    for one in found:
        if one.status != "ok":
            print(
                f"bench: left out: {one.id} is {one.status}{': ' + one.reason if one.reason else ''}", file=sys.stderr
            )
    if not accepted:
        raise BenchError(f"run '{run.name}' has no cell that is ok: nothing to accept")
    if any(one.dirty for one in accepted):
        print(
            "bench: the code of this run had uncommitted changes; its revision alone cannot repeat it", file=sys.stderr
        )
    path, added = store.save(given.name, accepted)
    kept = store.load(given.name)
    if not added:
        print(f"run '{run.name}' is in the baseline '{given.name}' already: nothing to do")
        return
    cells = plural(added, "cell")
    print(f"{cells} of run '{run.name}' accepted into {path}, run number {len(kept.runs())}")


def _list(given: argparse.Namespace) -> None:
    rows: list[dict[str, object]] = []
    for name in store.names():
        one = _loaded(name)
        machines = {summary.machine.digest for summary in one.summaries}
        rows.append(
            {
                "name": name,
                "runs": len(one.runs()),
                "cells": len({summary.id for summary in one.summaries}),
                "machines": len(machines),
                "latest": max((summary.started for summary in one.summaries), default=""),
            }
        )
    if given.json:
        print(json.dumps(rows))
    elif rows:
        print_table([{key: str(value) for key, value in row.items()} for row in rows])
    else:
        print("no baseline yet: python -m bench baseline save RUN --name NAME", file=sys.stderr)


def _show(given: argparse.Namespace) -> None:
    one = _loaded(given.name)
    if given.json:
        print(
            json.dumps(
                {"name": one.name, "problem": one.problem, "summaries": [asdict(part) for part in one.summaries]}
            )
        )
        return
    print_table(
        [
            {
                "cell": part.id,
                "run": part.run,
                "revision": part.revision[:10] + ("+" if part.dirty else "") or "-",
                "machine": part.machine.digest[:6],
                "relative cost": "-" if part.log_cost is None else number(math.exp(part.log_cost)),
                "processes": str(part.processes),
                "step": "-" if part.step is None else quantity(part.step, "s"),
                "accuracy": quantity(sum(part.accuracy.values()) / len(part.accuracy), PERCENT)
                if part.accuracy
                else "-",
                "seeds": str(len(part.accuracy)),
            }
            for part in one.summaries
        ]
    )


def _drop(given: argparse.Namespace) -> None:
    gone = store.drop(given.name, given.run)
    what = f"run '{given.run}' of baseline" if given.run else "baseline"
    print(f"{what} '{given.name}' dropped: {plural(gone, 'line')}")


def _loaded(name: str) -> store.Baseline:
    one = store.load(name)
    if one.problem:
        print(f"bench: {one.problem}", file=sys.stderr)
    return one


_ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {"save": _save, "list": _list, "show": _show, "drop": _drop}
