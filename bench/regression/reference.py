"""Reference: whether what relative costs are relative to took as long as beside the stored runs, in seconds.

Its code is frozen and hashed, so what moves it is the machine, or what all cells share with it. Either may move a ratio
with no change in a cell, and so no gain is believed then; nor is a cell acquitted where others did not feel what the
reference felt. A loss needs no such care: a suspect is measured again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, expm1, log, log1p

import numpy as np

from bench.regression.beside import beside
from bench.regression.segment import latest_segment
from bench.stats.prediction import predict
from bench.store.summary import CellSummary
from bench.text import joined, tenths
from bench.verdict.verdict import Verdict

MOVED = 0.05  # as a share: less than that is told of no reference
TOGETHER = 0.01  # the same of the median over cells


@dataclass(frozen=True, slots=True)
class _Move:
    """How much longer the reference took beside a cell, as a logarithm.

    Attributes:
        value: the logarithm.
        beyond: whether it is more than MOVED and than stored runs predict.
        of: which reference that is: the digest of its machine, with its threads.
        new: what the run says of the cell.
        latest: what the last accepted run says of it; None where there is none.

    """

    value: float
    beyond: bool
    of: str
    new: CellSummary
    latest: CellSummary | None = None


def watched(
    verdicts: Sequence[Verdict], new: Mapping[str, CellSummary], stored: Mapping[str, Sequence[CellSummary]]
) -> tuple[list[Verdict], tuple[str, ...]]:
    """The verdicts, no gain among them where the reference itself moved, and notes on what moved all cells.

    Args:
        verdicts: on the cells of a run.
        new: its readings by id.
        stored: by id, the accepted readings that were measured under the same conditions.

    """
    moves = {name: _move(summary, stored.get(name, ())) for name, summary in new.items()}
    costs = {verdict.cell: verdict for verdict in verdicts if verdict.metric == "relative_cost" and verdict.ratio}
    believed = {cell: _believed(verdict, moves[cell]) for cell, verdict in costs.items()}
    doubted = [moves[cell] for cell, verdict in costs.items() if believed[cell] is not verdict]
    unfelt = {move.of for move in doubted if move.beyond and move.value > 0}
    judged = {cell: _acquitted(verdict, moves[cell], unfelt) for cell, verdict in believed.items()}
    kept = [judged[verdict.cell] if verdict is costs.get(verdict.cell) else verdict for verdict in verdicts]
    return kept, (*_of_reference(moves), *_of_all(new, stored))


def _move(new: CellSummary, stored: Sequence[CellSummary]) -> _Move:
    """How the reference moved beside this cell."""
    logs = [log(summary.reference) for summary in stored if summary.reference]
    if not new.reference or not logs:
        return _Move(0.0, False, new.machine.digest, new)
    move = log(new.reference) - float(np.mean(logs))
    expected = predict(logs)
    beyond = expected is not None and abs(move) > max(expected.sure, log1p(MOVED))
    return _Move(move, beyond, new.machine.digest, new, stored[-1])


def _believed(verdict: Verdict, move: _Move) -> Verdict:
    """A gain only where the reference moved no more than it does, and explains the lesser part of the gain."""
    gain = -log(verdict.ratio.value) if verdict.ratio else 0.0
    if verdict.verdict != "improved" or (not move.beyond and move.value <= gain / 2):
        return verdict
    return replace(
        verdict,
        verdict="inconclusive",
        reason=f"{verdict.reason}; but the reference itself took {_worded(move.value)} than in the stored runs, so "
        "this may be no gain of the cell",
        remedy=f"repeat it on a quiet machine, or compare revisions{beside(move.new, move.latest)}",
    )


def _acquitted(verdict: Verdict, move: _Move, unfelt: Iterable[str]) -> Verdict:
    """A suspect where the cell is slower in seconds, and other cells did not feel what made the reference slower."""
    slower = move.value + (log(verdict.ratio.value) if verdict.ratio else 0.0)
    if verdict.verdict != "unchanged" or move.of not in unfelt or slower <= log1p(verdict.tolerance or 0.0):
        return verdict
    return replace(
        verdict,
        verdict="inconclusive",
        suspect=True,
        reason=f"suspect: {verdict.reason}; but in seconds it took {_worded(slower)}, as the reference did, and other "
        "cells did not",
        remedy=f"measure it beside another revision{beside(move.new, move.latest)}",
    )


def _of_reference(moves: Mapping[str, _Move]) -> Iterable[str]:
    """A note for each reference, and either way, that moved beyond what stored runs predict."""
    groups: dict[tuple[str, bool], dict[str, float]] = {}
    for name, move in moves.items():
        if move.beyond:
            groups.setdefault((move.of, move.value > 0), {})[name] = move.value
    for cells in groups.values():
        typical = float(np.median(list(cells.values())))
        yield (
            f"the reference itself took {_worded(typical)} than in the stored runs, in seconds (beside "
            f"{joined(cells)}): the machine was not in the same state, or what all cells share with the reference "
            "changed; compare revisions (python -m bench ab)"
        )


def _of_all(new: Mapping[str, CellSummary], stored: Mapping[str, Sequence[CellSummary]]) -> Iterable[str]:
    """A note where the median over the cells left what stored runs predict of it, and most of them went that way.

    What is small in each cell is found in all together. A cell counts by its distance from its own level, so that it
    may be missing in some of the runs.
    """
    apart: dict[tuple[str, str], list[float]] = {}
    now: list[float] = []
    for name, summary in new.items():
        segment = latest_segment(stored.get(name, ()))
        if summary.log_cost is None or segment is None:
            continue
        level = float(np.mean(segment.logs))
        now.append(summary.log_cost - level)
        for reading, value in zip(segment.readings, segment.logs, strict=True):
            apart.setdefault((reading.started, reading.run), []).append(value - level)
    expected = predict([float(np.median(values)) for _, values in sorted(apart.items())])
    if expected is None or len(now) < 2:
        return
    move = float(np.median(now))
    share = float(np.mean([value / move > 0.5 for value in now])) if move else 0.0
    if abs(move - expected.mean) > max(expected.sure, log1p(TOGETHER)) and share > 0.5:
        way = "slower" if move > 0 else "faster"
        yield (
            f"{'all' if share == 1 else 'most of'} {len(now)} cells are {way} relative to the reference, by "
            f"{tenths(abs(expm1(move)))} at the median: look first at what all of them share (batches, step, loss, "
            "optimizer), or at the reference; compare revisions (python -m bench ab)"
        )


def _worded(move: float) -> str:
    return f"{tenths(abs(exp(move) - 1))} {'longer' if move > 0 else 'less time'}"
