"""Reference: whether what relative costs are relative to took as long as beside the stored runs, in seconds.

Its code is frozen and hashed, so what moves it is the machine, or what all cells share with it. Either may move a ratio
with no change in a cell, and so no gain is believed then. A loss needs no such care: a suspect is measured again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import copysign, exp, expm1, log

import numpy as np

from bench.stats.prediction import predict
from bench.store.summary import CellSummary
from bench.text import joined, tenths
from bench.verdict.verdict import Verdict

MOVED = 0.10  # as a share: on a shared machine plain seconds move by a tenth from hour to hour


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
    kept = [_believed(verdict, moves.get(verdict.cell, (0.0, False))) for verdict in verdicts]
    return kept, (*_of_reference(moves), *_of_all(verdicts))


def _move(new: CellSummary, stored: Sequence[CellSummary]) -> tuple[float, bool]:
    """How much longer the reference took beside this cell, as a logarithm, and whether stored runs predict less."""
    logs = [log(summary.reference) for summary in stored if summary.reference]
    if not new.reference or not logs:
        return 0.0, False
    move = log(new.reference) - float(np.mean(logs))
    expected = predict(logs)
    return move, expected is not None and abs(move) > expected.sure


def _believed(verdict: Verdict, move: tuple[float, bool]) -> Verdict:
    """A gain only where the reference stood still, or moved as much as it does and explains the lesser part of it."""
    moved, beyond = move
    if verdict.verdict != "improved" or verdict.metric != "relative_cost" or not _matters(moved):
        return verdict
    gain = -log(verdict.ratio.value) if verdict.ratio else 0.0
    if not beyond and moved <= gain / 2:
        return verdict
    return replace(
        verdict,
        verdict="inconclusive",
        reason=f"{verdict.reason}; but the reference itself took {_worded(moved)}, so this may be no gain of the cell",
        remedy="repeat it on a quiet machine, or compare revisions: python -m bench ab REV",
    )


def _of_reference(moves: Mapping[str, tuple[float, bool]]) -> Iterable[str]:
    """A note for either way in which the reference moved beyond what stored runs predict."""
    for way in (1.0, -1.0):
        cells = {name: move for name, (move, beyond) in moves.items() if beyond and _matters(move) and move * way > 0}
        if cells:
            typical = float(np.median(list(cells.values())))
            yield (
                f"the reference itself took {_worded(typical)} than in the stored runs, in seconds (beside "
                f"{joined(cells, most=6)}): the machine was not in the same state, or what all cells share with the "
                "reference changed; compare revisions: python -m bench ab REV"
            )


def _of_all(verdicts: Sequence[Verdict]) -> Iterable[str]:
    """A note where the costs of all cells, of two at the least, left what stored runs predict, the same way."""
    costs = [verdict for verdict in verdicts if verdict.metric == "relative_cost" and verdict.ratio]
    moves = [log(verdict.ratio.value) for verdict in costs if verdict.ratio]
    outside = [verdict.suspect or verdict.verdict == "improved" for verdict in costs]
    if len(moves) > 1 and all(outside) and len({copysign(1, move) for move in moves}) == 1:
        shares = sorted(abs(expm1(move)) for move in moves)
        span = f"{tenths(shares[0])} to {tenths(shares[-1])}"
        way = "slower" if moves[0] > 0 else "faster"
        yield (
            f"all {len(moves)} cells are {way} relative to the reference, by {span}: look first at what all of them "
            "share (batches, step, loss, optimizer), or at the reference"
        )


def _matters(move: float) -> bool:
    return abs(move) > log(1 + MOVED)


def _worded(move: float) -> str:
    return f"{tenths(abs(exp(move) - 1))} {'longer' if move > 0 else 'shorter'}"
