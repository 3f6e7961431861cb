"""The command `score`: how often each optimizer of a run is within a factor of the best, and its score over that."""

import argparse

from bench.cli.render.columns import print_table
from bench.cli.render.document import print_document
from bench.cli.render.named_run import named_run
from bench.cli.render.paint import print_paragraphs
from bench.cli.render.score import csv_of, document_of, notes_of, rows_of
from bench.errors import EXIT_PASS, BenchError
from bench.store.raced import race_of


def execute(args: argparse.Namespace) -> int:
    """Print the scores as a table, as JSON or as CSV.

    Raises:
        BenchError: there is nothing to compare, or seconds of several machines are asked for.

    """
    run = named_run(args.run)
    race = race_of(run.heads(), run.facts.plan, run.facts.optimizers, run.facts.tuned)
    if not race.is_one:
        why = f" ({race.absent[0]})" if race.absent else ""
        raise BenchError(
            f"run {run.name} has no two optimizers that trained to a target on the same workloads{why}: "
            "python -m bench run --suite algoperf-small"
        )
    if args.by not in race.times:
        raise BenchError(f"run {run.name}: {race.against_seconds[0]}: python -m bench score {run.name} --by steps")
    if args.json:
        print_document(document_of(race, args.by))
    elif args.csv:
        print(csv_of(race, args.by), end="")
    else:
        print_table(rows_of(race, args.by))
        print()
        print_paragraphs(notes_of(race, args.by))
    return EXIT_PASS
