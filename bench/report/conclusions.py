"""Conclusions in sentences: each follows from numbers of the run, and carries them."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import permutations

from bench.metrics import METRICS
from bench.report.rank import leaders, ordered, overlap, ranks
from bench.report.record import Record, Row
from bench.report.table import amount, missed, percent_of
from bench.report.tuning_sentence import edge_told, rates_told
from bench.report.units import either_way, percent, quantity, state
from bench.text import TIMES, joined, plural
from bench.vocabulary import STATUSES

CLOSE = 0.005  # accuracies within half a point are close enough for size to decide
_MOST_REASON = 160  # letters of a reason in a sentence; the trust section has all of it


@dataclass(frozen=True, slots=True)
class Sentence:
    """A conclusion: its topic, the claim, and the numbers it rests on."""

    topic: str
    claim: str
    evidence: str


def conclusions(record: Record) -> list[Sentence]:
    """All that follows from the run, the most useful first."""
    sentences = [
        _nothing(record),
        _cheapest(record),
        _throughput(record),
        _accurate(record),
        _towards(record),
        _budget(record),
        _small(record),
        _surprise(record),
        _rates(record),
        _uncertain(record),
        _lost(record),
    ]
    return [sentence for sentence in sentences if sentence]


def counts(record: Record) -> str:
    """How many configurations ended how: 5 ok, 1 timed out, 2 skipped."""
    tally = Counter(row.status for row in record.rows)
    names = [*STATUSES, *sorted(set(tally) - set(STATUSES))]
    return ", ".join(f"{tally[name]} {state(name)}" for name in names if tally[name]) or "no configurations"


def _nothing(record: Record) -> Sentence | None:
    if any(row.status == "ok" for row in record.rows):
        return None
    return Sentence(
        "No result",
        "No configuration gave a full result, so there is nothing to compare.",
        f"Configurations: {counts(record)}.",
    )


def _cheapest(record: Record) -> Sentence | None:
    return _leading(record, "relative_cost", "Cheapest to train", f"Seconds an image relative to {record.reference()}")


def _throughput(record: Record) -> Sentence | None:
    return _leading(record, "throughput", "Highest throughput", "Images a second in training")


def _accurate(record: Record) -> Sentence | None:
    what = "Share of the test images that are right when training ended"
    sentence = _leading(record, "accuracy", "Most accurate", what)
    return sentence and replace(sentence, evidence=sentence.evidence + edge_told(record, sentence.claim))


def _towards(record: Record) -> Sentence | None:
    """Who reaches the target accuracy first, as seconds a step times steps, and who does not reach it."""
    rows = ordered(record.having("time_to_accuracy", "training_step", "steps_to_accuracy"), "time_to_accuracy")
    if not record.target:
        return None
    goal = percent_of(record.target)
    short = [row for row in record.rows if "reached" in row.values and row.values["reached"].value < 1]
    missing = [_fell_short(row) for row in short]
    if not rows:
        return (
            Sentence(f"To {goal}", "No configuration reached it with every seed.", "; ".join(missing) + ".")
            if short
            else None
        )
    first, tied = rows[0], leaders(rows, ranks(rows, "time_to_accuracy"))
    if len(tied) > 1:
        names = joined((row.label for row in tied), most=4)
        claim = f"{names} reach {goal} test accuracy in times whose intervals overlap."
    else:
        time = first.values["time_to_accuracy"]
        lone = time.low is None
        seeds = "by one seed, which has no interval" if lone else f"with each of {plural(time.n, 'seed')}"
        least = "in the least training time, " if len(record.rows) > 1 else ""
        claim = f"{first.label} reaches {goal} test accuracy {least}{seeds}."
    return Sentence(f"To {goal}", claim, "; ".join([*map(_factors, rows[:3]), *missing]) + ".")


def _fell_short(row: Row) -> str:
    """How many of a row's seeds reached the target, and what became of those that ended before."""
    value = row.values["reached"]
    lost = f" ({value.lost})" if value.lost else ""
    return (
        f"{row.label}: {round(value.value * value.n)} of {plural(value.n, 'seed')} reached it{lost}, so it has no time"
    )


