"""Pairs: how far a comparison is: a live line on a terminal, and a plain line for each look of its sequential test."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import exp
from typing import TextIO

from bench.cli.render.live import LiveLine
from bench.cli.render.paint import Line, print_lines
from bench.compare.pair_clock import PairProgress, Tell
from bench.errors import one_line
from bench.stats.sequential_test import Look
from bench.text import plural, whole
from bench.vocabulary import LookOutcome, PairStage

_DOING: Mapping[PairStage, str] = {
    "sameness": "what both sides compute",
    "counts": "counts and memory",
    "servers": "fresh servers",
}
_OUTCOMES: Mapping[LookOutcome, Line] = {
    "pass": [("pass", "green")],
    "fail": [("fail", "red")],
}


@contextmanager
def telling(stream: TextIO | None = None) -> Iterator[Tell]:
    """Who is to hear of a comparison as long as the block lasts; by default it says so on stderr."""
    line = _PairsLine(stream or sys.stderr)
    try:
        yield line.tell
    finally:
        line.clear()


class _PairsLine:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = LiveLine(stream)
        self._learnt = ""
        self.clear = self._live.clear

    def tell(self, progress: PairProgress) -> None:
        """Show where the comparison stands; of a look a line stays."""
        if progress.look is not None:
            self._live.clear()
            print_lines([_outcome(progress, progress.look)], self._stream)
            self._stream.flush()
        if progress.over and progress.log_ratio is not None:
            self._learnt = f"{progress.short} {exp(progress.log_ratio):.3f}"
        self._live.show(progress.share, progress.left, "" if progress.over else _doing(progress), self._learnt)


def _doing(progress: PairProgress) -> str:
    """The cell by its short name and what is done with it."""
    second = ", second run" if progress.run == 2 else ""
    words = _DOING.get(progress.stage) or f"pair {progress.pairs + 1}{second}"
    return f"{progress.short}: {words}" if progress.short else words


def _outcome(progress: PairProgress, look: Look) -> Line:
    """What a look says, in one line."""
    second, ratio = ", second run" if progress.run == 2 else "", look.ratio
    return [
        (f"[{whole(progress.share):>5}] ", "dim"),
        (one_line(f"{progress.cell}{second}"), "bold"),
        (f": {plural(progress.pairs, 'pair')}: ratio {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f}): ", ""),
        *_OUTCOMES.get(look.outcome, [(look.outcome, "yellow")]),
    ]
