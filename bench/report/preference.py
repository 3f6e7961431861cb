"""Preference: what the reader's weights for accuracy, cost and memory act on, each on a log scale with its error.

A score is the weighted mean of three logarithms: of the test error, the relative cost and the peak memory. So a score
of twice another's is that by which it is worse on the whole, a weight says how much a factor counts, and who else is
in the table moves nobody's place.
"""

from math import log

from scipy.special import stdtrit

from bench.report.comparable import groups
from bench.report.plotting import inside
from bench.report.record import Record, Value

AIMS = {"accuracy": "test error", "relative_cost": "relative cost", "peak_memory": "peak memory"}

Term = tuple[float, float | None, int]  # a logarithm, its standard error, and n


def terms(record: Record) -> dict[str, tuple[str, dict[str, Term]]]:
    """The group that a row compares in, and its terms by metric, for the rows that have all that any row has."""
    aims = [name for name in AIMS if any(name in row.values for row in record.rows)]
    rows = record.judged(*aims) if "accuracy" in aims else record.having(*aims)
    rows = [row for row in rows if aims and all(row.values[name].value > 0 for name in aims)]
    return {
        row.key: (group.name, {name: _term(row.values[name]) for name in aims})
        for group in groups(record, rows, *aims)
        for row in group.rows
    }


def _term(value: Value) -> Term:
    low, high = value.low, value.high
    known = False
    middle, least, most = (value.value,) * 3
    if low is not None and high is not None and low > 0 and value.n > 1 and not value.contended:
        known, least, most = True, low, high
    if value.metric == "accuracy":
        middle, least, most = 1 - inside(middle), 1 - inside(most), 1 - inside(least)
    half = log(most / least) / 2
    error = half / float(stdtrit(value.n - 1, 0.975)) if known else 0.0 if value.statistic == "exact" else None
    return log(middle), error, value.n
