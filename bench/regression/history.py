"""History: the series of every metric of each configuration on each machine, by revision, with its change points."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.metrics import METRICS, named
from bench.plan.cell import Cell
from bench.plan.command import comparison_of
from bench.plan.matching import cells_meant
from bench.stats.change_points import Change, changes
from bench.stats.false_alarms import false_alarm_rate
from bench.store.fingerprint import Fingerprint, fingerprint, threads_of
from bench.store.pooling import pooled
from bench.store.provenance import commit_date
from bench.store.run import Run
from bench.store.warning import Warning, disturbed_parts

# Plain times of our own runs move with the hour, so they are shown beside the relative cost and raise no alarm; an
# imported benchmark has nothing else.
FOLLOWED = named(lambda row: row.followed)
OWN = named(lambda row: row.followed and not row.is_wall)

_Key = tuple[Cell, str, str, str]  # configuration, metric, statistic, digest of the machine
_Origin = tuple[str, Mapping[str, Any]]  # unit, machine


@dataclass(frozen=True, slots=True)
class Point:
    """One run's value.

    Attributes:
        run: its name.
        revision: of the code, "" where none is known.
        dirty: whether the code differed from it.
        moment: when the revision was committed, else when the run was started: UTC, ISO 8601.
        started: when the run was started, which orders revisions of the same second.
        value: in the metric's unit.
        low: lower end of the 95 % interval over processes, or None.
        high: upper end.
        n: processes, or seeds.
        contended: whether other work took its cores in every process; such a reading is shown, and no change is
            looked for in it.

    """

    run: str
    revision: str
    dirty: bool
    moment: str
    started: str
    value: float
    low: float | None
    high: float | None
    n: int
    contended: bool = False

    @property
    def label(self) -> str:
        """The revision in short, else the run's name."""
        return (self.revision[:10] + ("+" if self.dirty else "")) if self.revision else self.run


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one configuration on one machine.

    Attributes:
        cell: the configuration.
        metric: its name.
        unit: of the values.
        statistic: as in the results.
        machine: the hard facts of the machine.
        digest: of these facts.
        points: in the order of their moments.
        changes: where the level moved; none is looked for in metrics that move by themselves.
        by_chance: how likely it shows a change although nothing changes, looked at after every run.

    """

    cell: Cell
    metric: str
    unit: str
    statistic: str
    machine: Mapping[str, Any]
    digest: str
    points: tuple[Point, ...]
    changes: tuple[Change, ...] = ()
    by_chance: float = 0.0

    def ab(self, change: Change) -> str | None:
        """The command that asks whether the change is one; None where there are no two revisions to compare.

        It compares the last reading before a step with the first after it, and the two ends of a ramp.
        """
        before, after = self.points[change.low - 1].revision, self.points[change.high].revision
        if not before or not after or before == after:
            return None
        return comparison_of(self.cell, (before[:10], after[:10]), self.machine.get("threads"))


def history(runs: Iterable[Run], globs: Iterable[str] = ()) -> list[Series]:
    """The series of all runs, those with changes first.

    Args:
        runs: recorded runs; one that cannot be read is an error.
        globs: names of cells, or globs (`bench.plan.matching`); none of them: all.

    Raises:
        BenchError: a run is damaged, or no cell matches.

    """
    wanted = tuple(globs)
    gathered: dict[_Key, list[Point]] = {}
    origins: dict[_Key, _Origin] = {}
    for run in runs:
        for key, unit, machine, point in _points(run):
            gathered.setdefault(key, []).append(point)
            origins.setdefault(key, (unit, machine))
    if wanted:
        cells = frozenset(cells_meant(wanted, (key[0] for key in gathered)))
        gathered = {key: points for key, points in gathered.items() if key[0] in cells}
        if not gathered:
            raise BenchError(f"no recorded cell matches {' '.join(wanted)}: see python -m bench history --json")
    every: list[Series] = []
    for key, points in gathered.items():
        points.sort(key=lambda point: (point.moment, point.started, point.run))
        cell, metric, statistic, digest = key
        unit, machine = origins[key]
        values, moves = _searched(points) if METRICS[metric].changes else (np.empty(0), ())
        origin = (cell, metric, unit, statistic, machine, digest, tuple(points))
        every.append(Series(*origin, moves, false_alarm_rate(values, moves)))
    return sorted(
        every, key=lambda series: (not series.changes, series.cell.id, FOLLOWED.index(series.metric), series.digest)
    )


def _searched(points: Sequence[Point]) -> tuple[npt.NDArray[np.float64], tuple[Change, ...]]:
    """The logarithms in which changes are looked for, and the changes, by their places among all points."""
    places = [at for at, point in enumerate(points) if not point.contended]
    values = np.log([points[at].value for at in places])
    return values, tuple(
        replace(change, index=places[change.index], low=places[change.low], high=places[change.high])
        for change in changes(values)
    )


def _points(run: Run) -> Iterator[tuple[_Key, str, Mapping[str, Any], Point]]:
    """The values of one run: by configuration, metric, statistic and machine, seeds and processes pooled.

    Processes whose cores other work took are left out, unless all are such.
    """
    values: dict[_Key, list[float]] = {}
    quiet: dict[_Key, list[float]] = {}
    origins: dict[_Key, _Origin] = {}
    facts = run.facts
    followed = FOLLOWED if facts.imported else OWN
    for line in run.lines():
        cell = Cell.from_dict(line["cell"]).configuration
        disturbed = disturbed_parts(map(Warning.from_dict, line["warnings"]))
        for reading in line["measurements"]:
            if reading["metric"] not in followed or reading["value"] is None or reading["value"] <= 0:
                continue
            machine = fingerprint(line["system"], threads_of(cell, reading["threads"]))
            if reading["metric"] == "relative_cost" and facts.protocol:  # of another reference it is another metric
                machine = Fingerprint({**machine.fields, "protocol": facts.protocol})
            key = (cell, reading["metric"], reading["statistic"], machine.digest)
            values.setdefault(key, []).append(reading["value"])
            if METRICS[reading["metric"]].timed_in not in disturbed:
                quiet.setdefault(key, []).append(reading["value"])
            origins.setdefault(key, (reading["unit"], machine.fields))
    git, started = facts.git, facts.started
    moment = _utc(git.committed or (commit_date(git.revision) if git.revision else None) or started)
    for key, summaries in values.items():
        whole = pooled(quiet.get(key, summaries), METRICS[key[1]].pooled)
        origin, value = (run.name, git.revision, git.dirty, moment, started), (whole.value, whole.low, whole.high)
        yield key, *origins[key], Point(*origin, *value, whole.n, contended=key not in quiet)


def _utc(text: Any) -> str:
    """The moment in UTC, so that texts sort as moments do; as it is where it is none, or none that UTC has."""
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return str(text)
