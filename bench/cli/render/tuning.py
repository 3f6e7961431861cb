"""Tuning: which learning rate was chosen for each configuration, and how much it matters, in a line each."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bench.plan.tuning import Trial, at_edge, best_of, merged, usable, width_told
from bench.store.facts import RunFacts
from bench.text import PERCENT, STATES, quantity


def tuned(facts: RunFacts) -> list[str]:
    """A line for each configuration whose rate a run looked for; none for other runs."""
    return [_line(choice) for choice in facts.tuned]


def _line(choice: Mapping[str, Any]) -> str:
    trials = merged(Trial(**stored) for stored in choice["trials"])
    best = best_of(trials)
    if best is None or best.accuracy is None:
        return f"{choice['id']}: none {_span(trials)} trained it"
    edge = " (at the edge: a better one may lie beyond)" if at_edge(trials, best) else ""
    good = f"within a percentage point of it: {width_told(trials, best)}"
    score = f"{quantity(best.accuracy, PERCENT)} of held-out images{edge}"
    return f"{choice['id']}: {best.learning_rate:g} is the best {_span(trials)}, {score}; {good}"


def _span(trials: list[Trial]) -> str:
    """How many rates were tried, from which to which, and how many of them could be used if not all."""
    rates, good = [trial.learning_rate for trial in trials], len(usable(trials))
    tally = Counter(STATES.get(trial.status, trial.status) for trial in trials if trial.status != "ok")
    lost = f" ({', '.join(f'{count} {state}' for state, count in tally.items())})" if tally else ""
    count = f"{len(rates)}" if good in (0, len(rates)) else f"{good} usable of {len(rates)}"
    return f"of {count} learning rates from {min(rates):g} to {max(rates):g}{lost}"
