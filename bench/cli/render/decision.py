"""Decided: a decision on the terminal, and in the files that CI reads."""

import argparse
import json
import sys
from pathlib import Path

from bench.cli.render.tables import print_table
from bench.errors import BenchError
from bench.text import duration
from bench.verdict.junit import junit
from bench.verdict.markdown import change, markdown, quantity, visible
from bench.verdict.verdict import Decision


def tell(decision: Decision, given: argparse.Namespace) -> None:
    """Write the files that were asked for, then print the decision, as JSON where asked for.

    Raises:
        BenchError: a file cannot be written; it is told after the decision, which it does not cost.

    """
    if given.json:
        print(json.dumps(decision.to_dict()))
    else:
        show(decision)
    for path, text in ((given.junit, junit), (given.markdown, markdown)):
        if path:
            _write(Path(path), text(decision))


def show(decision: Decision) -> None:
    """A table, then why and what to do of each row that is no plain pass."""
    print(f"{decision.before} -> {decision.after}\n")
    print_table(
        [
            {
                "cell": one.cell,
                "metric": one.metric,
                "before": quantity(one, one.before),
                "after": quantity(one, one.after),
                "change": change(one),
                "n": str(one.ratio.n) if one.ratio else "-",
                "visible": visible(one),
                "verdict": one.verdict,
            }
            for one in decision.verdicts
        ]
    )
    print()
    for one in decision.verdicts:
        if one.reason and (one.verdict != "unchanged" or decision.kind == "ab"):
            print(f"{one.cell}, {one.metric}: {one.reason}{'; ' + one.remedy if one.remedy else ''}")
        for line in one.evidence:
            print(f"    {line}")
    for note in decision.notes:
        print(f"note: {note}")
    where = f"; raw numbers: {decision.record}" if decision.record else ""
    print(f"{decision.overall}, after {duration(decision.seconds)}{where}")
    print(f"again: {decision.command}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; the decision stands above") from error
    print(f"written: {path}", file=sys.stderr)
