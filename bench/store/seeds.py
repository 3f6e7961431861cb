"""Seeds: which of them a configuration was asked for, and what became of those that learnt nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.plan.cell import seed_of
from bench.text import STATES, plural
from bench.vocabulary import STATUSES

_UNSEEN = "not measured"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan asks of every configuration: its seeds, whether training aims at an accuracy, how precise a cost."""

    seeds: tuple[int, ...] = ()
    aims: bool = False
    precision: float | None = None


@dataclass(slots=True)
class Seeds:
    """What became of each seed of a configuration, noted line by line."""

    asked: Asked = Asked()
    _statuses: dict[int, str] = field(default_factory=dict)
    _learnt: set[int] = field(default_factory=set)
    _judged: set[int] = field(default_factory=set)  # of which it is known whether they reached the accuracy aimed at

    def note(self, line: Mapping[str, Any]) -> None:
        """Take in a stored line."""
        seed = seed_of(line["cell"])
        if seed is None:  # a foreign cell, which has none
            return
        if self._statuses.get(seed, "ok") == "ok":
            self._statuses[seed] = line["status"]
        metrics = {read["metric"] for read in line["measurements"] if read["value"] is not None}
        self._learnt |= {seed} if "accuracy" in metrics else set()
        self._judged |= {seed} if "reached" in metrics else set()

    @property
    def count(self) -> int:
        """How many seeds were asked for."""
        return len(self._statuses.keys() | set(self.asked.seeds))

    @property
    def lost(self) -> str:
        """What became of the seeds that gave no accuracy: 1 diverged, 1 timed out; empty where none was lost."""
        tally = Counter(self._without(self._learnt).values())
        return ", ".join(f"{tally[one]} {STATES.get(one, one)}" for one in (*STATUSES, _UNSEEN) if tally[one])

    @property
    def all_lost(self) -> bool:
        """Whether none gave an accuracy, of which some were tried."""
        return not self._learnt and bool(set(self._statuses.values()) - {"ok", "skipped"})

    @property
    def missed(self) -> int:
        """How many seeds aimed at an accuracy and ended before one could tell whether they would reach it."""
        tried = set(self._statuses.values()) != {"skipped"}
        return len(self._without(self._judged)) if tried and (self.asked.aims or self._judged) else 0

    def _without(self, seeds: set[int]) -> dict[int, str]:
        """The status of each seed that is not ok and not among those."""
        unseen = dict.fromkeys(self.asked.seeds, _UNSEEN)
        return {seed: one for seed, one in (unseen | self._statuses).items() if one != "ok" and seed not in seeds}


def asked_of(plan: Mapping[str, Any]) -> Asked:
    """What the plan of a run, by the names of its fields, asks of every configuration."""
    seeds = plan.get("seeds")
    whole = tuple(seed for seed in seeds if isinstance(seed, int)) if isinstance(seeds, list | tuple) else ()
    precision = plan.get("precision")
    aims = bool(plan.get("until") and plan.get("epochs"))
    return Asked(whole, aims, precision if isinstance(precision, float) else None)


def over_seeds(counted: int, count: int, lost: str) -> str:
    """How many seeds a number is over: 5 seeds; or 4 of 5 seeds, 1 diverged."""
    if counted >= count:
        return plural(counted, "seed")
    return f"{counted} of {count} seeds" + (f", {lost}" if lost else "")
