"""Conclusions in sentences: each follows from numbers of the run, and carries them."""

from collections import Counter
from dataclasses import dataclass
from itertools import permutations

from bench.report.rank import leaders, ordered, overlap, ranks
from bench.report.record import Record, Row
from bench.report.table import amount, missed
from bench.report.units import joined, percent, plural, quantity

BUDGET = 2.0  # "within twice the cost of the cheapest"
CLOSE = 0.005  # accuracies within half a point count as close when memory decides


@dataclass(frozen=True, slots=True)
class Sentence:
    """A conclusion: what it is about, the claim, and the numbers it rests on."""

    about: str
    claim: str
    evidence: str


def conclusions(record: Record) -> list[Sentence]:
    """All that can be said of the run, the most useful first."""
    said = [
        _cheapest(record), _throughput(record), _accurate(record), _budget(record), _lean(record), _surprise(record),
        _uncertain(record), *_lost(record),
    ]  # fmt: skip
    found = [sentence for sentence in said if sentence]
    if not any(row.status == "ok" for row in record.rows):
        found.insert(
            0, Sentence("No result", "No setting gave a result, so there is nothing to compare.", counts(record))
        )
    return found


def counts(record: Record) -> str:
    """How many settings ended how: 5 ok, 1 timeout, 2 skipped."""
    tally = Counter(row.status for row in record.rows)
    skipped = record.facts.get("skipped")
    tally["skipped"] += len(skipped) if isinstance(skipped, list) else 0
    order = ("ok", "failed", "oom", "timeout", "diverged", "skipped")
    names = [*order, *sorted(set(tally) - set(order))]
    return ", ".join(f"{tally[name]} {name}" for name in names if tally[name]) or "no settings"


def _cheapest(record: Record) -> Sentence | None:
    return _leading(
        record,
        "relative_cost",
        "Cheapest to train",
        f"times the cost of {record.reference()} an image, both with the same threads",
    )


def _throughput(record: Record) -> Sentence | None:
    return _leading(record, "throughput", "Highest throughput", "training images a second")


def _accurate(record: Record) -> Sentence | None:
    return _leading(record, "accuracy", "Most accurate", "of the test images right after the last epoch")


def _leading(record: Record, metric: str, about: str, what: str) -> Sentence | None:
    """Who leads in one metric, whether that is certain, and by how much."""
    rows = ordered(record.having(metric), metric)
    if not rows:
        return None
    first = rows[0]
    evidence = f"{first.label}: {amount(first.values[metric])} {what}{_threads(first, metric)}"
    if len(rows) == 1:
        return Sentence(
            about, f"{first.label} is the only setting with this number, so there is nothing to rank.", evidence + "."
        )
    tied = leaders(rows, ranks(rows, metric))
    if first.values[metric].low is None:
        noun = "seed" if metric == "accuracy" else "visit"
        claim = f"{first.label} came out ahead, but from one {noun}: without an interval this is no ranking."
        return Sentence(about, claim, f"{evidence}; next {_brief(rows[1], metric)}.")
    if len(tied) > 1:
        claim = f"{joined(row.label for row in tied)} cannot be told apart: their intervals overlap."
        return Sentence(
            about, claim, "; ".join(_brief(row, metric) for row in tied[:6]) + f" {what}{_threads(first, metric)}."
        )
    second = rows[1]
    if second.values[metric].low is None:
        claim = f"{first.label} leads, but the next setting has no interval to compare with."
    else:
        claim = f"{first.label}, {_lead(first, second, metric)} {second.label}."
    return Sentence(about, claim, f"{evidence}; next {_brief(second, metric)}.")


def _lead(first: Row, second: Row, metric: str) -> str:
    one, other = first.values[metric].value, second.values[metric].value
    if metric == "accuracy":
        return f"{(one - other) * 100:.2g} percentage points above"
    times = max(one, other) / min(one, other)
    gap = f"{times:.2g} times" if times >= 2 else percent(times - 1)
    if metric == "throughput":
        return f"{gap} {'that of' if times >= 2 else 'above'}"
    return f"at {percent(one / other)} of the cost of"


def _brief(row: Row, metric: str) -> str:
    return f"{row.label} {amount(row.values[metric])}"


def _threads(row: Row, metric: str) -> str:
    threads = row.values[metric].threads
    return f", {plural(threads, 'thread')}" if threads else ""


