"""Calibration: what the gate has shown on a machine, stored by fingerprint, asked before a tolerance is believed."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.stats.operating_characteristics import Rates
from bench.stats.sequential_test import TOLERANCE
from bench.store.fingerprint import Fingerprint
from bench.store.run import CALIBRATIONS

SCHEMA = 1
UNKNOWN = "no calibration on this machine yet: what the gate finds here is not known (python -m bench calibrate)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """How real runs ended, as counted.

    Attributes:
        slowdown: the true slowdown, as a share, that was injected; 0 for equal sides.
        tolerance: of the gate.
        fail: comparisons that failed in both runs; of equal sides, single runs that failed.
        passed: those that passed.
        undecided: all others.
        seconds: of each comparison, where they were timed.

    """

    slowdown: float
    tolerance: float
    fail: int
    passed: int
    undecided: int
    seconds: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """How many there were."""
        return self.fail + self.passed + self.undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was shown on one machine.

    Attributes:
        fingerprint: the machine's hard fields.
        pools: by cell, the log ratios of its A/A pairs, in order.
        admissible: the smallest tolerance that may be used; None where none may.
        rates: how the gate does at each tolerance that was tried.
        real: how real runs ended.
        command: what made it.
        started: UTC time, ISO 8601.

    """

    fingerprint: Mapping[str, Any]
    pools: Mapping[str, tuple[float, ...]]
    admissible: float | None
    rates: tuple[Rates, ...]
    real: tuple[Real, ...] = ()
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


def smallest_shown(fingerprint: Fingerprint) -> float | None:
    """The smallest tolerance shown to work on this machine; infinite where none did, None without a calibration.

    Raises:
        BenchError: the calibration's file is damaged.

    """
    path, remedy = path_of(fingerprint), "calibrate again (python -m bench calibrate)"
    try:
        stored = files.read_object(path, remedy)
    except FileNotFoundError:
        return None
    with files.damage_told(str(path), remedy):
        if stored["schema"] != SCHEMA:
            return None
        smallest = stored["admissible"]
        return inf if smallest is None else float(smallest)


def checked_tolerance(
    wanted: float | None, fingerprints: Iterable[Fingerprint], *, uncalibrated: bool
) -> tuple[float, list[str]]:
    """The tolerance to use, and what to say of it.

    Args:
        wanted: what the user asks for; None for 5 %, or more where the calibration needs more.
        fingerprints: of the machine, one for each number of threads in use.
        uncalibrated: use what is wanted although it was not shown to work.

    Raises:
        BenchError: it is below what the calibration has shown, and not forced.

    """
    known = [smallest_shown(one) for one in fingerprints]
    least = max((one for one in known if one is not None), default=0.0)
    tolerance = max(TOLERANCE, least) if wanted is None else wanted
    notes = [UNKNOWN] if None in known else []
    if wanted is None and TOLERANCE < tolerance < inf:
        notes.append(
            f"the tolerance is {tolerance:.1%}: the smallest that the calibration on this machine has shown to work"
        )
    if tolerance < least or tolerance == inf:
        told = "that no tolerance works" if least == inf else f"{least:.1%} to be the smallest that works"
        if tolerance == inf or not uncalibrated:
            raise BenchError(
                f"the calibration on this machine has shown {told}: allow more than {wanted or TOLERANCE:.1%}, "
                "calibrate again when it is quiet (python -m bench calibrate), or insist with --tolerance SHARE "
                "--uncalibrated"
            )
        notes.append(f"the tolerance of {tolerance:.1%} is forced: the calibration on this machine has shown {told}")
    return tolerance, notes
