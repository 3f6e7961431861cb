"""Standing: how far each cell of a run is: its repeats so far, how precise they are, and what disturbed them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.stats.stopping import is_precise, likely_count
from bench.store.disturbed import Beside, disturbed, of_results
from bench.store.result import Result
from bench.text import plural
from bench.vocabulary import STATUSES, Part

_QUIET = 0.5  # results that speak for an undisturbed machine, beside those that there are
_TIMED: frozenset[Part] = frozenset({"phases", "inference", "relative cost"})  # what every repeat measures


@dataclass(slots=True)
class Standing:
    """What is known of the cells of a plan by the results so far.

    Attributes:
        plan: repeats and precision.
        endings: why a cell gets no further repeat.

    """

    plan: Plan
    endings: dict[Cell, str] = field(default_factory=dict)
    _ratios: dict[Cell, list[float]] = field(default_factory=dict)
    _disturbed: Counter[Cell] = field(default_factory=Counter)  # how many of its results are, in a part that is timed
    _more: Counter[Cell] = field(default_factory=Counter)  # how many repeats it had beyond the plan's
    _beside: list[Beside] = field(default_factory=list)
    _results: int = 0

    def learn(self, result: Result) -> None:
        """Note a result, and whether its cell needs another repeat after it."""
        ratios = self._ratios.setdefault(result.cell, [])
        self._results += 1
        self._disturbed[result.cell] += bool(result.disturbed & _TIMED)
        self._more[result.cell] += result.repeat >= self.plan.repeats
        if "relative cost" not in result.disturbed:  # such a repeat is made again, and left out where it can be
            ratios.extend(each.value for each in result.measurements if each.metric == "relative_cost")
        self._beside += of_results([result])
        if result.status != "ok":
            self.endings[result.cell] = result.status
        elif is_precise(ratios, self.plan.precision):
            self.endings[result.cell] = f"precise after {plural(len(ratios), 'repeat')}"

    def knows(self, cell: Cell) -> bool:
        """Whether the cell has a result, or is marked as having had its turn."""
        return cell in self._ratios

    def mark(self, cell: Cell) -> None:
        """Note that the turn of the cell came, and gave no result."""
        self._ratios.setdefault(cell, [])

    def is_due(self, cell: Cell, repeat: int) -> bool:
        """Whether the cell needs this repeat; one beyond the plan's for each that was disturbed."""
        extra = repeat - self.plan.repeats
        if extra < 0:
            return cell not in self.endings
        return self._disturbed[cell] > extra and self.endings.get(cell) not in STATUSES

    def likely(self, cell: Cell, first: int) -> list[int]:
        """The repeats of the plan from the first on that the cell will need, as far as its spread so far tells."""
        most = likely_count(self._ratios.get(cell, []), self.plan.precision, self.plan.repeats)
        return [repeat for repeat in range(first, most) if self.is_due(cell, repeat)]

    def likely_again(self, cell: Cell, to_come: int) -> list[tuple[int, float]]:
        """The repeats beyond the plan's that the cell may need, and how likely each is.

        So many of the plan's are to come, and are taken to be disturbed as often as results were so far.
        """
        if self.endings.get(cell) in STATUSES:
            return []
        share = self._disturbed.total() / (self._results + _QUIET)
        owed = self._disturbed[cell] + share * to_come - self._more[cell]
        likely: list[tuple[int, float]] = []
        for repeat in range(self.plan.repeats + self._more[cell], self.plan.repeats + self.plan.again):
            chance = min(max(owed, 0.0), 1.0)
            likely.append((repeat, chance))
            owed += (share - 1) * chance
        return [(repeat, chance) for repeat, chance in likely if chance]

    def note_late(self, cells: Iterable[Cell]) -> None:
        """Count a cell that is not precise yet as disturbed where a process of it ran beside a disturbed reference.

        How good the reference can be is known once all repeats are there. A plan of one repeat asks for no interval.
        """
        late = {name for name, _ in disturbed(self._beside)} if self.plan.repeats > 1 else set()
        for cell in cells:
            if cell.id in late and cell not in self.endings:
                self._disturbed[cell] = max(1, self._disturbed[cell])

    def end(self, cells: Iterable[Cell]) -> None:
        """Say of each cell that had every repeat that it did."""
        for cell in cells:
            more = f" and {self._more[cell]} more, since other work disturbed some" if self._more[cell] else ""
            self.endings.setdefault(cell, plural(self.plan.repeats, "repeat") + more)
