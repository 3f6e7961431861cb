"""The command `ab`: whether one revision, cell or environment is slower than another, on this machine, now."""

import argparse
import sys
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from bench import files
from bench.cli.parser.main import fields_of
from bench.cli.render.decision import Outputs
from bench.cli.render.notice import notice
from bench.cli.render.paint import print_paragraphs
from bench.cli.render.pairs import telling
from bench.compare import sides, steps
from bench.compare.ab import Rules, compare, fingerprints
from bench.compare.calibration import uncalibrated_note
from bench.compare.interpreters import interpreters
from bench.compare.log import FOLDER, ComparisonLog
from bench.compare.pair_clock import USUAL
from bench.compare.verdicts import decide
from bench.errors import EXIT_INTERRUPTED, BenchError
from bench.plan.plan import CHECKS, Plan, check_measures, flag, plan_from
from bench.plan.step import source_named
from bench.process.interpreter import interpreter
from bench.process.lock import measuring
from bench.stats.sequential_test import LOOKS
from bench.store.provenance import command_line, time_name
from bench.text import duration, plural
from bench.verdict.accepted import accept
from bench.verdict.verdict import Decision

OF_STEPS = ("threads", "devices", "blocks", "budget", "order_seed")  # options that mean something to a user's own step


def execute(args: argparse.Namespace) -> int:
    """Compare and print; 0 pass, 1 regression, 3 inconclusive, 4 not comparable, 130 interrupted."""
    outputs = Outputs(as_json=args.json, junit_file=args.junit, markdown_file=args.markdown)
    with outputs.kept("ab", command_line()):
        decision = _recomputed(args) if args.recompute else _measured(args)
        outputs.tell(decision)
    if args.recompute:
        return decision.exit_code
    print(f"after {duration(decision.seconds)}; raw numbers: {decision.record}", file=sys.stderr)
    return EXIT_INTERRUPTED if decision.interrupted == "interrupted" else decision.exit_code


def _recomputed(args: argparse.Namespace) -> Decision:
    """The decision on stored numbers."""
    log = ComparisonLog.load(Path(args.recompute))
    return accept(decide(log, same_result=args.same_result, same_costs=args.same_costs), args.accept)


def _measured(args: argparse.Namespace) -> Decision:
    """The decision on numbers that are measured now."""
    wanted = fields_of(args)
    plan = plan_from({"suite": CHECKS, **wanted})
    # more threads repeat worse, see docs/measurement.md; and nothing is trained, whatever a suite says
    plan = replace(plan, threads=plan.threads or (1,), epochs=0)
    check_measures(plan)
    name = time_name()
    rules = Rules(
        tolerance=args.tolerance,
        uncalibrated=args.uncalibrated,
        command=command_line(),
        record=FOLDER / f"{name}.jsonl",
        same_result=args.same_result,
        same_costs=args.same_costs,
    )
    with measuring(f"ab {name}", args.concurrent, args.wait, notice):
        began = time.monotonic()  # what starts both sides is part of the budget, and waiting for one's turn is not
        with _comparison(args, wanted, plan) as comparison:
            _announce(comparison, steps_of_own=bool(args.step or args.steps))
            with telling() as tell:
                return accept(compare(comparison, plan, rules, tell, began), args.accept)


def _announce(comparison: sides.Comparison, *, steps_of_own: bool) -> None:
    """What is compared, and about how long it takes."""
    between = f"{comparison.before.label} -> {comparison.after.label}"
    if not comparison.sides:
        print(f"{between}: nothing that both have", file=sys.stderr)
        return
    cells = plural(len(comparison.sides), "cell")
    what = "a step, " if steps_of_own else f"{cells}, first what both sides compute, then "
    pair, servers = duration(USUAL["pair"]), duration(USUAL["servers"])
    pairs = f"{LOOKS[0]} to {LOOKS[-1]} pairs each; a pair takes some {pair}, fresh servers of a round {servers}"
    note = uncalibrated_note(fingerprints(comparison))
    print_paragraphs([f"{between}: {what}{pairs}", *([f"note: {note}"] if note else [])], sys.stderr)


