"""The command `run`: measures a grid of cells, or revisions of the past; or goes on with a run that was cut short."""

import argparse
import importlib
import sys
from collections.abc import Mapping
from typing import Any

from bench.cli.parser.main import fields_of
from bench.errors import EXIT_PASS, BenchError
from bench.plan.plan import Plan, plan_from
from bench.process.executor import Executor, open_executor
from bench.store.provenance import command_line
from bench.store.run import Run, check_name


def execute(args: argparse.Namespace) -> int:
    """Run it; 0 when at least one cell was measured, 3 when none was, 130 when interrupted."""
    wanted = fields_of(args)
    if args.allow_code and not args.resume:
        raise BenchError("--allow-code goes with --resume RUN: what this command names is run anyway; leave it out")
    if args.revisions:
        return _measure_past(args, wanted)
    if args.resume:
        from bench.session.resume import resumed  # noqa: PLC0415 - as below

        with resumed(args.resume, wanted, allow_code=args.allow_code, hold=not args.dry_run) as (run, plan):
            return _prepared(args, plan, run)
    plan = plan_from(wanted)
    if plan.run:
        check_name(plan.run)  # before a dry run too, which would else promise what no run can do
    return _prepared(args, plan, None)


def _measure_past(args: argparse.Namespace, wanted: Mapping[str, Any]) -> int:
    """Have each revision of the span measured by its own code.

    Raises:
        BenchError: the span or the number of steps means nothing here.

    """
    from bench.cli.render.progress import ProgressLine  # noqa: PLC0415 - as below
    from bench.cli.render.revisions import print_revisions  # noqa: PLC0415
    from bench.session.revisions import measure_past, revisions  # noqa: PLC0415 - no other run needs worktrees

    if args.resume:
        raise BenchError("--revisions makes new runs, and --resume goes on with one: give one of them")
    hashes = revisions(args.revisions, args.steps)
    if args.dry_run:
        print("\n".join(hashes))
        return EXIT_PASS
    outcomes = measure_past(wanted, hashes, ProgressLine(sys.stderr), concurrent=args.concurrent, wait=args.wait)
    return print_revisions(outcomes, as_json=args.json)


def _prepared(args: argparse.Namespace, plan: Plan, run: Run | None) -> int:
    with open_executor(plan) as executor:
        executor.prepare()
        return _measured(args, plan, run, executor)


def _measured(args: argparse.Namespace, plan: Plan, run: Run | None, executor: Executor) -> int:
    # what tabulates and draws takes two seconds to import: while the server imports torch, before anything is timed
    from bench.cli.render.outcome import print_outcome  # noqa: PLC0415
    from bench.cli.render.plan import print_plan  # noqa: PLC0415
    from bench.cli.render.progress import ProgressLine  # noqa: PLC0415
    from bench.session.run import measure, prepare  # noqa: PLC0415

    if plan.report and not args.dry_run:
        importlib.import_module("bench.report")
    observer = ProgressLine(sys.stderr)
    work = prepare(plan, executor, observer, run=run, concurrent=args.concurrent, wait=args.wait)
    if args.dry_run:
        print_plan(work, as_json=args.json)
        return EXIT_PASS
    run = measure(work, executor, observer, run=run, concurrent=args.concurrent, wait=args.wait, command=command_line())
    return print_outcome(run, report=plan.report, as_json=args.json)
