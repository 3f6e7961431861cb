"""Retrain: suspects of accuracy, trained again at both revisions with seeds that nobody has looked at.

Both sides are trained, so that the second comparison shares no number with the first: an accepted mean that came out
high by chance would else fail twice. Among the cells trained again Holm's procedure holds the errors of all together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.plan import CHECKS
from bench.regression.accuracy import Learnt, equal, points
from bench.regression.direct import ACCEPT
from bench.stats.multiple_testing import holm
from bench.stats.welch import Difference, difference
from bench.store.summary import CellSummary
from bench.text import plural
from bench.verdict.verdict import Decision, Verdict

FRESH = 5  # seeds a side
CERTAIN = 0.005  # of checks that train again, so many find a fall that is none
DOUBT = 0.05  # a second fall that chance alone makes more seldom than this acquits nobody


@dataclass(frozen=True, slots=True)
class Batch:
    """Suspects that one run trains: alike but for their architecture."""

    cells: Sequence[Learnt]

    @property
    def names(self) -> str:
        """The ids of its cells."""
        return ", ".join(cell.new.id for cell in self.cells)

    @property
    def revisions(self) -> tuple[str, str | None]:
        """The accepted one, and the new one: None for the working tree."""
        new = self.cells[0].new
        return self.cells[0].latest.revision, None if new.dirty or not new.revision else new.revision

    @property
    def seeds(self) -> tuple[int, ...]:
        """FRESH seeds that neither the run nor an accepted one trained."""
        first = 1 + max(seed for cell in self.cells for seed in cell.seeds)
        return tuple(range(first, first + FRESH))

    @property
    def hopeless(self) -> str:
        """Why training again cannot tell anything; "" where it can."""
        old, new = self.cells[0].latest, self.cells[0].new
        if not old.revision:
            return "the baseline does not know the revision it was trained at"
        if old.dirty:
            return "the baseline was trained with changes that were not committed"
        if old.revision == new.revision and not new.dirty:
            return "both are the same revision, so no change of the code made it less accurate"
        return ""

    def wanted(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of Plan that train the cells as the run's plan did, with fresh seeds, and time nothing."""
        new, defaults = self.cells[0].new, Cell("")
        axes = {
            key: (new.cell.as_named(name),)
            for name, key in AXES.items()
            if getattr(new.cell, name) is not None or getattr(defaults, name) is not None
        }
        names = tuple(cell.new.cell.source("architecture") for cell in self.cells)
        as_before = {key: plan[key] for key in ("until", "data_dir", "timeout") if plan.get(key)}
        fixed = {
            "architectures": names,
            "seeds": self.seeds,
            "epochs": new.epochs,
            "repeats": 1,
            "again": 0,
            "blocks": 0,
        }
        return {"suite": CHECKS, **axes, **fixed, **as_before}


@dataclass(frozen=True, slots=True)
class Trained:
    """What both sides of a batch learnt, by the cell's id."""

    before: Mapping[str, CellSummary]
    after: Mapping[str, CellSummary]
    seconds: float = 0.0


Train = Callable[[Batch, int], Trained]  # a batch and its number, from 0


@dataclass(frozen=True, slots=True)
class _Second:
    """A second comparison of a cell: how far it fell, whether any seed differs at all, and how often chance does so."""

    change: Difference
    same: bool
    chance: float


def batches(cells: Iterable[Learnt]) -> Iterator[Batch]:
    """The suspects, those together that one run can train."""
    groups: dict[tuple[Any, ...], list[Learnt]] = {}
    for cell in cells:
        new, old = cell.new, cell.latest
        key = (replace(new.cell, architecture=""), new.epochs, new.revision, new.dirty, old.revision, old.dirty)
        groups.setdefault(key, []).append(cell)
    yield from map(Batch, groups.values())


