"""The command `show`: the numbers of a recorded run, the layers of an architecture, or what a checkpoint holds."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from bench.cli.render.checkpoint import print_checkpoint
from bench.cli.render.document import print_document
from bench.cli.render.goals import goals
from bench.cli.render.layers import print_layers
from bench.cli.render.loading import loading
from bench.cli.render.named_run import named_run
from bench.cli.render.paint import print_lines, print_paragraphs
from bench.cli.render.payoffs import compiling
from bench.cli.render.published import published
from bench.cli.render.recipes import print_changes
from bench.cli.render.summary import summary, wide
from bench.cli.render.sweeps import sweeps
from bench.cli.render.tuning import tuned
from bench.errors import EXIT_PASS, BenchError
from bench.plan.largest import largest_of, sentence
from bench.plan.task import LayersRequest
from bench.process.executor import open_executor
from bench.session.requests import ask_layers, ask_verification
from bench.store import run as store
from bench.store.beside import published_of
from bench.store.frame import configurations, frame
from bench.store.goal_verdict import goal_verdicts
from bench.text import plural


def execute(args: argparse.Namespace) -> int:
    """Print the run, the architecture or the checkpoint as a table, as JSON or as CSV.

    Two words name an architecture or a checkpoint; a single word names a run, whatever it is.
    """
    if args.run in _SUBJECTS and (args.name or not _is_run(args.run)):
        if args.wide or args.columns:
            extra = "--wide" if args.wide else "--columns"
            raise BenchError(f"{extra} goes with a run: leave it out")
        return _SUBJECTS[args.run](args)
    if args.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    if args.name or args.dataset:
        extra = args.name or "--dataset"
        raise BenchError(f"'{extra}' goes with an architecture: python -m bench show architecture NAME")
    return _show_run(args, named_run(args.run))


def _is_run(word: str) -> bool:
    return word in store.run_names()


def _show_architecture(args: argparse.Namespace) -> int:
    """Print the layers of the architecture `args.name`, for the data set `args.dataset` where one is named.

    Raises:
        BenchError: no architecture is named, a flag does not go with it, there is no such architecture or data set, or
            they do not fit.

    """
    if not args.name:
        raise BenchError("name an architecture: python -m bench show architecture NAME (list architectures)")
    if args.data_dir:
        raise BenchError("'--data-dir' goes with a checkpoint: python -m bench show checkpoint FILE")
    with open_executor() as executor:
        layers = ask_layers(executor, LayersRequest(args.name, args.dataset or ""))
    print_layers(layers, as_json=args.json, as_csv=args.csv)
    return EXIT_PASS


def _show_checkpoint(args: argparse.Namespace) -> int:
    """Print what the file `args.name` holds, and evaluate its model again; 1 where it does not score the same.

    Raises:
        BenchError: no file is named, a flag does not go with it, or it or its data set cannot be read.

    """
    if not args.name:
        raise BenchError("name a file: python -m bench show checkpoint results/RUN/checkpoints/CELL.pt")
    if args.csv or args.dataset:
        extra = "--csv" if args.csv else "--dataset"
        raise BenchError(f"{extra} does not go with a checkpoint: leave it out")
    with open_executor() as executor:
        verification = ask_verification(executor, Path(args.name), args.data_dir or "")
    return print_checkpoint(verification, as_json=args.json)


def _show_run(args: argparse.Namespace, run: store.Run) -> int:
    table = frame(run)
    if args.csv:
        print(table.to_csv(index=False), end="")
    elif args.json:
        beside = [asdict(comparison) for comparison in published_of(run)]
        rows = {"rows": _records(table), "configurations": _records(configurations(run))}
        verdicts = [asdict(verdict) for verdict in goal_verdicts(run)]
        print_document({**run.stored, **rows, "published": beside, "goals": verdicts})
    else:
        if args.wide and not table.empty:
            print(wide(run))
        else:
            print_lines(summary(run, columns=args.columns or (), encoding=sys.stdout.encoding))
        if not table.empty:
            largest = map(sentence, largest_of(run.facts.largest))
            pooled = configurations(run)
            learnt = [*tuned(run.facts), *largest, *goals(run)]
            print_paragraphs([*sweeps(pooled), *compiling(pooled), *loading(pooled), *learnt, *published(run)])
            print_changes(run)
        if count := len(run.traces()):
            commands = f"python -m bench explain A B --run {run.name}; python -m bench tensorboard {run.name}"
            print(f"{plural(count, 'profile')}: {commands}")
        print(f"{run.facts.status}: {run.facts.command}")
    return EXIT_PASS


def _records(table: pd.DataFrame) -> Any:
    """The rows as plain data, through pandas, which writes what is absent as null."""
    return json.loads(table.to_json(orient="records", double_precision=15))


# What a first word may name instead of a run, and what shows that.
_SUBJECTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "architecture": _show_architecture,
    "checkpoint": _show_checkpoint,
}
