"""Bargains in sentences: the best within a budget, small and yet close, and more arithmetic for less."""

import math

from bench.plan.grid import AXES
from bench.report.comparable import Group, groups
from bench.report.order import Sentence, order
from bench.report.rank import leaders, ordered, surely_better
from bench.report.record import Record, Row, Value
from bench.report.table import amount
from bench.report.units import percent, quantity
from bench.text import plural

CLOSE = 0.005  # accuracies within half a point are close enough for size to decide
_BUDGETS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50)  # times the cost of the reference


def bargains(record: Record) -> list[Sentence]:
    """All of them, for each group of configurations that compare."""
    drawn = [_within(record, group) for group in _compared(record, "accuracy", "relative_cost")]
    drawn += [_small(group) for group in _compared(record, "accuracy", "parameters")]
    costed = record.having("relative_cost", "flops")
    drawn += [_surprise(group) for group in groups(record, costed, "relative_cost")]
    return [sentence for sentence in drawn if sentence]


def _compared(record: Record, *metrics: str) -> list[Group]:
    return groups(record, record.judged(*metrics), *metrics)


def _within(record: Record, group: Group) -> Sentence | None:
    """The most accurate within the smallest round budget that half of the configurations keep, yet not all.

    Whose cost may be on either side of the budget competes, and cannot win.
    """
    rows = ordered(group.rows, "relative_cost")
    costs = [row.values["relative_cost"].value for row in rows]
    fitting = (limit for limit in _BUDGETS if len(rows) <= 2 * sum(cost <= limit for cost in costs) < 2 * len(rows))
    limit = next(fitting, None) if len(rows) > 2 else None
    if limit is None:
        return None
    inside = [row for row in rows if _least(row.values["relative_cost"]) <= limit]
    beyond = [row for row in rows if row not in inside]
    if len(inside) < 2:
        return None
    placing, budget = order(inside, "accuracy"), f"{limit:g} times the cost of {record.reference()}"
    budget = budget if limit != 1 else f"the cost of {record.reference()}"
    if placing.winner is None:
        sure = all(_most(row.values["relative_cost"]) <= limit for row in leaders(inside, "accuracy"))
        within = "within" if sure else "within or near"
        claim = f"{within if group.name else within.capitalize()} {budget}, {placing.claim}"
    elif _most(placing.winner.values["relative_cost"]) <= limit:
        claim = f"{'within' if group.name else 'Within'} {budget}, {placing.winner.label} is the most accurate."
    else:
        claim = f"{placing.winner.label} is the most accurate near {budget}, yet it may cost less or more than that."
    shown = "; ".join(map(_both, placing.shown))
    best = f". Beyond the budget the highest is {_both(ordered(beyond, 'accuracy')[0])}" if beyond else ""
    return Sentence("On a budget", group.says(claim), f"{shown}{best}.")


def _least(value: Value) -> float:
    """The lowest that a cost may be, as far as one knows."""
    return value.reach[0] if value.reach else value.value


def _most(value: Value) -> float:
    return value.reach[1] if value.reach else math.inf


def _both(row: Row) -> str:
    cost = row.values["relative_cost"]
    threads = f" with {plural(cost.threads, 'thread')}" if cost.threads else ""
    return f"{row.label}: accuracy {amount(row.values['accuracy'])}, cost{threads} {amount(cost)}"


def _small(group: Group) -> Sentence | None:
    """The smallest net whose accuracy is close to the best, as far as the interval of their difference tells."""
    rows = ordered(group.rows, "accuracy")
    top = rows[0]
    size = {row.key: row.values["parameters"].value for row in rows}
    near = [row for row in rows if row is not top and _farthest(top.values["accuracy"], row.values["accuracy"]) < CLOSE]
    small = min(near, key=lambda row: (size[row.key], row.label), default=top)
    if size[small.key] <= 0 or size[small.key] >= size[top.key]:
        return None
    share = percent(size[small.key] / size[top.key])
    claim = f"{small.label} comes within half a point of {top.label} with {share} of its parameters."
    shown = [
        f"{row.label}: accuracy {amount(row.values['accuracy'])}, {size[row.key]:,.0f} parameters"
        for row in (small, top)
    ]
    gap = _farthest(top.values["accuracy"], small.values["accuracy"]) * 100
    return Sentence("Small and close", group.says(claim), "; ".join(shown) + f". At most {gap:.2g} points lie between.")


def _farthest(value: Value, other: Value) -> float:
    """The far end of the 95 % interval of the difference of two means; infinite without both, or where one is doubtful.

    Half-widths of independent means add in quadrature, each with its own quantile of t: no narrower than Welch's.
    """
    if value.half is None or other.half is None or value.contended or other.contended:
        return math.inf
    return abs(value.value - other.value) + math.hypot(value.half, other.half)


def _surprise(group: Group) -> Sentence | None:
    """The pair, alike but for the architecture, in which the one with more arithmetic costs clearly less."""
    surprises: list[tuple[float, Row, Row]] = []
    for more in group.rows:
        for less in group.rows:
            mine, theirs = more.values["relative_cost"], less.values["relative_cost"]
            work = _ratio(more.values["flops"].value, less.values["flops"].value)
            if work > 1.2 and _alike(more, less) and surely_better(mine, theirs):
                surprises.append((work * theirs.value / mine.value, more, less))
    if not surprises:
        return None
    _, more, less = max(surprises, key=lambda surprise: surprise[0])
    claim = (
        f"{more.label} does more arithmetic in convolutions, products and attention than {less.label}, yet costs less."
    )
    shown = [
        f"{row.label}: {quantity('flops', '1', row.values['flops'].value)} a step, "
        f"cost {amount(row.values['relative_cost'])}"
        for row in (more, less)
    ]
    return Sentence("Surprise", group.says(claim), "; ".join(shown) + ".")


def _ratio(value: float, other: float) -> float:
    return value / other if value > 0 and other > 0 else 0.0


def _alike(row: Row, other: Row) -> bool:
    """Whether the two differ in their architecture alone: dtype, mode, threads, batch and all else are the same."""
    names = [axis for axis in AXES if axis not in ("architecture", "seed")]
    return all(row.cell[name] == other.cell[name] for name in names)
