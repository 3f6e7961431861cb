"""Calibration: the error rates of the gate on a machine, stored by fingerprint; they bound the tolerance in use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from bench import files
from bench.errors import BenchError
from bench.stats.operating_characteristics import Rates
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.store.run import CALIBRATIONS
from bench.text import joined, percent

SCHEMA = 3
UNKNOWN = "no calibration on this machine yet: the error rates of the gate are unknown here (python -m bench calibrate)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How measured runs ended, as counted.

    Attributes:
        slowdown: the true slowdown, as a share, that was injected; 0 for equal sides.
        tolerance: of the gate.
        fail: comparisons that failed in both runs; of equal sides, single runs that failed.
        passed: those that passed.
        inconclusive: all others.
        seconds: of each comparison, where they were timed.

    """

    slowdown: float
    tolerance: float
    fail: int
    passed: int
    inconclusive: int
    seconds: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """How many there were."""
        return self.fail + self.passed + self.inconclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The calibration of one machine.

    Attributes:
        fingerprint: the machine's hard fields.
        log_ratios: by cell, the log ratios of its A/A pairs, in order.
        smallest_tolerance: the smallest tolerance that may be used: of the noisiest cell; None where none may.
        started_first: by cell, the side that started first in each pair.
        tolerances: by cell, the smallest that works for it; None where none does.
        rates: by cell, the error rates at each tolerance that was tried, by resampling.
        runs: how measured runs ended.
        notes: what is wrong with the pairs: a bias, or that each resembles the one before.
        command: what made it.
        started: UTC time, ISO 8601.

    """

    fingerprint: Mapping[str, Any]
    log_ratios: Mapping[str, tuple[float, ...]]
    smallest_tolerance: float | None
    started_first: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tolerances: Mapping[str, float | None] = field(default_factory=dict)
    rates: Mapping[str, tuple[Rates, ...]] = field(default_factory=dict)
    runs: tuple[RunCounts, ...] = ()
    notes: tuple[str, ...] = ()
    command: str = ""
    started: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As stored."""
        return {"schema": SCHEMA, **asdict(self)}

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return path_of(Fingerprint(self.fingerprint))


def path_of(fingerprint: Fingerprint) -> Path:
    """Where the calibration of a machine is kept."""
    return CALIBRATIONS / f"{fingerprint.digest}.json"


def save(calibration: Calibration) -> Path:
    """Write it in one move, in place of an earlier one of the same machine.

    Raises:
        BenchError: the folder cannot be written.

    """
    path = calibration.path
    files.make_folder(path.parent)
    files.replace(path, files.document(calibration.to_dict()))
    return path


class Shown(NamedTuple):
    """What a calibration has shown: the smallest tolerance of all its cells, infinite where none works, and of each."""

    smallest: float
    cells: Mapping[str, float]


def shown_on(fingerprint: Fingerprint) -> Shown | None:
    """What the calibration of this machine has shown; None without one.

    Raises:
        BenchError: the calibration's file is damaged, or of another schema.

    """
    path, remedy = path_of(fingerprint), "calibrate again (python -m bench calibrate)"
    try:
        stored = files.read_object(path, remedy)
    except FileNotFoundError:
        return None
    with files.damage_told(str(path), remedy):
        files.check_schema(stored["schema"], SCHEMA, str(path), remedy)
        cells = {str(cell): _tolerance(least) for cell, least in stored["tolerances"].items()}
        return Shown(_tolerance(stored["smallest_tolerance"]), cells)


def _tolerance(stored: float | None) -> float:
    """As stored; infinite for none.

    Raises:
        ValueError: it is no share.

    """
    if stored is None:
        return inf
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not 0 < stored < 1:
        raise ValueError(f"{stored!r} is no tolerance: a share between 0 and 1")
    return float(stored)


def checked_tolerance(
    wanted: float | None, fingerprints: Iterable[Fingerprint], *, uncalibrated: bool, cells: Iterable[str] = ()
) -> tuple[float, list[str]]:
    """The tolerance to use, and what to say of it.

    Args:
        wanted: what the user asks for; None for 5 %, or more where the calibration needs more.
        fingerprints: of the machine, one for each number of threads in use.
        uncalibrated: allow a tolerance below the calibrated minimum for this machine.
        cells: what is compared, by id: each has a noise of its own; those that were not calibrated are told.

    Raises:
        BenchError: it is below what the calibration has shown, and not forced.

    """
    compared, calibrated = list(cells), [shown_on(fingerprint) for fingerprint in fingerprints]
    known = [shown for shown in calibrated if shown is not None]
    least = _least(known, compared)
    tolerance = max(TOLERANCE, least) if wanted is None else wanted
    notes = [] if None in calibrated else _unlike(known, compared)
    if wanted is None and TOLERANCE < tolerance < inf:
        notes.append(
            f"the tolerance is {percent(tolerance)}: the smallest that works by the calibration on this machine"
        )
    if tolerance < least or tolerance == inf:
        finding = "that no tolerance works" if least == inf else f"{percent(least)} to be the smallest that works"
        if tolerance == inf or not uncalibrated:
            raise BenchError(
                f"the calibration on this machine has shown {finding}: allow more than {percent(wanted or TOLERANCE)}, "
                "calibrate again when it is quiet (python -m bench calibrate), or insist with --tolerance SHARE "
                "--uncalibrated"
            )
        notes.append(
            f"the tolerance of {percent(tolerance)} is forced: the calibration on this machine has shown {finding}"
        )
    return tolerance, notes


def _least(known: Sequence[Shown], cells: Sequence[str]) -> float:
    """The smallest tolerance for these cells: theirs, or that of all where some of them were not calibrated.

    Where none works for all of them, it may be that real slowdowns were missed: then none works for any.
    """
    smallest = max((shown.smallest for shown in known), default=0.0)
    each = _of_each(known)
    if not cells or smallest == inf or any(cell not in each for cell in cells):
        return smallest
    return max(each[cell] for cell in cells)


def _of_each(known: Sequence[Shown]) -> dict[str, float]:
    return {cell: least for shown in known for cell, least in shown.cells.items()}


def _unlike(known: Sequence[Shown], cells: Iterable[str]) -> list[str]:
    """That some cells were not calibrated: their noise may be another."""
    calibrated = _of_each(known)
    others = [cell for cell in dict.fromkeys(cells) if cell not in calibrated]
    if not others:
        return []
    return [f"calibrated on this machine with other cells, whose noise may be less: not with {joined(others)}"]


def uncalibrated_note(fingerprints: Iterable[Fingerprint]) -> str:
    """What to say where a machine was not calibrated; "" where it was.

    It is for whoever stands before the machine: a comment would repeat it for ever on runners that differ each time.

    Raises:
        BenchError: a calibration's file is damaged, or of another schema.

    """
    return UNKNOWN if any(shown_on(fingerprint) is None for fingerprint in fingerprints) else ""
