"""Contention: what neighbours took from the pairs of a cell, and how much of a ratio they can have made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.compare.records import PairRecord
from bench.text import percent

CONTENDED = 0.15  # how much slower than at its best the reference may be, as a share
LEAST_CORE = 1 / (1 + CONTENDED)  # the share of their core below which processes waited as much
MOST = 0.5  # that it can have done to a ratio: the sides take turns and feel neighbours much alike
BEST = 0.1  # the quantile of the pairs that is its best: unlike the minimum it does not fall with their number


@dataclass(frozen=True, slots=True)
class Contention:
    """How disturbed the pairs of a cell were.

    Attributes:
        slower: how much longer the reference's steps took in its typical pair than in its best, as a share: it sees
            neighbours that come and go.
        core: the share of their core that the processes had, in the typical pair: it sees those that stay, on the cores
            that this system shows; 1 where it is not known.

    """

    slower: float = 0.0
    core: float = 1.0

    @property
    def marked(self) -> bool:
        """Whether it is more than is usual."""
        return self.slower > CONTENDED or self.core < LEAST_CORE

    @property
    def doubt(self) -> float:
        """What it may have done to a log ratio, either way: slowed one side by all of it, and the other by nothing.

        Who waits for a core is interrupted, which low quantiles pass over, and so counts as the least that is marked.
        """
        return float(np.log1p(np.clip(self.slower, CONTENDED, MOST))) if self.marked else 0.0

    def __str__(self) -> str:
        if self.slower > CONTENDED:
            return f"the reference itself ran {percent(self.slower)} slower than at its best"
        return f"the processes had {percent(self.core)} of their core"


def contention_of(pairs: Sequence[PairRecord]) -> Contention:
    """Of the pairs of one cell, in both runs."""
    if not pairs:
        return Contention()
    times, cores = [pair.before for pair in pairs], [pair.busy for pair in pairs if pair.busy is not None]
    slower = float(np.median(times) / np.quantile(times, BEST, method="median_unbiased")) - 1
    return Contention(slower, float(np.median(cores)) if cores else 1.0)
