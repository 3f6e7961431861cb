"""Accepted: what is slower, or takes more, because somebody wants it so; it is told as before, and fails nothing."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bench.metrics import RESULT
from bench.plan.matching import matches
from bench.verdict.verdict import MEAN, Decision, Verdict


def accept(decision: Decision, words: Sequence[str]) -> Decision:
    """The decision with what is regressed in these cells accepted: ids, architectures, or globs of either.

    So is the mean over cells, where something of one of them was accepted. What no longer runs is never accepted, nor
    what computes something else. A note tells of words that no cell matches.
    """
    cells = {verdict.cell for verdict in decision.verdicts}
    lost = {verdict.cell for verdict in decision.verdicts if _is_regressed(verdict)}
    wanted = {cell for cell in lost if any(_is_meant(cell, word) for word in words)}
    if wanted:
        wanted |= {cell for cell in lost if cell.startswith(MEAN)}
    idle = [word for word in words if not any(_is_meant(cell, word) for cell in cells)]
    return replace(
        decision,
        verdicts=tuple(_accepted(verdict, wanted) for verdict in decision.verdicts),
        notes=(*decision.notes, *(f"--accept {word} matches no cell of this comparison" for word in idle)),
    )


def _is_meant(cell: str, word: str) -> bool:
    """Whether a cell has that id, or an architecture of that name: its id begins with it."""
    return matches(cell, word) or matches(cell, f"{word}-*")


def _is_regressed(verdict: Verdict) -> bool:
    return verdict.verdict == "regressed" and verdict.metric != RESULT


def _accepted(verdict: Verdict, cells: Collection[str]) -> Verdict:
    if verdict.cell not in cells or not _is_regressed(verdict):
        return verdict
    return replace(verdict, verdict="accepted", reason=f"{verdict.reason}; accepted by --accept", remedy="")
