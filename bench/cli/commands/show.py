"""The command `show`: the numbers of a recorded run, the layers of an architecture, or what a checkpoint holds."""

import argparse
import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from bench.cli.render.checkpoint import show_checkpoint
from bench.cli.render.layers import show_architecture
from bench.cli.render.published import published
from bench.cli.render.sweeps import sweeps
from bench.cli.render.tables import legend, overview, print_table
from bench.cli.render.tuning import tuned
from bench.errors import BenchError
from bench.store import run as store
from bench.store.frame import configurations, frame
from bench.store.published import comparisons
from bench.text import plural


def execute(given: argparse.Namespace) -> int:
    """Print the run, or the architecture, as a table, as JSON or as CSV."""
    if given.run == "checkpoint":
        return show_checkpoint(given)
    if given.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    if given.run == "architecture":
        return show_architecture(given)
    if given.name or given.dataset:
        extra = given.name or "--dataset"
        raise BenchError(f"'{extra}' goes with an architecture: python -m bench show architecture NAME")
    run = store.load(given.run or latest())
    table = frame(run)
    if given.csv:
        print(table.to_csv(index=False), end="")
    elif given.json:
        beside = [asdict(one) for one in comparisons(run.lines(), run.facts)]
        rows = {"rows": _records(table), "configurations": _records(configurations(run))}
        print(json.dumps({**run.stored, **rows, "published": beside}))
    else:
        if not table.empty:
            pooled, plan = configurations(run), run.facts.plan
            print_table(overview(pooled, plan.get("precision"), run.facts.ceilings or ()))
            print(f"\n{legend(pooled, plan.get('until', 0.0))}")
            for line in [*sweeps(pooled), *tuned(run.facts), *published(run)]:
                print(line)
        if profiles := len(run.traces()):
            commands = f"python -m bench explain A B --run {run.name}; python -m bench tensorboard {run.name}"
            print(f"{plural(profiles, 'profile')}: {commands}")
        print(f"{run.facts.status}: {run.facts.command}")
    return 0


def _records(table: pd.DataFrame) -> Any:
    """The rows as plain data, through pandas, which writes what is absent as null."""
    return json.loads(table.to_json(orient="records", double_precision=15))


def latest() -> str:
    """The name of the latest run."""
    names = store.run_names()
    if not names:
        raise BenchError("no run is recorded in results/ yet: python -m bench run")
    return names[-1]