def trained_again(decision: Decision, cells: Iterable[Learnt], train: Train) -> Decision:
    """The decision with the verdict of each suspect replaced, where it could be trained again.

    What cannot be trained again, since a revision is not at hand or `train` raises a BenchError, stays inconclusive,
    and a note says why.
    """
    seconds: dict[str, _Second] = {}
    notes: list[str] = []
    took = 0.0
    for number, batch in enumerate(batches(cells)):
        trained = _attempt(batch, number, train)
        if isinstance(trained, str):
            notes.append(f"{batch.names} not trained again: {trained}")
            continue
        took += trained.seconds
        for cell in batch.cells:
            second = _second(cell, batch, trained)
            if isinstance(second, str):
                notes.append(f"{cell.new.id} not trained again: {second}")
            else:
                seconds[cell.new.id] = second
    verdicts = _verdicts(seconds)
    return replace(
        decision,
        verdicts=tuple(_joined(verdict, verdicts) for verdict in decision.verdicts),
        notes=tuple(dict.fromkeys((*decision.notes, *notes))),
        seconds=decision.seconds + took,
    )


def _attempt(batch: Batch, number: int, train: Train) -> Trained | str:
    """What came of training a batch again, or why that cannot be done."""
    if batch.hopeless:
        return batch.hopeless
    try:
        return train(batch, number)
    except BenchError as error:
        return str(error)


def _second(cell: Learnt, batch: Batch, trained: Trained) -> _Second | str:
    """The second comparison of a cell, or why there is none."""
    sides = [_fresh(_of(side, cell), cell, batch.seeds) for side in (trained.before, trained.after)]
    change = difference(*(list(side.values()) for side in sides))
    if change is None:
        return f"{' and '.join(plural(len(side), 'seed') for side in sides)} of the two revisions have an accuracy"
    return _Second(change, equal(*sides), change.p_fall(cell.tolerance))


def _of(trained: Mapping[str, CellSummary], cell: Learnt) -> CellSummary | None:
    """What a side learnt of a cell: known by its code, since one of two namesakes alone goes by a shorter name."""
    source = cell.new.cell.source("architecture")
    same = (each for each in trained.values() if each.cell.source("architecture") == source)
    return trained.get(cell.new.id) or next(same, None)


def _fresh(trained: CellSummary | None, cell: Learnt, seeds: Sequence[int]) -> dict[int, float]:
    """What the fresh seeds of a side learnt in a training as long as the run's."""
    if trained is None or trained.epochs != cell.new.epochs:
        return {}
    return {seed: value for seed, value in trained.accuracy.items() if seed in seeds}


def _verdicts(seconds: Mapping[str, _Second]) -> dict[str, Verdict]:
    """By the cell's id, what the second comparison says: a fall has to stand among all that were trained again."""
    adjusted = holm([second.chance for second in seconds.values()])
    return {name: _verdict(name, second, p) for (name, second), p in zip(seconds.items(), adjusted, strict=True)}


def _verdict(name: str, second: _Second, adjusted: float) -> Verdict:
    verdict = Verdict(cell=name, metric="accuracy", verdict="unchanged", reason=points(second.change))
    if second.same:
        verdict = replace(verdict, reason="the same at both revisions for every seed: the code changed nothing")
    elif adjusted < CERTAIN:
        verdict = replace(verdict, verdict="regressed", remedy=f"look at the learning curves; or {ACCEPT}")
    elif second.chance < DOUBT:
        remedy = "run the cell at both revisions with more seeds (--seeds), and compare"
        verdict = replace(verdict, verdict="inconclusive", remedy=remedy)
    how = f"trained again at both revisions with {plural(FRESH, 'fresh seed')}"
    return replace(verdict, reason=f"{how}: {verdict.reason}")


def _joined(stored: Verdict, again: Mapping[str, Verdict]) -> Verdict:
    """The verdict of a suspect that was trained again, with why it was."""
    if not stored.suspect or stored.metric != "accuracy" or stored.cell not in again:
        return stored
    second = again[stored.cell]
    return replace(
        stored,
        verdict=second.verdict,
        suspect=False,
        reason=f"{stored.reason}; {second.reason}",
        remedy=second.remedy,
    )
