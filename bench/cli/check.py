"""The command `check`: a recorded run against a baseline."""

import argparse
import json
from pathlib import Path

from bench.check.check import check
from bench.check.tolerances import tolerances
from bench.check.verdict import Decision
from bench.cli.decided import tell
from bench.cli.show import latest
from bench.store import baseline
from bench.store.provenance import command_line
from bench.store.run import Run, load

FILE = "check.json"  # beside the run's results, for its page


def execute(given: argparse.Namespace) -> int:
    """Judge and print; 0 pass, 1 regression, 3 inconclusive, 4 not comparable."""
    allowed = tolerances(Path(given.tolerances) if given.tolerances else None)
    stored = baseline.load(given.baseline)
    run = load(given.run or latest())
    found = check(run, stored, allowed, tuple(given.cells or ()), command_line())
    _keep(run, found.decision)
    tell(found.decision, given)
    return found.decision.exit_code


def _keep(run: Run, decision: Decision) -> None:
    """Leave the decision where the run's page finds it; the file is replaced in one move."""
    fresh = run.folder / f"{FILE}.new"
    fresh.write_text(json.dumps(decision.to_dict(), indent=1) + "\n", "utf-8")
    fresh.replace(run.folder / FILE)
