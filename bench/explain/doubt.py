"""Doubt: whether the difference of two step times may be chance, and what two runs add to it.

Times of different hours do not compare: between runs, those of the second are divided by how much longer its reference
took, so that what is explained is the cell's part of the change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any

from bench.explain.record import CellRecord
from bench.store.fingerprint import fingerprint
from bench.text import percent, signed

DRIFT = 0.05  # beyond which the reference says that the machine was not the same
ALONE = 0.10  # what two single processes of the same cell differ by now and then
VAGUE = 0.10  # beyond which the error of a share is told
REFERENCE = "relative_reference"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Whether the difference of two steps may be nothing but chance, and what to say of it."""

    chance: bool
    notes: tuple[str, ...] = ()


def pace_of(record: CellRecord, other: CellRecord) -> float:
    """By what the times of `other` are multiplied, so that they are at the pace of the run of `record`."""
    ours, theirs = record.value(REFERENCE), other.value(REFERENCE)
    return ours / theirs if record.run != other.run and ours and theirs else 1.0


def chance_of(ratio: float, halves: Sequence[float | None]) -> bool:
    """Whether steps of that ratio, with such half-widths on the log scale, may be equal; None is a single process."""
    known = [half for half in halves if half is not None]
    return ratio < 1 + ALONE if len(known) < len(halves) else log(ratio) <= _noise(known)


def doubt_of(ratio: float, record: CellRecord, other: CellRecord) -> Doubt:
    """What the intervals say of a difference in which the slower step is `ratio` times as long as the faster."""
    sides = (record, other)
    halves = [log_half(side.rows["step"]) for side in sides]
    chance = chance_of(ratio, halves)
    alone = [_place(side) for side, half in zip(sides, halves, strict=True) if half is None]
    if alone:
        left = f"; nothing is made of less than {percent(ALONE)}" if chance else ""
        places = " and ".join(dict.fromkeys(alone))
        return Doubt(
            chance, (f"One process, and so no interval, stands behind {places}: the difference may be chance{left}.",)
        )
    if pace_of(record, other) != 1:
        halves += [log_half(side.rows[REFERENCE]) for side in sides]
    noise = _noise([half for half in halves if half is not None])
    if log(ratio) <= noise:
        return Doubt(True, (f"The difference is known to ± {percent(noise)} of a step only: it may be chance.",))
    error = noise / log(ratio)
    known = f"the difference is known to ± {percent(noise)} of a step"
    vague = f"Each share may be off by {percent(error)} of the difference, since {known}."
    return Doubt(False, (vague,) if error > VAGUE else ())


def log_half(row: Mapping[Any, Any]) -> float | None:
    """Half the width of an interval on the log scale; None where there is none."""
    low, high = float(row["low"]), float(row["high"])  # not a number where there is no interval
    return log(high / low) / 2 if 0 < low <= high else None


def _noise(halves: Sequence[float]) -> float:
    """Half the width of the interval of a quotient, on the log scale."""
    return sqrt(sum(half**2 for half in halves))


def between_runs(record: CellRecord, other: CellRecord, pace: float) -> list[str]:
    """What differs between two runs besides the cell: the machine, and how fast it was."""
    if record.run == other.run:
        return []
    notes = []
    prints = [fingerprint(side.system, side.cell.threads) for side in (record, other)]
    if changes := prints[0].differences(prints[1]):
        notes.append(f"The runs are of different machines or software: {'; '.join(changes)}.")
    if record.value(REFERENCE) is None or other.value(REFERENCE) is None:
        notes.append("The runs have no common reference: part of the difference may be the machine's, not the cell's.")
    elif pace != 1:
        drift = f"The reference took {signed(1 / pace - 1)} in run {other.run} against run {record.run}"
        doubt = ", more than runs of one quiet machine differ" if abs(1 / pace - 1) > DRIFT else ""
        notes.append(f"{drift}{doubt}: the times of run {other.run} are divided by that.")
    return notes


def _place(side: CellRecord) -> str:
    return f"{side.cell.architecture} in run {side.run}"