def _factors(row: Row) -> str:
    """A row's time to the target, as the product that it is."""
    step, steps = row.values["training_step"], row.values["steps_to_accuracy"]
    product = f"{quantity('step', 's', step.value)} a step {TIMES} {steps.value:,.0f} steps"
    return f"{row.label} {amount(row.values['time_to_accuracy'])} = {product}"


def _leading(record: Record, metric: str, topic: str, what: str) -> Sentence | None:
    """Who leads in one metric, whether that is certain, and by how much."""
    rows = ordered(record.having(metric), metric)
    if not rows:
        return None
    first, second = rows[0], rows[1] if len(rows) > 1 else None
    tied = leaders(rows, ranks(rows, metric))
    noun = "seed" if METRICS[metric].once_a_seed else "process"
    shown = rows[:2]
    if second is None:
        topic = METRICS[metric].heading
        claim = f"{first.label} is the only configuration with this number, so there is nothing to rank."
    elif first.values[metric].low is None:
        claim = f"{first.label} came out ahead, but from one {noun}: no interval, so no claim about the order."
    elif second.values[metric].low is None:
        claim = f"{first.label} came out ahead; {second.label}, from one {noun}, has no interval to compare with."
    elif len(tied) > 1:
        claim, shown = (
            f"{joined((row.label for row in tied), most=4)} cannot be told apart: their intervals overlap.",
            tied[:4],
        )
    else:
        claim = f"{first.label}, {_lead(first, second, metric)} {second.label}."
    return Sentence(
        topic, claim, f"{'; '.join(_brief(row, metric) for row in shown)}. {what}{_threads(first, metric)}."
    )


def _lead(first: Row, second: Row, metric: str) -> str:
    ahead, behind = first.values[metric].value, second.values[metric].value
    if metric == "accuracy":
        return f"{(ahead - behind) * 100:.2g} percentage points above"
    times = ahead / behind
    if metric == "relative_cost":
        return f"at {percent(times)} of the cost of"
    return f"{times:.2g} times that of" if times >= 2 else f"{percent(times - 1)} above"


def _brief(row: Row, metric: str) -> str:
    return f"{row.label} {amount(row.values[metric])}"


def _threads(row: Row, metric: str) -> str:
    threads = row.values[metric].threads
    return f", with {plural(threads, 'thread')}" if threads else ""


def _both(row: Row) -> str:
    return f"{row.label}: accuracy {amount(row.values['accuracy'])}, cost {amount(row.values['relative_cost'])}"


def _budget(record: Record) -> Sentence | None:
    """The most accurate within the smallest round budget that half of the configurations keep, yet not all."""
    rows = ordered(record.having("relative_cost", "accuracy"), "relative_cost")
    if len(rows) < 3:
        return None
    costs = {row.key: row.values["relative_cost"].value for row in rows}
    limits = [(2 * costs[rows[0].key], f"twice the cost of {rows[0].label}")]
    limits += [(times, f"{times} times the cost of {record.reference()}") for times in (1, 2, 3, 5, 10, 20)]
    choices = [(ordered([row for row in rows if costs[row.key] <= limit], "accuracy"), name) for limit, name in limits]
    within, name = next((choice for choice in choices if len(rows) <= 2 * len(choice[0]) < 2 * len(rows)), ([], ""))
    if not within:
        return None
    tied = leaders(within, ranks(within, "accuracy"))
    dearer = ordered([row for row in rows if row not in within], "accuracy")[0]
    if len(tied) > 1:
        names = joined((row.label for row in tied), most=4)
        claim = f"Within {name}, {names} are the most accurate; their intervals overlap."
    else:
        claim = f"Within {name}, {within[0].label} is the most accurate."
    shown = [*(tied[:4] or within[:1]), dearer]
    return Sentence(
        "On a budget", claim, "; ".join(map(_both, shown)) + f". {dearer.label} is the best beyond the budget."
    )


