"""A race in sentences: who scores best, as far as seeds tell, and what speaks against the numbers."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from bench.plan.cell import Cell
from bench.stats.exchange import LEVEL
from bench.stats.performance_profile import LEAST_SEEDS, TAU, Profiles, median
from bench.store.race import Race
from bench.text import PERCENT, joined, number, plural, quantity, whole
from bench.vocabulary import RaceMeasure

WORDS: Mapping[RaceMeasure, str] = {"seconds": "seconds of training", "steps": "steps"}


def leader_of(race: Race, measure: RaceMeasure, drawn: Profiles) -> str:
    """Who has the highest score, where that is beyond chance; else who cannot be told apart from it."""
    best = int(drawn.scores.argmax())
    if not drawn.scores[best]:
        return "No optimizer reaches the target of a workload and of what is held out beside it."
    if drawn.score_ends is None:
        return _first_of_few(race, drawn)
    rivals = race.rivals(measure, drawn)
    score = f"{race.optimizers[best]} has the highest score, {score_told(drawn, best)}"
    if not rivals:
        return f"{score}, and no other interval reaches that."
    return f"{score}, but cannot be told apart from {_named(race, drawn, rivals)}."


def _first_of_few(race: Race, drawn: Profiles) -> str:
    """Who came out ahead where no interval tells whether by chance."""
    ahead = [at for at, score in enumerate(drawn.scores) if score == drawn.scores.max()]
    where = "from one seed" if race.most_seeds == 1 else "with times from one seed"
    score = f"{_named(race, drawn, ahead)} came out ahead with a score of {number(drawn.scores[ahead[0]])}"
    return f"{score}, but {where}: no interval, so no claim about the order."


def _named(race: Race, drawn: Profiles, which: list[int]) -> str:
    return joined((race.optimizers[at] for at in sorted(which, key=lambda at: -drawn.scores[at])), most=8)


def score_told(drawn: Profiles, at: int) -> str:
    """The score of an optimizer, by its number, with its interval where there is one: 0.747 (0.585 to 0.852)."""
    score = number(drawn.scores[at])
    if drawn.score_ends is None:
        return score
    low, high = drawn.score_ends[:, at]
    return f"{score} ({number(low)} to {number(high)})"


def basis_of(race: Race, measure: RaceMeasure) -> str:
    """What a score is over."""
    beside = f", with {len(race.held_out)} more held out, at the learning rates of these" if race.held_out else ""
    return (
        f"A score is the area below the performance profile from 1 to {TAU:g} by {WORDS[measure]} to the target, over "
        f"{plural(len(race.workloads), 'workload')}{beside}; {_interval_of(race)}{_machines_of(race)}"
    )


def _interval_of(race: Race) -> str:
    """What stands in brackets, and what a time is of."""
    if race.most_seeds == 1:
        return "each time is of one seed, so there is no interval."
    if race.seeds < LEAST_SEEDS:
        return "some times are of one seed, so there is no interval. Times are medians over seeds."
    counts = f"{race.seeds} to " * (race.seeds < race.most_seeds) + plural(race.most_seeds, "seed")
    again = f"{counts} of each time are drawn again"
    return (
        f"in brackets its 95 % interval where {again}. An optimizer leads where no other interval reaches its own, and "
        f"seeds exchanged at random make as large a difference in less than {whole(LEVEL)} of draws. Times are medians "
        "over seeds."
    )


def _machines_of(race: Race) -> str:
    """What a seed is that several machines trained."""
    if race.machines == 1:
        return ""
    return (
        f" A seed that several of {race.machines} kinds of machines trained counts once, with its mean over them, and "
        "as a miss where one of them missed."
    )


def workload_sentence(race: Race, measure: RaceMeasure, workload: Cell) -> str:
    """Who is first on a workload, of equals all."""
    seeds = {name: race.times[measure][name, workload] for name in race.optimizers}
    times = {name: float(median(each)) for name, each in seeds.items()}
    best = min(times.values())
    first = joined((name for name in race.optimizers if times[name] == best), most=8)
    where = f"{race.labels[workload]} to {quantity(race.targets[workload], PERCENT)}"
    held = " (held out)" if workload in race.held_out.values() else ""
    if not np.isfinite(best):
        return f"{where}{held}: reached by none"
    missed = [name for name in race.optimizers if not np.isfinite(times[name])]
    most = "most seeds of " if any(len(seeds[name]) > 1 for name in missed) else ""
    lost = f"; not reached by {most}{joined(missed, most=8)}" if missed else ""
    return f"{where}{held}: {first} first, {amount(best, measure)}{lost}"


def doubts_of(race: Race, measure: RaceMeasure) -> list[str]:
    """What is not judged, and what speaks against the rates, or against seconds, where they are what counts."""
    seconds = [f"{why}: --by steps" for why in race.against_seconds if measure == "seconds"]
    return [*race.absent, *splits_of(race), *edges_of(race), *seconds]


def splits_of(race: Race) -> list[str]:
    """Who reached a target on one machine and missed it on another with the same seed."""
    return [
        f"{name} on {race.labels[workload]}: {plural(count, 'seed')} reached the target on one machine and missed it "
        "on another, which counts as a miss"
        for (name, workload), count in race.splits.items()
    ]


def edges_of(race: Race) -> list[str]:
    """Whose rate lies at the edge of those tried, and where; of a workload that is held out its base's says it."""
    pairs = [pair for pair in product(race.optimizers, race.workloads) if pair in race.edges]
    if not pairs:
        return []
    each = (
        f"{name} on {race.labels[workload]} ({' and '.join(f'{rate:g}' for rate in race.edges[name, workload])})"
        for name, workload in pairs
    )
    return [f"At the edge of what was tried, so that a better rate may lie beyond: {joined(each, most=9)}"]


def amount(value: float, measure: RaceMeasure) -> str:
    """A time in words; a dash where it is infinite."""
    if not np.isfinite(value):
        return "-"
    return quantity(value, "s") if measure == "seconds" else plural(round(value), "step")
