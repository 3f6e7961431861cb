"""The command `show`: the numbers of a recorded run, the layers of an architecture, or what a checkpoint holds."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pandas as pd

from bench.cli.render.checkpoint import show_checkpoint
from bench.cli.render.layers import show_architecture
from bench.cli.render.published import published
from bench.cli.render.summary import summary
from bench.cli.render.sweeps import sweeps
from bench.cli.render.tuning import tuned
from bench.errors import BenchError
from bench.store import run as store
from bench.store.frame import configurations, frame
from bench.store.published import comparisons
from bench.text import plural

# What a first word may name instead of a run, and who shows that.
SUBJECTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "architecture": show_architecture,
    "checkpoint": show_checkpoint,
}


def execute(args: argparse.Namespace) -> int:
    """Print the run, the architecture or the checkpoint as a table, as JSON or as CSV.

    Two words name an architecture or a checkpoint; a single word names a run, whatever it is.
    """
    if args.run in SUBJECTS and (args.name or not _is_run(args.run)):
        return SUBJECTS[args.run](args)
    if args.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    if args.name or args.dataset:
        extra = args.name or "--dataset"
        raise BenchError(f"'{extra}' goes with an architecture: python -m bench show architecture NAME")
    return _show_run(args, store.load(args.run or latest()))


def _is_run(word: str) -> bool:
    return word in store.run_names()


def _show_run(args: argparse.Namespace, run: store.Run) -> int:
    table = frame(run)
    if args.csv:
        print(table.to_csv(index=False), end="")
    elif args.json:
        beside = [asdict(comparison) for comparison in comparisons(run.lines(), run.facts)]
        rows = {"rows": _records(table), "configurations": _records(configurations(run))}
        print(json.dumps({**run.stored, **rows, "published": beside}))
    else:
        if not table.empty:
            print(summary(run))
            for line in [*sweeps(configurations(run)), *tuned(run.facts), *published(run)]:
                print(line)
        if count := len(run.traces()):
            commands = f"python -m bench explain A B --run {run.name}; python -m bench tensorboard {run.name}"
            print(f"{plural(count, 'profile')}: {commands}")
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
