"""Rehearsal: how the gate does on this machine: stored per fingerprint, and asked before a tolerance is believed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.stats.gate import LOOKS, TOLERANCE, outcomes
from bench.store.fingerprint import Fingerprint
from bench.store.run import RESULTS

SCHEMA = 1
FOLDER = RESULTS / "rehearsals"
SLOWDOWNS = (0.02, 0.03, 0.05, 0.10)
TOLERANCES = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.10, 0.15, 0.20, 0.30)
RUNS = 20_000
UNKNOWN = "no rehearsal on this machine yet: what the gate finds here is not known (python -m bench rehearse)"
MOST_FALSE, LEAST_PASSED, LEAST_FOUND = 0.01, 0.95, 0.90  # of single runs, single runs, and both runs


@dataclass(frozen=True, slots=True)
class Rates:
    """How the gate does at one tolerance, by resampling.

    Attributes:
        tolerance: the share.
        false_alarm: share of runs of equal sides that fail; both runs must, so that the square is what a user meets.
        passed: share of runs of equal sides that pass.
        found: by true slowdown, the share of comparisons that fail, in both runs.
        missed: by true slowdown, the share of runs that pass.
        pairs: mean number of pairs of a run of equal sides.

    """

    tolerance: float
    false_alarm: float
    passed: float
    found: dict[float, float]
    missed: dict[float, float]
    pairs: float


def rates(pool: Iterable[float], tolerance: float, slowdowns: Iterable[float] = SLOWDOWNS, seed: int = 0) -> Rates:
    """Resample the gate on the log ratios of A/A pairs.

    Which side of an A/A pair is called the first is arbitrary, so each log ratio is drawn with a random sign, and
    with replacement; a true slowdown is added to it.
    """
    logs = np.asarray(list(pool), dtype=float)
    draw = np.random.default_rng(seed)
    shape = (RUNS, LOOKS[-1])
    noise = draw.choice(logs, shape) * draw.choice([-1.0, 1.0], shape)
    found, pairs = outcomes(noise, tolerance)
    slowed = {one: outcomes(noise + np.log1p(one), tolerance)[0] for one in slowdowns}
    return Rates(
        tolerance=tolerance,
        false_alarm=float((found == "fail").mean()),
        passed=float((found == "pass").mean()),
        found={one: float((outcome == "fail").mean() ** 2) for one, outcome in slowed.items()},
        missed={one: float((outcome == "pass").mean()) for one, outcome in slowed.items()},
        pairs=float(pairs.mean()),
    )


def admissible(pool: Iterable[float]) -> float | None:
    """The smallest tolerance at which the gate can be believed; None where none is.

    Equal sides fail in at most 1 % of single runs and pass in at least 95 %, and a slowdown of the tolerance's own size
    is found in at least 90 % of comparisons.
    """
    logs = list(pool)
    for tolerance in TOLERANCES:
        one = rates(logs, tolerance, (tolerance,))
        if one.false_alarm <= MOST_FALSE and one.passed >= LEAST_PASSED and one.found[tolerance] >= LEAST_FOUND:
            return tolerance
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What was shown on one machine.

    Attributes:
        fingerprint: the machine's hard fields.
        pools: by cell, the log ratios of its A/A pairs.
        admissible: the smallest tolerance that may be used, or None.
        rates: at the admissible tolerance and at the default one.
        real: counts of real runs: kind ("A/A" or "+10%"), tolerance, runs, fail, pass, inconclusive.
        command: what made it.
        started: UTC time.

    """

    fingerprint: Mapping[str, Any]
    pools: Mapping[str, tuple[float, ...]]
    admissible: float | None
    rates: tuple[Rates, ...]
    real: tuple[Mapping[str, Any], ...] = ()
    command: str = ""
    started: str = ""

    @property
    def pool(self) -> list[float]:
        """The log ratios of all cells."""
        return [one for logs in self.pools.values() for one in logs]

    def to_dict(self) -> dict[str, Any]:
        """As stored."""
        return {"schema": SCHEMA, **asdict(self)}


def path_of(fingerprint: Fingerprint) -> Path:
    """Where the rehearsal of a machine is kept."""
    return FOLDER / f"{fingerprint.digest}.json"


def save(rehearsal: Rehearsal) -> Path:
    """Write it, in place of an earlier one of the same machine.

    Raises:
        BenchError: the folder cannot be written.

    """
    path = path_of(Fingerprint(rehearsal.fingerprint))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(rehearsal.to_dict(), indent=1) + "\n", "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; run from a folder you may write to") from error
    return path


def shown(fingerprint: Fingerprint) -> float | None:
    """The smallest tolerance shown to be admissible on this machine; None where there was no rehearsal.

    Infinite where the rehearsal found none.

    Raises:
        BenchError: the rehearsal's file is damaged.

    """
    path = path_of(fingerprint)
    try:
        stored = json.loads(path.read_text("utf-8"))
        if stored["schema"] != SCHEMA:
            return None
        found = stored["admissible"]
        return inf if found is None else float(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} is damaged ({error}): rehearse again (python -m bench rehearse)") from error


def checked_tolerance(
    wanted: float | None, fingerprints: Iterable[Fingerprint], *, force: bool
) -> tuple[float, list[str]]:
    """The tolerance to use, and what to say of it.

    Args:
        wanted: what the user asks for; None for 5 %, or more where the rehearsal needs more.
        fingerprints: of the machine, one for each number of threads in use.
        force: use what is wanted although it was not shown to work.

    Raises:
        BenchError: it is below what the rehearsal has shown, and not forced.

    """
    known = [shown(one) for one in fingerprints]
    least = max((one for one in known if one is not None), default=0.0)
    tolerance = max(TOLERANCE, least) if wanted is None else wanted
    notes = [UNKNOWN] if None in known else []
    if tolerance < least or tolerance == inf:
        told = "that no tolerance works" if least == inf else f"{least:.1%} to be the smallest that works"
        if tolerance == inf or not force:
            raise BenchError(
                f"the rehearsal on this machine has shown {told}: allow more than {wanted or TOLERANCE:.1%}, rehearse "
                "again when it is quiet (python -m bench rehearse), or insist with --tolerance SHARE --force"
            )
        notes.append(f"the tolerance of {tolerance:.1%} is forced: the rehearsal on this machine has shown {told}")
    return tolerance, notes
