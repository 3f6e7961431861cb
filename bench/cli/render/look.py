"""Look: each look of a sequential test in one line, while its pairs are measured."""

import sys

from bench.cli.output import CLEAR
from bench.stats.sequential_test import Look
from bench.text import plural


def tell_look(cell: str, run: int, count: int, look: Look | None) -> None:
    """A line for each look; a terminal sees the number of each pair in between."""
    where = f"{cell}{', second run' if run == 2 else ''}: {plural(count, 'pair')}"
    over = CLEAR if sys.stderr.isatty() else ""
    if look is not None:
        ratio = look.ratio
        words = f"ratio {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f}): {look.outcome}"
        print(f"{over}{where}: {words}", file=sys.stderr)
    elif over:
        print(f"{over}{where}", end="", file=sys.stderr, flush=True)
