"""Look: each look of a sequential test in one line, while its pairs are measured."""

import sys

from bench.cli.output import CLEAR
from bench.stats.sequential_test import Look
from bench.text import plural


def tell_look(cell: str, run: int, count: int, look: Look | None) -> None:
    """A line for each look; a terminal sees each pair."""
    where = f"{cell}{', second run' if run == 2 else ''}: {plural(count, 'pair')}"
    if look is not None:
        ratio = look.ratio
        print(
            f"{where}: ratio {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f}): {look.outcome}", file=sys.stderr
        )
    elif sys.stderr.isatty():
        print(where, end=CLEAR, file=sys.stderr, flush=True)
