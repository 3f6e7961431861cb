"""Accepted: what is slower, or takes more, because somebody wants it so; it is told as before, and fails nothing."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bench.metrics import RESULT
from bench.plan.matching import matches, matches_any
from bench.verdict.verdict import MEAN, Decision, Verdict


def accept(decision: Decision, words: Sequence[str]) -> Decision:
    """The decision with what is regressed in the cells of these names or globs accepted.

    So is the mean over cells, where something of one of them was accepted. What no longer runs is never accepted, nor
    what computes something else. A note tells of words that no cell matches.
    """
    cells = {verdict.cell for verdict in decision.verdicts}
    lost = {verdict.cell for verdict in decision.verdicts if _is_regressed(verdict)}
    wanted = {cell for cell in lost if matches_any(cell, words)}
    if wanted:
        wanted |= {cell for cell in lost if cell.startswith(MEAN)}
    idle = [word for word in words if not any(matches(cell, word) for cell in cells)]
    return replace(
        decision,
        verdicts=tuple(_accepted(verdict, wanted) for verdict in decision.verdicts),
        notes=(*decision.notes, *(f"--accept {word} matches no cell of this comparison" for word in idle)),
    )


def _is_regressed(verdict: Verdict) -> bool:
    return verdict.verdict == "regressed" and verdict.metric != RESULT


def _accepted(verdict: Verdict, cells: Collection[str]) -> Verdict:
    if verdict.cell not in cells or not _is_regressed(verdict):
        return verdict
    return replace(verdict, verdict="accepted", reason=f"{verdict.reason}; accepted by --accept", remedy="")