def _small(record: Record) -> Sentence | None:
    """The smallest net whose accuracy is close to the best."""
    rows = ordered(record.having("accuracy", "parameters"), "accuracy")
    if len(rows) < 2:
        return None
    top = rows[0]
    size = {row.key: row.values["parameters"].value for row in rows}
    near = [row for row in rows if top.values["accuracy"].value - row.values["accuracy"].value <= CLOSE]
    small = min(near, key=lambda row: (size[row.key], row.label))
    if size[small.key] <= 0 or size[small.key] >= size[top.key]:
        return None
    share = percent(size[small.key] / size[top.key])
    claim = f"{small.label} comes within half a point of {top.label} with {share} of its parameters."
    shown = [
        f"{row.label}: accuracy {amount(row.values['accuracy'])}, {size[row.key]:,.0f} parameters"
        for row in (small, top)
    ]
    return Sentence("Small and close", claim, "; ".join(shown) + ".")


def _surprise(record: Record) -> Sentence | None:
    """The pair in which the one with more arithmetic costs clearly less."""
    rows = [row for row in record.having("relative_cost", "flops") if row.values["flops"].value > 0]
    surprises: list[tuple[float, Row, Row]] = []
    for more, less in permutations(rows, 2):
        same = more.cell["batch_size"] == less.cell["batch_size"]  # FLOPs are those of a step, costs those of an image
        work = more.values["flops"].value / less.values["flops"].value
        cost = more.values["relative_cost"].value / less.values["relative_cost"].value
        if same and work > 1.2 and cost < 1 and not overlap(more.values["relative_cost"], less.values["relative_cost"]):
            surprises.append((work / cost, more, less))
    if not surprises:
        return None
    _, more, less = max(surprises, key=lambda surprise: surprise[0])
    claim = f"{more.label} does more arithmetic than {less.label}, yet costs less."
    shown = [
        f"{row.label}: {quantity('flops', '1', row.values['flops'].value)} a step, "
        f"cost {amount(row.values['relative_cost'])}"
        for row in (more, less)
    ]
    return Sentence("Surprise", claim, "; ".join(shown) + ".")


def _rates(record: Record) -> Sentence | None:
    """Which configuration minds its learning rate least and which most, where rates were looked for."""
    rates = rates_told(record)
    return Sentence("Learning rate", *rates) if rates else None


def _uncertain(record: Record) -> Sentence | None:
    target = record.facts.plan.get("precision")
    rows = record.having("relative_cost")
    short = [row for row in rows if isinstance(target, float) and missed(row, target)]
    if not short or not isinstance(target, float):
        return None
    claim = f"{len(short)} of {plural(len(rows), 'relative cost')} missed the precision target of ± {percent(target)}."
    return Sentence("Less certain", claim, joined((_certainty(row) for row in short), most=8) + ".")


def _certainty(row: Row) -> str:
    share = row.values["relative_cost"].relative_half
    return f"{row.label} (one process: no interval)" if share is None else f"{row.label} {either_way(share)}"


def _lost(record: Record) -> Sentence | None:
    """What gave no full result, with the reasons as recorded."""
    rows = [row for row in record.rows if row.status != "ok"]
    if not rows:
        return None
    claim = f"{len(rows)} of {plural(len(record.rows), 'configuration')} gave no full result, and so no rank."
    return Sentence("Missing", claim, joined(map(_reason, rows)) + ".")


def _reason(row: Row) -> str:
    reason = row.reason or "no reason recorded"
    cut = reason if len(reason) <= _MOST_REASON else reason[: _MOST_REASON - 1] + "…"
    return f"{row.label} ({state(row.status)}: {cut})"
