"""The command `doctor`: whether this machine is fit to measure on, what is doubtful, and what helps."""

import argparse
import json
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict

from bench.doctor.diagnose import PAIRS, examine
from bench.doctor.rules import STATES, Finding, findings, is_fit
from bench.errors import EXIT_INCONCLUSIVE, EXIT_PASS
from bench.process.lock import measuring
from bench.process.worker import Workers


def execute(args: argparse.Namespace) -> int:
    """Examine and print; 0 when the machine is fit, 3 when anything is doubtful."""
    print(f"examining this machine and timing {PAIRS} pairs of identical cells: about 30 s", file=sys.stderr)
    # no executor: pairs need workers that can be stopped, on this machine
    with closing(Workers()) as workers, measuring("the doctor", args.concurrent):
        workers.prepare()
        facts = examine(workers)
    checked = findings(facts)
    fit = is_fit(checked)
    if args.json:
        print(json.dumps({"fit": fit, "findings": [asdict(finding) for finding in checked], "facts": facts}))
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
