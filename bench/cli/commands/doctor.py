"""The command `doctor`: whether this machine is fit to measure on, what is doubtful, and what helps."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict

from bench.doctor.diagnose import PAIRS, examine
from bench.doctor.rules import STATES, Finding, findings, is_fit
from bench.errors import EXIT_INCONCLUSIVE, EXIT_PASS
from bench.process.lock import measuring
from bench.process.worker import Workers


def execute(given: argparse.Namespace) -> int:
    """Examine and print; 0 when the machine is fit, 3 when anything is doubtful."""
    print(f"examining this machine and timing {PAIRS} pairs of identical cells: about 30 s", file=sys.stderr)
    workers = Workers()
    with measuring("the doctor", given.concurrent):
        workers.prepare()
        facts = examine(workers)
    found = findings(facts)
    fit = is_fit(found)
    if given.json:
        print(json.dumps({"fit": fit, "findings": [asdict(one) for one in found], "facts": facts}))
    else:
        _print(found, fit)
    return EXIT_PASS if fit else EXIT_INCONCLUSIVE


def _print(found: list[Finding], fit: bool) -> None:
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.state:8}  {one.name:{width}}  {one.seen}")
        if one.state == "doubtful":
            indent = " " * (width + 12)
            print(f"{indent}cost: {one.cost}\n{indent}remedy: {one.remedy}")
    counts = Counter(one.state for one in found)
    told = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    print(f"\n{'fit to measure on' if fit else 'doubtful'}: {told}")
