"""Tuning: the same number of learning rates for each configuration, judged on held-out images, then the best measured.

The protocol of DeepOBS (Schneider, Balles & Hennig 2019, arXiv:1903.05499): equal trials on a logarithmic grid, then
the best rate with several seeds. It is judged on held-out training images, since the test images are for the result.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan

DECADES = 3.0  # from the lowest rate to the highest, the optimizer's own in the middle
CLOSE = 0.01  # a rate is good where accuracy is within a percentage point of the best


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of one learning rate: accuracy and loss on the held-out images, absent unless the status is ok."""

    learning_rate: float
    status: str
    reason: str | None = None
    accuracy: float | None = None
    loss: float | None = None


def rates_around(own: float, count: int) -> tuple[float, ...]:
    """`count` rates evenly spaced on a logarithmic axis over DECADES around an optimizer's own, in three digits."""
    if count == 1:
        return (own,)
    step = DECADES / (count - 1)
    return tuple(float(f"{own * 10 ** (step * at - DECADES / 2):.3g}") for at in range(count))


def trials_of(cells: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> tuple[Cell, ...]:
    """The cells that are trained to find a rate for each of `cells`; none where the plan tunes nothing.

    Raises:
        BenchError: the plan also says which rates, or which images tell the accuracy.

    """
    if not plan.tune:
        return ()
    if plan.learning_rates:
        raise BenchError("--tune looks for the learning rates itself: leave out --learning-rates, or --tune")
    if plan.splits != ("test",):
        raise BenchError("--tune is judged on validation images, its result on test images: leave out --splits")
    if not plan.epochs:
        raise BenchError("--tune needs training to judge a rate by: give --epochs 1 or more, or leave out --tune")
    return tuple(
        replace(group, learning_rate=rate, split="validation", seed=plan.seeds[0])
        for group in dict.fromkeys(map(group_of, cells))
        for rate in rates_around(catalogue.optimizers[group.optimizer]["learning_rate"], plan.tune)
    )


def plan_of_trials(plan: Plan) -> Plan:
    """The plan under which trials run: trained once, and nothing timed."""
    return replace(plan, blocks=0, repeats=1, until=0.0, checkpoint=False, profile=False)


def group_of(cell: Cell) -> Cell:
    """What shares a rate with the cell: its configuration but for the rate."""
    return replace(cell.configuration, learning_rate=None, split="test")


def usable(trials: Iterable[Trial]) -> list[Trial]:
    """The trials that trained the net and have an accuracy."""
    return [trial for trial in trials if trial.status == "ok" and trial.accuracy is not None]


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The most accurate one, of equals that with the lower loss; None where no rate trained the net."""
    return max(usable(trials), key=lambda trial: (trial.accuracy, -(trial.loss or 0.0)), default=None)


def at_edge(trials: Iterable[Trial], best: Trial) -> bool:
    """Whether the best rate is the lowest or the highest of the usable grid, so that a better one may lie beyond.

    A rate at which training diverged is too high, so it counts; one that failed or timed out says nothing.
    """
    tried = list(trials)
    rates = [trial.learning_rate for trial in tried if trial.status in ("ok", "diverged")]
    return len(tried) > 1 and best.learning_rate in (min(rates), max(rates))


def good_width(trials: Iterable[Trial], best: Trial) -> float:
    """The factor over which rates stay good, from the lowest to the highest around the best without a gap."""
    tried = sorted(trials, key=lambda trial: trial.learning_rate)
    good = {trial.learning_rate for trial in usable(tried) if (trial.accuracy or 0) >= (best.accuracy or 0) - CLOSE}
    rates = [trial.learning_rate for trial in tried]
    low = high = rates.index(best.learning_rate)
    while low > 0 and rates[low - 1] in good:
        low -= 1
    while high + 1 < len(rates) and rates[high + 1] in good:
        high += 1
    return rates[high] / rates[low]


def width_told(factor: float) -> str:
    """What `good_width` gave, in words."""
    return "the best one alone" if factor == 1 else f"over a factor of {factor:.3g}"


def with_best_rates(
    cells: Iterable[Cell], by_group: Mapping[Cell, list[Trial]]
) -> tuple[list[Cell], list[tuple[Cell, str]]]:
    """The cells with the best rate of their group; and those for which there is none, each with the reason."""
    kept, skipped = [], []
    for cell in cells:
        trials = by_group.get(group_of(cell), [])
        best = best_of(trials)
        if best:
            kept.append(replace(cell, learning_rate=best.learning_rate))
        else:
            why = next((trial.reason for trial in trials if trial.reason), "no trial was run")
            skipped.append((cell, f"none of the {len(trials)} learning rates tried can be used: {why}"))
    return kept, skipped
