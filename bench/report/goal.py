"""The goal in a sentence: who reaches the target accuracy first, as far as looks and seeds tell, and who does not."""

from bench.report.comparable import Group, groups
from bench.report.order import CONTENDED, Sentence, order
from bench.report.record import Record, Row, Value, images_of
from bench.report.table import amount, percent_of
from bench.report.units import quantity, tied
from bench.text import TIMES, plural, whole

_AFTERWARDS = "The target was chosen after the run, as the highest round accuracy that half of the trainings reached"


def goal(record: Record) -> list[Sentence]:
    """A sentence for each group of configurations whose times compare, or that nobody got there."""
    if not record.target:
        return []
    timed = record.having("time_to_accuracy", "training_step", "steps_to_accuracy")
    short = [row for row in record.rows if "reached" in row.values and row.values["reached"].value < 1]
    missing = [_fell_short(row) for row in short]
    topic = f"To {percent_of(record.target)}"
    if not timed:
        return [Sentence(topic, "No configuration reached it with every seed.", _evidence(missing))] if short else []
    drawn = []
    for group in groups(record, timed, "time_to_accuracy"):
        claim, shown = _claim(record, group)
        evidence = _evidence([*map(_factors, shown), *missing])
        drawn.append(Sentence(topic, group.says(claim), evidence if record.aimed else f"{evidence} {_AFTERWARDS}."))
    return drawn


def _evidence(parts: list[str]) -> str:
    return "; ".join(parts) + "."


def _claim(record: Record, group: Group) -> tuple[str, list[Row]]:
    """What can be said of a group, and the rows that it is said of."""
    target = f"{percent_of(record.target or 0)} {images_of(group.rows)} accuracy"
    first, seeds = group.rows[0], _seeds(group.rows[0])
    if len(group.rows) == 1:
        only = "is the only one that reached" if len(record.rows) > 1 and not group.name else "reached"
        return f"{first.label} {only} {target}{seeds}.", [first]
    placing = order(group.rows, "time_to_accuracy")
    first, seeds = placing.first, _seeds(placing.first)
    if placing.winner:
        return f"{first.label} reaches {target} in the least training time{seeds}.", placing.shown
    if first.values["time_to_accuracy"].reach is None:
        doubt = f", but {CONTENDED}" if first.values["time_to_accuracy"].contended else ""
        return f"{first.label} was seen at {target} first{seeds}{doubt}: no claim about the order.", placing.shown
    return f"{'in' if group.name else 'In'} time to {target}, {placing.claim}", placing.shown


def _seeds(row: Row) -> str:
    time = row.values["time_to_accuracy"]
    return ", by one seed, which has no interval" if time.n == 1 else f" with each of {plural(time.n, 'seed')}"


def _fell_short(row: Row) -> str:
    """How many of a row's seeds reached the target, and what became of those that ended before."""
    value = row.values["reached"]
    lost = f" ({value.lost})" if value.lost else ""
    count = f"{round(value.value * value.n)} of {plural(value.n, 'seed')}"
    return f"{row.label}: {count} reached it{lost}, so it has no time{_share(value)}"


def _share(value: Value | None) -> str:
    """The interval of the share of seeds that reach the target: five of five may be half of all."""
    if value is None or value.low is None or value.high is None:
        return ""
    return f" ({tied(whole(value.low))} to {tied(whole(value.high))} of all seeds reach it)"


def _factors(row: Row) -> str:
    """A row's time to the target, as the product that it is."""
    step, steps = row.values["training_step"], row.values["steps_to_accuracy"]
    product = f"{quantity('step', 's', step.value)} a step {TIMES} {steps.value:,.0f} steps"
    return f"{row.label} {amount(row.values['time_to_accuracy'])} = {product}{_share(row.values.get('reached'))}"
