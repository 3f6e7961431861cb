"""Conclusions in sentences: each follows from numbers of the run, and carries them."""

from collections import Counter
from dataclasses import replace

from bench.metrics import METRICS, ROBUST_OF, WORDED_ROBUST
from bench.report.bargains import bargains
from bench.report.comparable import Group, groups
from bench.report.compiling import compiling
from bench.report.goal import goal
from bench.report.goal_tests import goal_sentences
from bench.report.loading import loading
from bench.report.order import Sentence, brief, lead, order, threads_of
from bench.report.race import race_sentence
from bench.report.recipes import recipe_sentence
from bench.report.record import Record, Row, images_of
from bench.report.robustness import at_chance
from bench.report.table import missed, percent_of
from bench.report.tuning_sentence import edge_told, rates_told
from bench.report.units import beyond, percent, quantity, state
from bench.report.vanishing import vanishing_sentence
from bench.text import NO_INTERVAL, joined, plural
from bench.vocabulary import STATUSES

_MOST_REASON = 160  # letters of a reason in a sentence; the trust section has all of it


def conclusions(record: Record) -> list[Sentence]:
    """All that follows from the run, the most useful first."""
    cost = f"Seconds an image of a training step without its fetch, relative to {record.reference()}"
    rate = "Images a second of a training step without its fetch (training gives fewer)"
    sentences = [
        _nothing(record),
        *goal_sentences(record),
        *_leading(record, record.having("relative_cost"), "relative_cost", "Cheapest step", cost),
        *_leading(record, record.having("throughput"), "throughput", "Highest throughput of a step", rate),
        *_accurate(record),
        _stopped(record),
        *_robust(record),
        *_frugal(record),
        recipe_sentence(record),
        race_sentence(record),
        *goal(record),
        *bargains(record),
        compiling(record),
        vanishing_sentence(record),
        loading(record),
        _rates(record),
        _uncertain(record),
        _lost(record),
        _imported(record),
    ]
    return [sentence for sentence in sentences if sentence]


def counts(record: Record) -> str:
    """How many configurations ended how: 5 ok, 1 timed out, 2 unfinished."""
    tally = Counter(row.standing for row in record.rows)
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


def _imported(record: Record) -> Sentence | None:
    """That nothing is ranked of what another tool timed."""
    timed = sum("spread" in reading for result in record.results for reading in result["measurements"])
    if not record.facts.imported or not timed:
        return None
    tool, version = next(iter(record.facts.versions.items()), ("another tool", ""))
    claim = f"{plural(timed, 'benchmark')} of {tool} {version}, as {record.facts.imported} has them; none is ranked."
    return Sentence("Imported", claim, "A time is the median of its rounds; rounds of one process give no interval.")


def _leading(record: Record, rows: list[Row], metric: str, topic: str, what: str) -> list[Sentence]:
    """Who leads in one metric, whether that is certain, and by how much: once for each group of rows that compare."""
    alike = groups(record, rows, metric)
    ranked = [group for group in alike if len(group.rows) > 1]
    if len(rows) == 1:
        claim = f"{rows[0].label} is the only configuration with this number, so there is nothing to rank."
        evidence = f"{brief(rows[0], metric)}. {what}{threads_of(rows[0], metric)}."
        return [Sentence(METRICS[metric].heading, claim, evidence)]
    if rows and not ranked:
        names = joined((row.label for row in rows), most=4)
        claim = f"{names} were measured under different conditions, so they do not compare."
        shown = "; ".join(brief(row, metric) for row in rows[:4])
        return [Sentence(METRICS[metric].heading, claim, f"{shown}. {what}.")]
    return [_first(group, metric, topic, what) for group in ranked]


def _first(group: Group, metric: str, topic: str, what: str) -> Sentence:
    placing = order(group.rows, metric)
    if placing.winner:
        second = placing.shown[1]
        claim = f"{placing.winner.label}, {lead(placing.winner, second, metric)} {second.label}."
    else:
        claim = placing.claim
    shown = "; ".join(brief(row, metric) for row in placing.shown)
    return Sentence(topic, group.says(claim), f"{shown}. {what}{threads_of(placing.first, metric)}.")


def _accurate(record: Record) -> list[Sentence]:
    """Who is the most accurate, and whether a better learning rate may lie beyond those that were tried."""
    sentences = _leading(record, record.judged(), "accuracy", "Most accurate", _trained(record))
    return [replace(each, evidence=each.evidence + edge_told(record, each.claim)) for each in sentences]


def _trained(record: Record) -> str:
    """What an accuracy is, and whether time ended some trainings before their epochs did."""
    limits = [limit for row in record.judged() for training in row.training if (limit := training.get("limit"))]
    cut = f", at the latest after {quantity('step', 's', max(limits))} of it" if limits else ""
    return f"Share of the {images_of(record.judged())} images that are right when training ended{cut}"


def _robust(record: Record) -> list[Sentence]:
    """Who is right most often under attack, of those that are without one, at the strength that sentences are of."""
    metric = ROBUST_OF[WORDED_ROBUST]
    what = f"Share of the attacked test images that are right whatever PGD does to them within eps {WORDED_ROBUST:g}"
    every = record.judged(metric)
    rows = [row for row in every if not at_chance(row)]
    guessing = joined((row.label for row in every if row not in rows), most=4)
    what += f"; {guessing} left out, right hardly more often than a guess without any attack" if guessing else ""
    return _leading(record, rows, metric, "Most robust", what) if len(rows) > 1 else []


def _frugal(record: Record) -> list[Sentence]:
    """Who needs the least memory, of those whose peak several processes or an allocator's counts tell."""
    metric = "peak_memory"
    what = "What training steps had in use at their peak beyond what was there before"
    rows = [row for row in record.having(metric) if row.values[metric].reach is not None]
    return _leading(record, rows, metric, "Least memory", what) if len(rows) > 1 else []


def _stopped(record: Record) -> Sentence | None:
    """That accuracies at which training stopped have no order."""
    rows = [row for row in record.having("accuracy") if row.stopped]
    if not rows:
        return None
    target = f" of {percent_of(record.target)}" if record.target else ""
    claim = f"Training stopped at the target{target}, so accuracies are high by selection and have no order."
    return Sentence(
        f"{images_of(rows).capitalize()} accuracy",
        claim,
        f"At the stop: {'; '.join(brief(row, 'accuracy') for row in rows[:4])}.",
    )


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
    return Sentence("Less certain", claim, joined((_certainty(row, target) for row in short), most=8) + ".")


def _certainty(row: Row, target: float) -> str:
    cost = row.values["relative_cost"]
    if cost.relative_half is not None:
        return f"{row.label} {beyond(cost.relative_half, target)}"
    return f"{row.label} ({'one process: no interval' if cost.n < 2 else NO_INTERVAL})"


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
