"""Exchange: whether the scores of two solvers differ by more than chance, by a permutation test over seeds (Fisher).

Of two solvers that are alike it is chance which times on a problem are whose. Intervals of few seeds do not know that:
those of two that are alike lie apart in every tenth race on one problem with three seeds, in every third with two.
"""

from collections.abc import Sequence

import numpy as np

from bench.stats.performance_profile import TAU, Floats, held_to, median, ratios_of, scores_of

DRAWS = 1999
LEVEL = 0.05
_FINE = 1e-3  # of single seeds: decides between exchanges that medians give one score, as where a target is missed
_EQUAL = 1e-9  # of what differs by rounding alone

Rows = Sequence[Sequence[Floats | None]]


def p_alike(seeds: Rows, held_out: Rows, pair: tuple[int, int], most: float = TAU) -> float:
    """How often two solvers that are alike have scores as far apart, with the times of all others as they are.

    Args:
        seeds: by solver and problem the times of its seeds, as `profiles` takes them.
        held_out: likewise.
        pair: the numbers of the two.
        most: the largest factor that counts.

    """
    generator = np.random.default_rng(0)
    drawn, finer = _exchanged(seeds, pair, generator, most)
    beside, finer_beside = _exchanged(held_out, pair, generator, most)
    scores = scores_of(ratios_of(held_to(drawn, beside, most)), most)
    gaps = np.abs(scores[:, pair[0]] - scores[:, pair[1]] + _FINE * (finer + finer_beside))
    return float((gaps >= gaps[0] - _EQUAL).mean())


def _exchanged(rows: Rows, pair: tuple[int, int], generator: np.random.Generator, most: float) -> tuple[Floats, Floats]:
    """Medians (1 + DRAWS, S, P), as they are and with the seeds of the pair exchanged at random in each problem.

    Beside them by how much the first of the pair is ahead (1 + DRAWS,) where each seed has a score of its own.
    """
    medians = np.array([[np.nan if values is None else median(values) for values in row] for row in rows])
    drawn, ahead = np.repeat(medians[None], 1 + DRAWS, axis=0), np.zeros(1 + DRAWS)
    for problem, (first, second) in enumerate(zip(*(rows[solver] for solver in pair), strict=True)):
        if first is None or second is None:
            continue
        both = np.tile(np.concatenate([first, second]), (1 + DRAWS, 1))
        both[1:] = generator.permuted(both[1:], axis=1)
        parts = both[:, : len(first)], both[:, len(first) :]
        for solver, part in zip(pair, parts, strict=True):
            drawn[:, solver, problem] = median(part)
        best = both[0].min()
        ahead += _own(parts[0], best, most) - _own(parts[1], best, most)
    return drawn, ahead


def _own(times: Floats, best: float, most: float) -> Floats:
    """The mean score (N,) of times (N, seeds), each by itself over the best of all."""
    ratios = times / best if np.isfinite(best) else np.full(times.shape, np.inf)
    return np.asarray(np.clip((most - ratios) / (most - 1), 0.0, 1.0).mean(axis=-1))