def _comparison(
    args: argparse.Namespace, wanted: dict[str, object], plan: Plan
) -> AbstractContextManager[sides.Comparison]:
    """What is compared with what.

    Raises:
        BenchError: more or fewer than one of revisions, cells, steps and settings were named.

    """
    if sum(map(bool, (args.revisions, args.cells, args.steps, args.env, args.python))) != 1:
        raise BenchError(
            "ab compares revisions (ab REV [REV2]), two cells (--cells A B), two steps (--steps A B), settings "
            "(--env A=N=V) or interpreters (--python A=PATH B=PATH): name one"
        )
    if len(args.revisions) > 2:
        raise BenchError(f"ab takes one revision or two, not {len(args.revisions)}")
    if args.repo and not (args.revisions or args.step or args.steps):
        raise BenchError("--repo says where revisions or steps are: leave it out here")
    if args.repo and not files.is_folder(Path(args.repo)):
        raise BenchError(f"there is no folder {args.repo}: give --repo DIR")
    if args.step or args.steps:
        return _of_steps(args, wanted, plan)
    if args.cells:
        first, second = args.cells
        return sides.cells(first, second, plan, args.inject)
    if args.env:
        return sides.environments(_changes(args.env), plan, args.inject)
    if args.python:
        return interpreters(_pythons(args.python), plan, args.inject)
    chosen = bool({"architectures", "suite"} & set(wanted))
    return sides.revisions(_between(args), plan, chosen=chosen, inject=args.inject)


def _of_steps(
    args: argparse.Namespace, wanted: dict[str, object], plan: Plan
) -> AbstractContextManager[sides.Comparison]:
    """What is compared with what where steps of the user's own are run.

    Raises:
        BenchError: a flag was given that means nothing to a step.

    """
    for name in wanted:
        if name not in OF_STEPS:
            raise BenchError(f"a step takes no {flag(name)}: it decides that itself")
    if args.same_result or args.same_costs:
        raise BenchError("a step does not say what it computes or costs: leave --same-result out, and --same-costs")
    if args.cells:
        raise BenchError("--step is compared across revisions or settings, and --cells names cells: give one of them")
    if len(plan.threads) > 1 or len(plan.devices) > 1:
        raise BenchError("a step takes one value of --threads and of --devices")
    device = plan.devices[0] if "devices" in wanted else ""
    options = steps.StepOptions(threads=plan.threads[0], device=device, inject=args.inject)
    base = Path(args.repo).resolve() if args.repo else None  # what a relative file starts from
    if args.steps:
        first, second = (source_named(text, base) for text in args.steps)
        return steps.two_steps((first, second), options)
    if args.env or args.python:
        changes, pythons = _changes(args.env or ()), _pythons(args.python or ())
        return steps.settings(args.step, options, changes=changes, pythons=pythons, base=base)
    return steps.revisions(args.step, _between(args), options)


def _between(args: argparse.Namespace) -> sides.Revisions:
    """The revisions that were named."""
    first, second = [*args.revisions, None][:2]
    return sides.Revisions(Path(args.repo or "."), first, second)


def _pythons(texts: Iterable[str]) -> dict[str, Path]:
    """By side, the interpreter of texts such as "A=.venv/bin/python"."""
    paths: dict[str, Path] = {}
    for text in texts:
        side, _, path = text.partition("=")
        if side not in {"A", "B"} or not path or side in paths:
            raise BenchError(f"--python takes A=PATH and B=PATH, each once at most, not '{text}'")
        paths[side] = interpreter(path)
    return paths


def _changes(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """By side, the variables of texts such as "A=OMP_NUM_THREADS=1"."""
    changes: dict[str, dict[str, str]] = {}
    for text in texts:
        side, _, setting = text.partition("=")
        name, equals, value = setting.partition("=")
        if side not in {"A", "B"} or not name or not equals:
            raise BenchError(f"--env takes A=NAME=VALUE or B=NAME=VALUE, not '{text}'; without a value it is not set")
        changes.setdefault(side, {})[name] = value
    return changes
