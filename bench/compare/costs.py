"""Costs: what a comparison says of memory and exact counts, beside the verdicts on time."""

from collections.abc import Iterator

from bench.compare.differences import changes_of
from bench.compare.log import CellLog
from bench.compare.records import MemoryRecord
from bench.metrics import COUNTS
from bench.stats.interval import Interval
from bench.text import joined, quantity
from bench.verdict.verdict import Verdict
from bench.vocabulary import VerdictWord

MEMORY_TOLERANCE = 0.10  # of the peak, as a share
MEMORY_FLOOR = 2**20  # bytes; pages and arenas come and go below a MiB
SEE = "see what takes it, or accept it"


def allowed_rise(before: float, tolerance: float = MEMORY_TOLERANCE) -> float:
    """By how many bytes a peak of memory may rise."""
    return max(before * tolerance, MEMORY_FLOOR)


def has_risen(memory: MemoryRecord) -> bool:
    """Whether the peak of memory rose by more than is allowed."""
    return memory.after - memory.before > allowed_rise(memory.before)


def cost_verdicts(cell_log: CellLog, *, required: bool) -> Iterator[Verdict]:
    """What is known of a cell's memory and counts; where it is `required`, a rise fails, and else it is only told."""
    if cell_log.failed:
        return
    rise: VerdictWord = "regressed" if required else "changed"
    if cell_log.memory:
        yield _on_memory(cell_log, rise)
    if changed := changes_of(cell_log):
        risen = [text for text, more in changed if more]
        names = [text for text, more in changed if more or not risen]
        yield Verdict(
            cell=cell_log.cell,
            metric=COUNTS,
            verdict=rise if risen else "unchanged",
            statistic="exact",
            reason=f"{'risen' if risen else 'none has risen'}: {joined(names)}",
            remedy=SEE if risen and required else "",
        )


def _on_memory(cell_log: CellLog, rise: VerdictWord) -> Verdict:
    """The reading with the smallest rise counts: a process may take more for once."""
    memory = min(cell_log.memory, key=lambda record: record.after - record.before)
    more, bound = memory.after - memory.before, allowed_rise(memory.before)
    verdict: VerdictWord = rise if has_risen(memory) else "improved" if more < -bound else "unchanged"
    return Verdict(
        cell=cell_log.cell,
        metric="peak_memory",
        verdict=verdict,
        unit="B",
        statistic="maximum",
        before=memory.before,
        after=memory.after,
        ratio=Interval(memory.after / memory.before, None, None, len(cell_log.memory)) if memory.before else None,
        tolerance=MEMORY_TOLERANCE,
        visible=bound / memory.before if memory.before else None,
        reason=f"{'+' * (more >= 0)}{quantity(more, 'B')} at the peak, {quantity(bound, 'B')} are allowed",
        remedy=SEE if verdict == "regressed" else "",
    )
