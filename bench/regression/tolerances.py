"""Tolerances: how much each metric of each cell may worsen, and what it may be at all, from a TOML file.

[tolerances]                    # the share by which a metric may worsen: 0.05 or "5 %"
relative_cost = "5 %"
operators_backward = 0
accuracy = 0.002                # of the test images, not of the accuracy

[budgets]                       # absolute, in SI units; a limit in the metric's own direction
step = 0.010

[cells."lenet5-*".tolerances]   # for the cells whose id matches; a later table wins
relative_cost = "8 %"
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from bench import files
from bench.compare.costs import MEMORY_TOLERANCE
from bench.errors import BenchError, brief, nearest
from bench.metrics import METRICS, Metric, named, row_of
from bench.plan.cell import Cell
from bench.plan.matching import cells_meant, matches
from bench.plan.toml import table_of
from bench.stats.sequential_test import TOLERANCE
from bench.text import joined, plural
from bench.vocabulary import Gate

DEFAULT_FILE = Path("bench.toml")
DEFAULTS: dict[Gate, float] = {
    "screening": TOLERANCE,
    "memory": MEMORY_TOLERANCE,
    "accuracy": 0.001,
    "exact counts": 0.0,
}
GATED = named(lambda row: row.judged_by not in (None, "exact counts"))
LISTING = "see python -m bench list metrics"
_TABLES = ("tolerances", "budgets")


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is allowed.

    Attributes:
        place: the file, or "" where none was read.
        shares: pairs of a glob over cells, or the name of one, and the shares by metric, in the order of the file.
        limits: the same of absolute limits.
        meant: by glob, the ids of the cells that it is for, once it is known which cells there are.

    """

    place: str = ""
    shares: tuple[tuple[str, Mapping[str, float]], ...] = ()
    limits: tuple[tuple[str, Mapping[str, float]], ...] = field(default=())
    meant: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def among(self, cells: Iterable[Cell]) -> "Tolerances":
        """The same, where these are the cells there are: what names one of them is for that alone."""
        known = list(cells)
        tables = {glob for glob, _ in (*self.shares, *self.limits)}
        return replace(self, meant={glob: frozenset(cell.id for cell in cells_meant([glob], known)) for glob in tables})

    def _is_for(self, glob: str, cell: str) -> bool:
        """Whether what stands under the glob is for that cell."""
        return cell in self.meant[glob] if glob in self.meant else matches(cell, glob)

    def stated(self, cell: str, metric: str) -> float | None:
        """The share that the file gives; None where it gives none."""
        matching = [shares[metric] for glob, shares in self.shares if metric in shares and self._is_for(glob, cell)]
        return matching[-1] if matching else None

    def share(self, cell: str, metric: str, *, exact: bool = False) -> float:
        """The share by which the metric of that cell may worsen; unless the file says so, an exact one by none."""
        stated, gate = self.stated(cell, metric), row_of(metric).judged_by
        return stated if stated is not None else DEFAULTS["exact counts" if exact or gate is None else gate]

    def budgets(self, cell: str) -> dict[str, float]:
        """The absolute limits of that cell by metric."""
        merged: dict[str, float] = {}
        for glob, limits in self.limits:
            if self._is_for(glob, cell):
                merged |= limits
        return merged

    def check_budgets(self, measured: Iterable[str]) -> None:
        """See that the run measured what every budget limits.

        Raises:
            BenchError: it did not; a limit that nothing is held to would pass for a gate.

        """
        known = {*measured, *GATED}
        for metric in (metric for _, limits in self.limits for metric in limits if metric not in known):
            raise BenchError(
                f"{self.place}: there is no '{metric}' in this run that the budget could be held to: measure it, or "
                "remove the line"
            )

    def check_tolerances(self, judgeable: Mapping[str, Collection[str]]) -> None:
        """See that each tolerance has something to judge in the cells it is for; a glob without cells is `unused`.

        Args:
            judgeable: by the id of each cell that ran, the metrics that a gate can judge, of the run or the baseline.

        Raises:
            BenchError: it has nothing; a tolerance that nothing is held to would pass for a gate.

        """
        for glob, shares in self.shares:
            there = [metrics for cell, metrics in judgeable.items() if self._is_for(glob, cell)]
            known = set().union(*there)
            for metric in (metric for metric in shares if there and metric not in known):
                where = "" if glob == "*" else f': [cells."{glob}"]'
                remedy = "train (--epochs)" if METRICS[metric].once_a_seed else "measure it"
                raise BenchError(
                    f"{self.place}{where}: there is no '{metric}' in this run or the baseline that the tolerance could "
                    f"be held to{_gates(known)}: {remedy}, or remove the line"
                )

    def unused(self, cells: Iterable[str]) -> list[str]:
        """Globs that match none of the cells."""
        ids = list(cells)
        globs = dict.fromkeys(glob for glob, _ in (*self.shares, *self.limits))
        return [glob for glob in globs if glob != "*" and not any(self._is_for(glob, name) for name in ids)]


