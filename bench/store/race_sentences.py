"""A race in sentences: who scores best, as far as seeds tell, and what speaks against the numbers."""

from collections.abc import Mapping

import numpy as np

from bench.plan.cell import Cell
from bench.stats.performance_profile import TAU, Profiles, median
from bench.store.race import Race
from bench.text import PERCENT, joined, number, plural, quantity
from bench.vocabulary import RaceMeasure

WORDS: Mapping[RaceMeasure, str] = {"seconds": "seconds of training", "steps": "steps"}


def leader_of(race: Race, drawn: Profiles) -> str:
    """Who has the highest score, where its interval lies above all others'; else who cannot be told apart from it."""
    value, low, high = drawn.scores
    best = int(value.argmax())
    rivals = [at for at in range(len(value)) if at != best and high[at] >= low[best]]
    name, score = race.optimizers[best], f"{number(value[best])} ({number(low[best])} to {number(high[best])})"
    if not value[best]:
        return "No optimizer reaches the target of a workload and of what is held out beside it."
    if not rivals:
        return f"{name} has the highest score, {score}, and no other interval reaches that."
    others = joined((race.optimizers[at] for at in sorted(rivals, key=lambda at: -value[at])), most=8)
    return f"{name} has the highest score, {score}, but cannot be told apart from {others}."


def basis_of(race: Race, measure: RaceMeasure) -> str:
    """What a score is over."""
    beside = f", with {len(race.held_out)} more held out, at the learning rates of these" if race.held_out else ""
    return (
        f"A score is the area below the performance profile from 1 to {TAU:g} by {WORDS[measure]} to the target, over "
        f"{plural(len(race.workloads), 'workload')}{beside}; in brackets its 95 % interval where "
        f"{plural(race.seeds, 'seed')} of each time are drawn again. Times are medians over seeds."
    )


def workload_sentence(race: Race, measure: RaceMeasure, workload: Cell) -> str:
    """Who is first on a workload, of equals all."""
    times = {name: float(median(race.times[measure][name, workload])) for name in race.optimizers}
    best = min(times.values())
    first = joined((name for name in race.optimizers if times[name] == best), most=8)
    where = f"{race.labels[workload]} to {quantity(race.targets[workload], PERCENT)}"
    held = " (held out)" if workload in race.held_out.values() else ""
    if not np.isfinite(best):
        return f"{where}{held}: reached by none"
    missed = [name for name in race.optimizers if not np.isfinite(times[name])]
    lost = f"; not reached by most seeds of {joined(missed, most=8)}" if missed else ""
    return f"{where}{held}: {first} first, {amount(best, measure)}{lost}"


def doubts_of(race: Race, measure: RaceMeasure) -> list[str]:
    """What is not judged, and what speaks against seconds, where they are what counts."""
    return [*race.absent, *(f"{why}: --by steps" for why in race.against_seconds if measure == "seconds")]


def amount(value: float, measure: RaceMeasure) -> str:
    """A time in words; a dash where it is infinite."""
    if not np.isfinite(value):
        return "-"
    return quantity(value, "s") if measure == "seconds" else plural(round(value), "step")
