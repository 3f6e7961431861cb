"""One pair: comparisons whose servers stay, and of which the first pair of each cell alone is measured.

For tests that ask what becomes of pairs. Whether many of them tell the truth is asked elsewhere, and takes fresh
servers and seconds for each.
"""

from dataclasses import replace

import numpy as np

from bench.compare import calibrate, pairs, sequential
from bench.compare.sides import Comparison
from bench.process.local import Workers

SPREAD = 0.005  # standard deviation of the log ratios, about that of the pair


def keep_servers(patch):
    """Have the servers of comparisons and of runs stay; `patch` is a setattr, of MonkeyPatch or of Python."""
    for kind in (Comparison, Workers):
        patch(kind, "renew", lambda _: None)


def measure_one_pair(patch):
    """Have further pairs of a cell be like its first one, and servers stay."""
    measured, draw = {}, np.random.default_rng(0)

    def measure_pair(first, second, blocks, order, start):
        key = (first.cell, second.cell, second.inject)
        if key not in measured:
            measured[key] = pairs.measure_pair(first, second, blocks, order, start)
        pair = measured[key]
        return replace(pair, second=pair.second * np.exp(draw.normal(0, SPREAD)), started_first=start)

    keep_servers(patch)
    for module in (calibrate, sequential):
        patch(module, "measure_pair", measure_pair)