def _budget(record: Record) -> Sentence | None:
    """The most accurate of those within a budget set by the cheapest."""
    rows = ordered(record.having("relative_cost", "accuracy"), "relative_cost")
    if len(rows) < 3:
        return None
    limit = rows[0].values["relative_cost"].value * BUDGET
    within = [row for row in rows if row.values["relative_cost"].value <= limit]
    best = ordered(within, "accuracy")[0]
    claim = f"Within {BUDGET:g} times the cost of {rows[0].label}, {best.label} reaches the highest accuracy."
    if len(within) == 1:
        claim = f"Nothing else stays within {BUDGET:g} times the cost of {rows[0].label}."
        nearest = rows[1]
        return Sentence(
            "On a small budget", claim, f"{_brief(rows[0], 'relative_cost')}; next {_brief(nearest, 'relative_cost')}."
        )
    top = ordered(rows, "accuracy")[0]
    evidence = f"{best.label}: accuracy {amount(best.values['accuracy'])} at {amount(best.values['relative_cost'])}"
    if top.key != best.key:
        evidence += f"; the best of all, {top.label}: accuracy {amount(top.values['accuracy'])} at {amount(top.values['relative_cost'])}"
    return Sentence("On a small budget", claim, evidence + ".")


def _lean(record: Record) -> Sentence | None:
    """The smallest net whose accuracy is close to the best."""
    rows = ordered(record.having("accuracy", "parameters"), "accuracy")
    if len(rows) < 2:
        return None
    top = rows[0]
    near = [row for row in rows if top.values["accuracy"].value - row.values["accuracy"].value <= CLOSE]
    small = min(near, key=lambda row: (row.values["parameters"].value, row.label))
    if small.key == top.key or small.values["parameters"].value >= top.values["parameters"].value:
        return None
    times = top.values["parameters"].value / small.values["parameters"].value
    claim = f"{small.label} comes within half a point of {top.label} with {times:.2g} times fewer parameters."
    size = {row.key: quantity("parameters", "1", row.values["parameters"].value) for row in (small, top)}
    return Sentence("Small and close", claim, "; ".join(
        f"{row.label}: {amount(row.values['accuracy'])}, {size[row.key]} parameters" for row in (small, top)) + ".")  # fmt: skip


def _surprise(record: Record) -> Sentence | None:
    """The pair in which the one with more arithmetic costs clearly less."""
    rows = [row for row in record.having("relative_cost", "flops") if row.values["flops"].value > 0]
    best: tuple[float, Row, Row] | None = None
    for more, less in permutations(rows, 2):
        work = more.values["flops"].value / less.values["flops"].value
        cost = more.values["relative_cost"].value / less.values["relative_cost"].value
        same = more.cell["batch_size"] == less.cell["batch_size"]
        clear = not overlap(more.values["relative_cost"], less.values["relative_cost"])
        if same and clear and work > 1.2 and cost < 1 and (best is None or work / cost > best[0]):
            best = (work / cost, more, less)
    if best is None:
        return None
    _, more, less = best
    claim = f"{more.label} does more arithmetic than {less.label}, yet costs less."
    return Sentence("Surprise", claim, "; ".join(
        f"{row.label}: {quantity('flops', '1', row.values['flops'].value)} a step, {amount(row.values['relative_cost'])}"
        for row in (more, less)) + ".")  # fmt: skip


def _uncertain(record: Record) -> Sentence | None:
    target = record.plan().get("precision")
    rows = record.having("relative_cost")
    if not isinstance(target, float) or not rows:
        return None
    short = [row for row in rows if missed(row, target)]
    if not short:
        return None
    claim = f"{len(short)} of {plural(len(rows), 'relative cost')} did not reach the precision target of ± {percent(target)}."
    return Sentence("Less certain", claim, joined((_certainty(row) for row in short), most=8) + ".")


def _certainty(row: Row) -> str:
    share = row.values["relative_cost"].relative_half
    return f"{row.label} (one visit: no interval)" if share is None else f"{row.label} ± {percent(share)}"


def _lost(record: Record) -> list[Sentence]:
    """What gave no result, with the reasons as recorded."""
    rows = [row for row in record.rows if row.status != "ok"]
    if not rows:
        return []
    verb = "has" if len(rows) == 1 else "have"
    claim = f"{plural(len(rows), 'setting')} of {len(record.rows)} {verb} no full result and no rank."
    reasons = [f"{row.label} ({row.status}: {row.reason or 'no reason recorded'})" for row in rows]
    return [Sentence("No result" if len(rows) < len(record.rows) else "Reasons", claim, joined(reasons) + ".")]
