"""History: what all recorded runs say of each cell on each machine, in the order of the code, and where it changed."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.metrics import METRICS, named
from bench.plan.cell import Cell
from bench.plan.grid import AXES
from bench.plan.plan import default_of, flag
from bench.stats.change_points import Change, changes
from bench.store.fingerprint import fingerprint
from bench.store.pooling import pooled
from bench.store.provenance import commit_date
from bench.store.run import Run

# Plain times of our own runs move with the hour, so they are shown beside the relative cost and raise no alarm; an
# imported benchmark has nothing else.
FOLLOWED = named(lambda row: row.followed)
OWN = named(lambda row: row.followed and not row.is_wall)


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
        low: lower end of the 95 % interval over visits, or None.
        high: upper end.
        n: visits, or seeds.

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

    """

    cell: Cell
    metric: str
    unit: str
    statistic: str
    machine: Mapping[str, Any]
    digest: str
    points: tuple[Point, ...]
    changes: tuple[Change, ...] = ()

    def ab(self, change: Change) -> str | None:
        """The command that asks whether the change is one; None where there are no two revisions to compare."""
        before, after = self.points[change.low - 1].revision, self.points[change.high].revision
        if not before or not after or before == after or self.cell.is_foreign:
            return None
        return shlex.join(["python", "-m", "bench", "ab", before[:10], after[:10], *self._flags()])

    def _flags(self) -> Iterator[str]:
        """What names the cell to `ab`, which trains nothing, so that schedule and seed play no part."""
        for field, key in AXES.items():
            value = getattr(self.cell, field)
            if value is not None and default_of(key) != (value,) and key not in {"schedules", "seeds"}:
                yield from (flag(key), f"{value:g}" if isinstance(value, float) else str(value))


def history(runs: Iterable[Run], globs: Iterable[str] = ()) -> list[Series]:
    """The series of all runs, those with changes first.

    Args:
        runs: recorded runs; one that cannot be read is an error.
        globs: over the ids of cells without their seed; none of them: all.

    Raises:
        BenchError: a run is damaged, or no cell matches.

    """
    wanted = tuple(globs)
    gathered: dict[tuple[Cell, str, str, str], list[Point]] = {}
    about: dict[tuple[Cell, str, str, str], tuple[str, Mapping[str, Any]]] = {}
    for run in runs:
        for key, unit, machine, point in _points(run):
            gathered.setdefault(key, []).append(point)
            about.setdefault(key, (unit, machine))
    if wanted:
        gathered = {
            key: points for key, points in gathered.items() if any(fnmatchcase(key[0].id, one) for one in wanted)
        }
        if not gathered:
            raise BenchError(f"no recorded cell matches {' '.join(wanted)}: see python -m bench history --json")
    found = []
    for key, points in gathered.items():
        points.sort(key=lambda one: (one.moment, one.started, one.run))
        cell, metric, statistic, digest = key
        unit, machine = about[key]
        values = np.log([one.value for one in points]) if METRICS[metric].changes else np.empty(0)
        series = Series(cell, metric, unit, statistic, machine, digest, tuple(points), tuple(changes(values)))
        found.append(series)
    return sorted(found, key=lambda one: (not one.changes, one.cell.id, FOLLOWED.index(one.metric), one.digest))


def _points(run: Run) -> Iterator[tuple[tuple[Cell, str, str, str], str, Mapping[str, Any], Point]]:
    """The values of one run: by configuration, metric, statistic and machine, seeds and visits pooled."""
    values: dict[tuple[Cell, str, str, str], list[float]] = {}
    about: dict[tuple[Cell, str, str, str], tuple[str, Mapping[str, Any]]] = {}
    facts = run.facts
    followed = FOLLOWED if facts.imported else OWN
    for line in run.lines():
        cell = Cell.from_dict(line["cell"]).configuration
        for one in line["measurements"]:
            if one["metric"] not in followed or one["value"] is None or one["value"] <= 0:
                continue
            machine = fingerprint(line["system"], one["threads"] or cell.threads)
            key = (cell, one["metric"], one["statistic"], machine.digest)
            values.setdefault(key, []).append(one["value"])
            about.setdefault(key, (one["unit"], machine.fields))
    git, started = facts.git, facts.started
    moment = _utc(git.committed or (commit_date(git.revision) if git.revision else None) or started)
    for key, summaries in values.items():
        whole = pooled(summaries, METRICS[key[1]].pooled)
        point = Point(run.name, git.revision, git.dirty, moment, started, whole.value, whole.low, whole.high, whole.n)
        yield key, *about[key], point


def _utc(text: Any) -> str:
    """The moment in UTC, so that texts sort as moments do; as it is where it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
