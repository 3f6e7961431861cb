"""Movers as the page and other programs show them: sentences, rows, pictures, a sheet and plain data."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.metrics import METRICS
from bench.report.across import Machine
from bench.report.movers import IMPORTED, Against, Move, common, counted
from bench.report.movers_picture import amount, in_words, picture, title
from bench.report.plotting import Picture
from bench.report.sheet import Sheet
from bench.store.fingerprint import fingerprint
from bench.text import chance, joined, signed


def pictures(every: Sequence[Against]) -> list[list[Picture]]:
    """For each comparison the picture of the metric that decides, and of each other one in which something moved."""
    return [
        [
            picture(f"moved-{at}-{metric.replace('_', '-')}", against, metric)
            for number, (metric, moves) in enumerate(against.tables.items())
            if not number or any(move.word in ("loss", "gain") for move in moves)
        ]
        for at, against in enumerate(every)
    ]


def moved(every: Sequence[Against]) -> list[dict[str, Any]]:
    """What the section of movers says of each comparison."""
    return [
        {
            "title": title(against),
            "machines": joined(dict.fromkeys(map(where, (against.before, against.after)))),
            "sentences": [_sentence(metric, moves) for metric, moves in against.tables.items()],
            "notes": list(_notes(against)),
            "movers": [_row(move) for move in against.movers],
            "tables": [
                (METRICS[metric].heading, [_row(move) for move in moves]) for metric, moves in against.tables.items()
            ],
        }
        for against in every
    ]


def where(machine: Machine) -> str:
    """A column's machine in words, whatever its runs."""
    name = fingerprint(machine.system, None).name if machine.system else "an unknown machine"
    return ", ".join(filter(None, (name, machine.computing)))


def _sentence(metric: str, moves: Sequence[Move]) -> tuple[str, str]:
    """The metric, and how many of its numbers moved which way."""
    counts = counted(moves)
    words = f"{counts['loss']} worse, {counts['gain']} better, {counts['within noise']} within noise"
    words += f", {counts['not told']} not told" if counts["not told"] else ""
    mean = common(moves)
    words += f"; on average {signed(mean - 1)}" if mean is not None and len(moves) > 1 else ""
    farthest = [f"{move.net.label} {in_words(move)}" for move in moves if move.word in ("loss", "gain")][:1]
    return METRICS[metric].heading, "; ".join([words, *(f"the farthest {each}" for each in farthest)])


def _notes(against: Against) -> Iterator[str]:
    """What else to know of a comparison."""
    if against.reference is not None:
        yield (
            f"The reference, whose code is the same in both, moved by {signed(against.reference - 1)} on average: so "
            "much of a step's change is the hour's."
        )
    timed = [against.tables[name] for name in IMPORTED if name in against.tables]
    if against.redefined:
        yield f"Relative costs do not compare: {joined(against.redefined)}."
    if any(move.before.interval.n < 2 or move.after.interval.n < 2 for moves in timed for move in moves):
        yield "Nothing tells how far chance moves a benchmark that a file has once, so its ratio is no verdict."
    if not against.tables:
        yield "No configuration was measured in both."
    for nets, where in ((against.new, "after"), (against.gone, "before")):
        if nets:
            yield f"Measured {where} alone: {joined((net.label for net in nets), most=12)}."


def _row(move: Move) -> dict[str, str]:
    """A line of a table of movers."""
    return {
        "metric": METRICS[move.metric].heading,
        "net": move.net.label,
        "before": amount(move, after=False),
        "after": amount(move, after=True),
        "change": in_words(move),
        "p": "-" if move.p is None else chance(move.p),
        "word": move.word,
    }


def sheet(every: Sequence[Against]) -> Sheet:
    """All numbers of all comparisons, the movers of each table first."""
    moves = [(against, move) for against in every for moves in against.tables.values() for move in moves]
    texts = [{"comparison": title(against), **_row(move)} for against, move in moves]
    headings = {"net": "configuration", "word": "outcome"}
    values = [{"against": title(against), **plain(move)} for against, move in moves]
    return Sheet([{headings.get(name, name): text for name, text in row.items()} for row in texts], values)


def document(every: Sequence[Against]) -> list[dict[str, Any]]:
    """The same as plain data, a comparison each."""
    return [
        {
            "after": against.after.name,
            "before": against.before.name,
            "runs": {"after": list(against.after.runs), "before": list(against.before.runs)},
            "reference": against.reference,
            "redefined": list(against.redefined),
            "new": [net.name for net in against.new],
            "gone": [net.name for net in against.gone],
            "moves": [plain(move) for moves in against.tables.values() for move in moves],
        }
        for against in every
    ]


def plain(move: Move) -> dict[str, Any]:
    """A move as plain data: values in SI units without a prefix; `change` is a ratio, of shares a difference."""
    return {
        "net": move.net.name,
        "metric": move.metric,
        "unit": move.after.unit,
        "before": move.before.interval.value,
        "after": move.after.interval.value,
        "change": move.by.value,
        "low": move.by.low,
        "high": move.by.high,
        "n": move.by.n,
        "p": move.p,
        "outcome": move.word,
    }
