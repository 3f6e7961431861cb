"""The command `check`: a recorded run against a baseline."""

import argparse
import sys
from pathlib import Path

from bench import files
from bench.cli.render.decision import Outputs
from bench.cli.render.notice import notice
from bench.cli.render.page import write_page
from bench.cli.render.paint import print_paragraphs
from bench.cli.render.pairs import telling
from bench.cli.render.progress import ProgressLine
from bench.compare.ab import Rules
from bench.compare.calibration import uncalibrated_note
from bench.compare.log import FOLDER
from bench.errors import EXIT_INTERRUPTED, BenchError
from bench.process.lock import measuring
from bench.regression.check import Check, CheckRules, check
from bench.regression.confirm import Group
from bench.regression.remeasure import Confirmation, Remeasured, measured_again, remeasured
from bench.regression.retrain import Batch, Trained, trained_again
from bench.regression.tolerances import tolerances
from bench.report import page_of
from bench.session.retraining import Retraining, retrained
from bench.store import baseline
from bench.store.fingerprint import Fingerprint
from bench.store.named_code import check_code, code_of
from bench.store.provenance import command_line, time_name
from bench.store.run import Run, latest, load
from bench.text import joined
from bench.verdict.verdict import CHECK_FILE, Decision


def execute(args: argparse.Namespace) -> int:
    """Judge and print; 0 pass, 1 regression, 3 inconclusive, 4 not comparable, 130 interrupted."""
    outputs = Outputs(as_json=args.json, junit_file=args.junit, markdown_file=args.markdown)
    with outputs.kept("check", command_line()):
        run, decision, interrupted = _decided(args)
        try:
            outputs.tell(decision)
        finally:  # neither costs the other
            _keep(run, decision)
    return EXIT_INTERRUPTED if interrupted else decision.exit_code


def _decided(args: argparse.Namespace) -> tuple[Run, Decision, bool]:
    """The run, the decision on it, and whether Ctrl-C ended measuring again."""
    allowed = tolerances(Path(args.tolerances) if args.tolerances else None)
    stored = baseline.load(args.baseline)
    run = load(args.run or latest())
    rules = CheckRules(
        allowed=allowed, globs=tuple(args.cells or ()), uncalibrated=args.uncalibrated, command=command_line()
    )
    checked = check(run, stored, rules)
    decision, interrupted = checked.decision, False
    if note := uncalibrated_note([Fingerprint(decision.machine)]):
        print_paragraphs([f"note: {note}"], sys.stderr)
    try:
        if checked.suspects and args.ab:
            decision = _again(args, run, checked)
        if checked.falls and args.ab:
            decision = _trained_again(args, run, checked, decision)
    except KeyboardInterrupt:
        interrupted = True
    return run, decision, interrupted


def _again(args: argparse.Namespace, run: Run, checked: Check) -> Decision:
    """The decision after the suspects were measured again."""
    name = time_name()
    confirmation = Confirmation(
        repo=Path(args.repo),
        rules=Rules(uncalibrated=True, command=command_line(), record=FOLDER / f"{name}-check.jsonl"),  # checked before
        data_dir=str(run.facts.plan.get("data_dir") or ""),
        budget=args.budget,
    )

    def remeasure(group: Group, number: int) -> Remeasured:
        check_code(run, code_of(suspect.new.cell for suspect in group.suspects), allowed=args.allow_code)
        with measuring(f"check {run.name}", args.concurrent, args.wait, notice):
            print_paragraphs([f"{group.names}: measured again beside {group.reference[:10]}"], sys.stderr)
            with telling() as tell:
                return remeasured(group, confirmation, number, tell)

    return measured_again(checked.decision, checked.suspects.values(), remeasure)


def _trained_again(args: argparse.Namespace, run: Run, checked: Check, decision: Decision) -> Decision:
    """The decision after the cells whose accuracy fell were trained again with fresh seeds."""
    terms = Retraining(
        repo=Path(args.repo),
        folder=run.folder,
        plan=run.facts.plan,
        stem=time_name(),
        budget=args.budget,
        concurrent=args.concurrent,
        wait=args.wait,
    )

    def train(batch: Batch, number: int) -> Trained:
        check_code(run, code_of(cell.new.cell for cell in batch.cells), allowed=args.allow_code)
        print_paragraphs([f"{batch.names}: trained again with seeds {joined(map(str, batch.seeds))}"], sys.stderr)
        return retrained(batch, terms, number, ProgressLine(sys.stderr))

    return trained_again(decision, checked.falls, train)


def _keep(run: Run, decision: Decision) -> None:
    """Leave the decision where the run's page finds it, in one move, and write that page again if there is one.

    What cannot be written is told: the decision and its exit code stand all the same.
    """
    try:
        files.replace(run.folder / CHECK_FILE, files.document(decision.to_dict()))
    except BenchError as error:
        notice(f"the decision is not kept for the run's page: {error}")
        return
    if page_of(run.name).exists():
        write_page(run)
