"""The command `check`: a recorded run against a baseline."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from bench.cli.commands.ab import tell_look
from bench.cli.commands.show import latest
from bench.cli.render.decision import tell
from bench.cli.render.page import write_page
from bench.compare.ab import Rules
from bench.compare.log import FOLDER
from bench.errors import EXIT_INTERRUPTED
from bench.process.lock import measuring
from bench.regression.check import Check, check
from bench.regression.confirm import Retrial, measured_again
from bench.regression.tolerances import tolerances
from bench.report import page_of
from bench.report.decision import FILE
from bench.store import baseline
from bench.store.provenance import command_line
from bench.store.run import Run, load
from bench.verdict.verdict import Decision


def execute(given: argparse.Namespace) -> int:
    """Judge and print; 0 pass, 1 regression, 3 inconclusive, 4 not comparable, 130 interrupted."""
    allowed = tolerances(Path(given.tolerances) if given.tolerances else None)
    stored = baseline.load(given.baseline)
    run = load(given.run or latest())
    found = check(run, stored, allowed, tuple(given.cells or ()), force=given.force, command=command_line())
    decision, interrupted = found.decision, False
    if found.suspects and given.ab:
        try:
            decision = _again(given, run, found)
        except KeyboardInterrupt:
            interrupted = True
    _keep(run, decision)
    tell(decision, given)
    return EXIT_INTERRUPTED if interrupted else decision.exit_code


def _again(given: argparse.Namespace, run: Run, found: Check) -> Decision:
    """The decision after the suspects were measured again."""
    name = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    rules = Rules(force=True, command=command_line(), record=FOLDER / f"{name}-check.jsonl")  # checked before
    how = Retrial(
        repo=Path(given.repo),
        rules=rules,
        data_dir=str((run.facts.get("plan") or {}).get("data_dir") or ""),
        budget=given.budget,
        tell=tell_look,
        begin=lambda text: print(text, file=sys.stderr),
        hold=lambda: measuring(f"check {run.name}", given.concurrent),
    )
    return measured_again(found.decision, found.suspects, how)


def _keep(run: Run, decision: Decision) -> None:
    """Leave the decision where the run's page finds it, in one move, and write that page again if there is one."""
    fresh = run.folder / f"{FILE}.new"
    fresh.write_text(json.dumps(decision.to_dict(), indent=1) + "\n", "utf-8")
    fresh.replace(run.folder / FILE)
    if page_of(run.name).exists():
        write_page(run)
