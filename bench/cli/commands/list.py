"""The command `list`: what there is to choose from, and what was run."""

import argparse
import json
import sys
from typing import Any

from bench.cli.render.tables import print_table
from bench.metrics import METRICS
from bench.plan.catalogue import Catalogue
from bench.plan.estimate import expected_seconds, trial_seconds
from bench.plan.grid import expand
from bench.plan.plan import Plan, plan_from, suite_names
from bench.plan.task import CatalogueRequest
from bench.plan.tuning import trials_of
from bench.process.executor import open_executor
from bench.session.requests import ask_catalogue
from bench.store import run as store
from bench.text import duration, quantity


def execute(args: argparse.Namespace) -> int:
    """Print the listing."""
    entries = _ENTRIES[args.what](args.what)
    if args.json:
        print(json.dumps(entries))
    elif entries:
        hidden = ("architectures",) if args.what == "suites" else ()  # too long for a table; --json has them
        print_table(
            [
                {_TITLES.get(key, key): _text(key, value) for key, value in entry.items() if key not in hidden}
                for entry in entries
            ]
        )
    else:
        print(f"no {args.what} yet", file=sys.stderr)
    return 0


def _registered(what: str) -> list[dict[str, Any]]:
    """Entries of the catalogue, which a worker tells, since only it imports torch."""
    globs = ("*",) if what == "architectures" else ()
    catalogue = _catalogue(globs)
    for problem in catalogue.problems:
        print(f"bench: plug-in left out: {problem}", file=sys.stderr)
    order = {
        "architectures": ("name", "family", "parameters", "flops_forward", "input_shape", "description"),
        "optimizers": ("name", "learning_rate", "implementations", "description"),
        "datasets": ("name", "input_shape", "num_classes", "train", "test", "description"),
    }[what]
    return [{key: entry.get(key) for key in order} for entry in getattr(catalogue, what).values()]


def _suites(_: str) -> list[dict[str, Any]]:
    """The suites with the cells they have here and the seconds they are likely to take."""
    plans = [plan_from({"suite": name}) for name in suite_names()]
    globs = tuple(dict.fromkeys(glob for plan in plans for glob in plan.architectures))
    catalogue = _catalogue(globs)
    return [_suite(plan, catalogue) for plan in plans]


def _catalogue(globs: tuple[str, ...]) -> Catalogue:
    """What is registered; the FLOPs of the architectures that match are counted, which takes seconds."""
    with open_executor() as executor:
        return ask_catalogue(executor, CatalogueRequest(globs))


def _suite(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    grid = expand(plan, catalogue)
    trials = trials_of(grid.cells, plan, catalogue)
    return {
        "name": plan.suite,
        "cells": len(grid.cells) + len(trials),
        "seconds": expected_seconds(grid.cells, plan, catalogue) + trial_seconds(trials, plan, catalogue),
        "purpose": plan.purpose,
        "architectures": list(plan.architectures),
    }


def _runs(_: str) -> list[dict[str, Any]]:
    runs, errors = store.load_each()
    for error in errors:
        print(f"bench: left out: {error}", file=sys.stderr)
    return [
        {
            "run": run.name,
            "profiles": len(run.traces()),
            "started": run.facts.started or None,
            "status": run.facts.status,
            "command": run.facts.command,
        }
        for run in runs
    ]


def _metrics(_: str) -> list[dict[str, Any]]:
    """What each metric is: what files, flags, tolerances and budgets call it, and what it means."""
    return [
        {
            "name": row.name,
            "unit": row.unit,
            "direction": row.direction,
            "kind": row.kind,
            "pooled": row.pooled,
            "judged_by": row.judged_by,
            "may_have_budget": row.may_have_budget,
            "note": row.note,
        }
        for row in METRICS.values()
    ]


_ENTRIES = {
    "architectures": _registered,
    "optimizers": _registered,
    "datasets": _registered,
    "suites": _suites,
    "metrics": _metrics,
    "runs": _runs,
}

_TITLES = {"seconds": "takes about", "direction": "better", "judged_by": "judged by", "may_have_budget": "budget"}


def _text(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key == "input_shape":
        return "x".join(map(str, value))
    if key == "flops_forward":
        return quantity(float(value), "FLOP")
    if key == "seconds":
        return duration(value)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
