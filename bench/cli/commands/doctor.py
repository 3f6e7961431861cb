"""The command `doctor`: whether this machine is fit to measure on, what is doubtful, and what helps."""

import argparse
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict

from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.doctor.diagnose import examine
from bench.doctor.rules import STATES, Finding, findings, is_fit
from bench.errors import EXIT_INCONCLUSIVE, EXIT_PASS
from bench.process.local import Workers
from bench.process.lock import measuring

PAIR_SECONDS = 11.0  # of a pair of either kind, with the two servers that one of them needs


def execute(args: argparse.Namespace) -> int:
    """Examine and print; 0 when the machine is fit, 3 when anything is doubtful."""
    seconds = 10 * round(1 + args.pairs * PAIR_SECONDS / 10)
    work = f"timing {2 * args.pairs} pairs of identical cells"
    print(f"examining this machine and {work}: about {seconds} s", file=sys.stderr)
    # no executor: pairs need workers that can be stopped, on this machine
    with closing(Workers()) as workers, measuring("the doctor", args.concurrent, args.wait, notice):
        workers.prepare()
        facts = examine(workers, args.pairs)
    checked = findings(facts)
    fit = is_fit(checked)
    if args.json:
        print_document({"fit": fit, "findings": [asdict(finding) for finding in checked], "facts": facts})
    else:
        _print(checked, fit)
    return EXIT_PASS if fit else EXIT_INCONCLUSIVE


def _print(checked: list[Finding], fit: bool) -> None:
    width = max(len(finding.name) for finding in checked)
    for finding in checked:
        print(f"{finding.state:8}  {finding.name:{width}}  {finding.seen}")
        if finding.state == "doubtful":
            indent = " " * (width + 12)
            print(f"{indent}cost: {finding.cost}\n{indent}remedy: {finding.remedy}")
    counts = Counter(finding.state for finding in checked)
    states = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    print(f"\n{'fit to measure on' if fit else 'doubtful'}: {states}")
