"""The command `ab`: whether one revision, cell or environment is slower than another, on this machine, now."""

import argparse
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from bench.cli.parser.main import fields_of
from bench.cli.render.decision import tell
from bench.cli.render.look import tell_look
from bench.compare import sides
from bench.compare.ab import Rules, compare
from bench.compare.log import FOLDER, ComparisonLog
from bench.compare.verdicts import decide
from bench.errors import EXIT_INTERRUPTED, BenchError
from bench.plan.plan import CHECKS, Plan, plan_from
from bench.process.lock import measuring
from bench.store.provenance import command_line, time_name
from bench.text import duration, plural


def execute(args: argparse.Namespace) -> int:
    """Compare and print; 0 pass, 1 regression, 3 inconclusive, 4 not comparable, 130 interrupted."""
    if args.recompute:
        decision = decide(ComparisonLog.load(Path(args.recompute)), same_result=args.same_result)
        tell(decision, as_json=args.json, junit_file=args.junit, markdown_file=args.markdown)
        return decision.exit_code
    wanted = fields_of(args)
    plan = plan_from({"suite": CHECKS, **wanted})
    # more threads repeat worse, see DESIGN.md; and nothing is trained, whatever a suite says
    plan = replace(plan, threads=plan.threads or (1,), epochs=0)
    name = time_name()
    rules = Rules(
        tolerance=args.tolerance,
        uncalibrated=args.uncalibrated,
        command=command_line(),
        record=FOLDER / f"{name}.jsonl",
        same_result=args.same_result,
    )
    with measuring(f"ab {name}", args.concurrent), _comparison(args, wanted, plan) as comparison:
        count = len(comparison.sides)
        print(
            f"{comparison.before.label} against {comparison.after.label}: {plural(count, 'cell')}, "
            "first what both sides compute, then 6 to 30 pairs each; a pair takes some 6 s and fresh servers for a "
            "round of them 3 s",
            file=sys.stderr,
        )
        decision = compare(comparison, plan, rules, tell_look)
    tell(decision, as_json=args.json, junit_file=args.junit, markdown_file=args.markdown)
    print(f"after {duration(decision.seconds)}; raw numbers: {decision.record}", file=sys.stderr)
    return EXIT_INTERRUPTED if decision.interrupted == "interrupted" else decision.exit_code


def _comparison(
    args: argparse.Namespace, wanted: dict[str, object], plan: Plan
) -> AbstractContextManager[sides.Comparison]:
    """What is compared with what.

    Raises:
        BenchError: more or fewer than one of revisions, cells and settings were named.

    """
    if sum(map(bool, (args.revisions, args.cells, args.env))) != 1:
        raise BenchError(
            "ab compares revisions (ab REV [REV2]), two cells (--cells A B) or settings (--env A=N=V): name one"
        )
    if args.cells:
        first, second = args.cells
        return sides.cells(first, second, plan, args.inject)
    if args.env:
        return sides.environments(_changes(args.env), plan, args.inject)
    if len(args.revisions) > 2:
        raise BenchError(f"ab takes one revision or two, not {len(args.revisions)}")
    first, second = [*args.revisions, None][:2]
    chosen = bool({"architectures", "suite"} & set(wanted))
    between = sides.Revisions(Path(args.repo), first, second)
    return sides.revisions(between, plan, chosen=chosen, inject=args.inject)


def _changes(texts: list[str]) -> dict[str, dict[str, str]]:
    """By side, the variables of texts such as "A=OMP_NUM_THREADS=1"."""
    changes: dict[str, dict[str, str]] = {}
    for text in texts:
        side, _, setting = text.partition("=")
        name, equals, value = setting.partition("=")
        if side not in {"A", "B"} or not name or not equals:
            raise BenchError(f"--env takes A=NAME=VALUE or B=NAME=VALUE, not '{text}'; without a value it is not set")
        changes.setdefault(side, {})[name] = value
    return changes
