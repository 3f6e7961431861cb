"""Tuned: which learning rate was chosen for each setting, in a line each."""

from collections.abc import Mapping
from typing import Any

from bench.plan.tuning import Trial, at_edge, best_of


def tuned(facts: Mapping[str, Any]) -> list[str]:
    """A line for each setting whose rate a run looked for; none for other runs."""
    return [_line(one) for one in facts.get("tuned", ())]


def _line(one: Mapping[str, Any]) -> str:
    trials = [Trial(**stored) for stored in one["trials"]]
    best = best_of(trials)
    rates = [trial.learning_rate for trial in trials]
    span = f"of {len(rates)} learning rates from {min(rates):g} to {max(rates):g}"
    if best is None or best.accuracy is None:
        return f"{one['id']}: none {span} trained it"
    edge = " (at the edge: a better one may lie beyond)" if at_edge(trials, best) else ""
    return f"{one['id']}: {best.learning_rate:g} is the best {span}, {best.accuracy:.2%} of held-out images{edge}"