def tolerances(path: Path | None = None) -> Tolerances:
    """The tolerances of a file; without one of bench.toml, and where that is missing too the defaults.

    Raises:
        BenchError: the file cannot be read, is no TOML, or holds a key or value that means nothing.

    """
    if path is None and not DEFAULT_FILE.exists():
        return Tolerances()
    place = path or DEFAULT_FILE
    try:
        text = files.content(place)
    except OSError as error:
        raise BenchError(f"cannot read {place}: {error.strerror}; check the path (--tolerances)") from error
    table = table_of(text, str(place))
    _check_keys(table, (*_TABLES, "cells"), str(place))
    parts = [("*", table), *_table(table.get("cells", {}), f"{place}: [cells]").items()]
    shares, limits = [], []
    for glob, part in parts:
        where = f"{place}" if part is table else f'{place}: [cells."{glob}"]'
        entries = _table(part, where)
        if part is not table:
            _check_keys(entries, _TABLES, where)
        shares.append((glob, _values(entries.get("tolerances", {}), f"{where}: tolerances", _share, _no_tolerance)))
        limits.append((glob, _values(entries.get("budgets", {}), f"{where}: budgets", _limit, _no_budget)))
    return Tolerances(str(place), tuple(shares), tuple(limits))


def _gates(metrics: Collection[str]) -> str:
    """What there is for the gates to judge, the exact counts together; "" where there is nothing."""
    names = [metric for metric in GATED if metric in metrics]
    counts = len(set(metrics) - set(names))
    there = joined([*names, *([plural(counts, "exact count")] if counts else [])])
    return f", only {there}" if there else ""


def _check_keys(table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    for key in table:
        if key not in known:
            raise _unknown(place, "key", key, known)


def _unknown(place: str, kind: str, name: str, known: Iterable[str]) -> BenchError:
    near = nearest(name, known)
    listed = LISTING if kind == "metric" else f"there is {', '.join(sorted(known))}"
    hint = f"did you mean '{near}'?" if near else listed
    return BenchError(f"{place}: unknown {kind} '{name}': {hint}")


def _table(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BenchError(f"{place} takes a table, not {brief(value)}")
    return value


def _values(
    table: Any, place: str, read: Callable[[Any, str], float], refuse: Callable[[Metric], str]
) -> dict[str, float]:
    """The numbers by metric, each of a metric that such a number means something to."""
    values = {}
    for name, value in _table(table, place).items():
        if name not in METRICS:
            raise _unknown(place, "metric", name, METRICS)
        if reason := refuse(METRICS[name]):
            raise BenchError(f"{place}.{name}: {reason}")
        values[name] = read(value, f"{place}.{name}")
    return values


def _no_tolerance(row: Metric) -> str:
    """Why the metric has no tolerance; "" where it has one."""
    if row.judged_by:
        return ""
    return (
        f"nothing judges this metric, so a tolerance would do nothing: take {', '.join(GATED)} or an exact count "
        f"({LISTING}), or give it a limit under budgets"
    )


def _no_budget(row: Metric) -> str:
    """Why the metric has no budget; "" where it may have one."""
    if row.may_have_budget:
        return ""
    if row.derived:
        return f"it is only shown, never stored, so no budget can hold it: take another metric ({LISTING})"
    return f"neither lower nor higher is better, so it has no budget: take another metric ({LISTING})"


def _share(value: Any, place: str) -> float:
    """A share such as 0.05 or "5 %"."""
    share = _number(value)
    if share is None and isinstance(value, str) and value.strip().endswith("%"):
        try:
            share = float(value.strip().removesuffix("%")) / 100
        except ValueError:
            share = None
    if share is None or not 0 <= share < 1:
        raise BenchError(f'{place} takes a share such as 0.05 or "5 %", not {brief(value)}')
    return share


def _limit(value: Any, place: str) -> float:
    limit = _number(value)
    if limit is None or limit < 0:
        raise BenchError(f"{place} takes a number in SI units, such as 0.010 for 10 ms, not {brief(value)}")
    return limit


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)
