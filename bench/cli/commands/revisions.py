"""The command `run --revisions A..B`: has the session measure revisions of the past, and prints what came of each."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.cli.render.progress import ProgressLine
from bench.cli.render.tables import print_table
from bench.errors import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_PASS, BenchError
from bench.session.revisions import RevisionOutcome, measure_past, revisions


def fill(args: argparse.Namespace, wanted: Mapping[str, Any]) -> int:
    """Measure each revision; 0 when at least one has a run now, 3 when none has, 130 when interrupted.

    Raises:
        BenchError: the span or the number of steps means nothing here.

    """
    if args.resume:
        raise BenchError("--revisions makes new runs, and --resume goes on with one: give one of them")
    hashes = revisions(args.revisions, args.steps)
    if args.dry_run:
        print("\n".join(hashes))
        return EXIT_PASS
    outcomes = measure_past(wanted, hashes, ProgressLine(sys.stderr), concurrent=args.concurrent)
    _print(outcomes, as_json=args.json)
    if outcomes[-1].status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_PASS if any(outcome.status != "failed" for outcome in outcomes) else EXIT_INCONCLUSIVE


def _print(outcomes: Sequence[RevisionOutcome], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(outcome) for outcome in outcomes]))
        return
    print_table([_row(outcome) for outcome in outcomes])
    print("\nsee them with: python -m bench history")


def _row(outcome: RevisionOutcome) -> dict[str, str]:
    reason = outcome.reason or "-"
    return {"revision": outcome.revision[:10], "run": outcome.run, "status": outcome.status, "reason": reason}
