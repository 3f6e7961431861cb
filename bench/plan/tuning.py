"""Tuning: the same number of learning rates for each configuration, judged on held-out images, then the best measured.

The protocol of DeepOBS (Schneider, Balles & Hennig 2019, arXiv:1903.05499): equal trials on a logarithmic grid, then
the best rate with several seeds. It is judged on held-out training images, since the test images are for the result,
and with seeds that no result has, since the best of several trials owes something to its seeds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.plan.workloads import base_of
from bench.text import STATES, joined

DECADES = 3.0  # from the lowest rate to the highest, the optimizer's own in the middle
SEEDS = 2  # of each trial: one cannot say how much of a difference is chance
CLOSE = 0.01  # a rate is good where accuracy is within a percentage point of the best


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of one learning rate and seed: accuracy and loss on the held-out images, absent unless it is ok.

    The functions below take the seeds of a rate together (`merged`).
    """

    learning_rate: float
    status: str
    reason: str | None = None
    accuracy: float | None = None
    loss: float | None = None
    seed: int | None = None


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
    every = tuple(cells)
    return tuple(
        replace(group, learning_rate=rate, split="validation", seed=seed)
        for group in dict.fromkeys(group_of(cell, plan.held_out, every) for cell in every)
        for rate in rates_around(catalogue.optimizers[group.optimizer]["learning_rate"], plan.tune)
        for seed in range(max(plan.seeds) + 1, max(plan.seeds) + 1 + SEEDS)
    )


def plan_of_trials(plan: Plan) -> Plan:
    """The plan under which trials run: trained once, and nothing timed."""
    once = replace(plan, blocks=0, repeats=1, until=0.0, targets=(), goal=0.0, checkpoint=False)
    return replace(once, profile=False, insight=False, surface=False, energy=False, starts=False)


def group_of(cell: Cell, held_out: Iterable[str] = (), beside: Iterable[Cell] = ()) -> Cell:
    """What shares a rate with the cell: its configuration but for the rate, and that of its base where it is held out.

    `held_out` is a plan's, and `beside` are cells of it.
    """
    return replace(base_of(cell, held_out, beside).configuration, learning_rate=None, split="test")


def merged(trials: Iterable[Trial]) -> list[Trial]:
    """One trial a rate, in order of the rates: the mean over its seeds, and lost where one of them is."""
    by_rate: dict[float, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.learning_rate):
        by_rate.setdefault(trial.learning_rate, []).append(trial)
    return [_merged(seeds) for seeds in by_rate.values()]


def _merged(seeds: list[Trial]) -> Trial:
    lost = next((trial for trial in seeds if trial.status != "ok" or trial.accuracy is None), None)
    if lost or len(seeds) == 1:
        return lost or seeds[0]
    accuracy, loss = (sum(values) / len(seeds) for values in zip(*map(_scores, seeds), strict=True))
    return replace(seeds[0], accuracy=accuracy, loss=loss, seed=None)


def _scores(trial: Trial) -> tuple[float, float]:
    return trial.accuracy or 0.0, trial.loss or 0.0


def usable(trials: Iterable[Trial]) -> list[Trial]:
    """The rates that trained the net with every seed."""
    return [trial for trial in merged(trials) if trial.status == "ok" and trial.accuracy is not None]


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The most accurate one, of equals that with the lower loss; None where no rate trained the net."""
    return max(usable(trials), key=lambda trial: (trial.accuracy, -(trial.loss or 0.0)), default=None)


def at_edge(trials: Iterable[Trial], best: Trial) -> bool:
    """Whether the best rate is the lowest or the highest of the usable grid, so that a better one may lie beyond.

    A rate at which training diverged is too high, so it counts; one that failed or timed out says nothing.
    """
    tried = merged(trials)
    rates = [trial.learning_rate for trial in tried if trial.status in ("ok", "diverged")]
    return len(tried) > 1 and best.learning_rate in (min(rates), max(rates))


def good_range(trials: Iterable[Trial], best: Trial) -> list[Trial]:
    """The rates that stay good around the best without a gap."""
    good = {trial for trial in usable(trials) if (trial.accuracy or 0) >= (best.accuracy or 0) - CLOSE}
    return around(merged(trials), best.learning_rate, [trial.learning_rate for trial in good])


def around(tried: list[Trial], best: float, good: Collection[float]) -> list[Trial]:
    """Of the trials in order of their rates, those from the best one down and up that are good without a gap."""
    rates = [trial.learning_rate for trial in tried]
    low = high = rates.index(best)
    while low > 0 and rates[low - 1] in good:
        low -= 1
    while high + 1 < len(rates) and rates[high + 1] in good:
        high += 1
    return tried[low : high + 1]


def good_width(trials: Iterable[Trial], best: Trial) -> float:
    """The factor over which rates stay good."""
    tried = list(trials)
    good = good_range(tried, best)
    return good[-1].learning_rate / good[0].learning_rate


def unknown(trial: Trial) -> bool:
    """Whether the trial tells nothing of its rate: it failed or timed out, while one that diverged is a bad one."""
    return trial.accuracy is None and trial.status != "diverged"


def width_told(trials: Iterable[Trial], best: Trial) -> str:
    """The factor over which rates stay good, in words, and which trial keeps it from being known to the end."""
    tried = merged(trials)
    good = good_range(tried, best)
    first, last = tried.index(good[0]), tried.index(good[-1])
    lost = [trial for trial in (*tried[:first][-1:], *tried[last + 1 :][:1]) if unknown(trial)]
    factor = good[-1].learning_rate / good[0].learning_rate
    words = "the best one alone" if factor == 1 else f"over a factor of {factor:.3g}"
    if not lost:
        return words
    ended = joined(f"{trial.learning_rate:g} {STATES.get(trial.status, trial.status)}" for trial in lost)
    return f"{words}, or more ({ended})"


def with_best_rates(
    cells: Iterable[Cell], by_group: Mapping[Cell, list[Trial]], held_out: Iterable[str] = ()
) -> tuple[list[Cell], list[tuple[Cell, str]]]:
    """The cells with the best rate of their group; and those for which there is none, each with the reason.

    `held_out` is the plan's.
    """
    kept, skipped = [], []
    for cell in cells:
        trials = merged(by_group.get(group_of(cell, held_out, by_group), []))
        best = best_of(trials)
        if best:
            kept.append(replace(cell, learning_rate=best.learning_rate))
        else:
            why = next((trial.reason for trial in trials if trial.reason), "no trial was run")
            skipped.append((cell, f"none of the {len(trials)} learning rates tried can be used: {why}"))
    return kept, skipped
