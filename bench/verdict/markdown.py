"""Markdown: a decision as the comment of a pull request: verdict, table, why, what to do."""

from collections.abc import Iterable, Mapping

from bench import text
from bench.metrics import symbol_of
from bench.verdict.verdict import Decision, Verdict
from bench.verdict.versions import version_lines
from bench.vocabulary import Overall, VerdictWord

HEADLINES: Mapping[Overall, str] = {
    "regression": "Regression",
    "not comparable": "Not comparable",
    "inconclusive": "Inconclusive",
    "pass": "No regression",  # unless something beside the time changed, or nothing was compared
}
_SPECIAL = str.maketrans({char: "\\" + char for char in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})
MOST_ROWS = 60  # a comment of GitHub holds 65,536 characters


def markdown(decision: Decision) -> str:
    """The comment; names and reasons are text, never markup."""
    rows = sorted(decision.verdicts, key=_gravity)
    shown = [verdict for verdict in rows if verdict.verdict != "unchanged"] or rows
    parts = [
        f"### {headline(decision)}: {escaped(decision.after)} against {escaped(decision.before)}",
        summary(decision),
        "\n".join(_table(shown[:MOST_ROWS])),
    ]
    if len(shown) > MOST_ROWS:
        parts.append(f"{text.plural(len(shown) - MOST_ROWS, 'more row')} left out.")
    parts += _whys(shown[:MOST_ROWS])
    parts.append(_versions(decision))
    parts += [f"- Note: {escaped(note)}" for note in decision.notes]
    parts.append(_anchors([verdict for verdict in rows if verdict not in shown]))
    rest = len(rows) - len(shown)
    parts.append("\n".join(_foot(decision, rest)))
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(decision: Decision) -> str:
    """The outcome in a word or two: a pass is called no more than it is."""
    words = {verdict.verdict for verdict in decision.verdicts}
    if decision.overall != "pass":
        return HEADLINES[decision.overall]
    if words == {"new"}:
        return "Nothing to compare"
    return "No slowdown" if words & BESIDE_THE_TIME else HEADLINES["pass"]


def summary(decision: Decision) -> str:
    """How many of each verdict, the gravest first: "3 new, nothing to compare"."""
    counts: dict[str, int] = {}
    for verdict in sorted(decision.verdicts, key=_gravity):
        counts[verdict.verdict] = counts.get(verdict.verdict, 0) + 1
    words = [f"**{count} {word}**" if word in BAD else f"{count} {word}" for word, count in counts.items()]
    return ", ".join([*words, *(["nothing to compare"] if counts.keys() == {"new"} else [])])


BESIDE_THE_TIME: frozenset[VerdictWord] = frozenset({"changed", "not known"})
BAD: tuple[VerdictWord, ...] = ("regressed", "failed", "not comparable", "missing", "inconclusive")


def _gravity(verdict: Verdict) -> tuple[int, str, str]:
    order = (*BAD, "accepted", "changed", "not known", "new", "improved", "unchanged")
    return order.index(verdict.verdict), verdict.cell, verdict.label


def _table(rows: Iterable[Verdict]) -> Iterable[str]:
    verdicts = list(rows)
    anchored = any(verdict.anchor for verdict in verdicts)  # no comparison of two sides has any
    yield f"| cell | metric | before | after | change |{' since anchor |' * anchored} smallest visible | verdict |"
    yield f"|---|---|---:|---:|---:|{'---:|' * anchored}---:|---|"
    for verdict in verdicts:
        cells = (
            escaped(verdict.cell),
            escaped(verdict.label),
            quantity(verdict, verdict.before),
            quantity(verdict, verdict.after),
            change(verdict),
            *([escaped(since_anchor(verdict))] if anchored else []),
            visible(verdict),
            f"**{verdict.verdict}**" if verdict.verdict in BAD else verdict.verdict,
        )
        yield f"| {' | '.join(cells)} |"


def _whys(rows: Iterable[Verdict]) -> list[str]:
    """Why, and what to do, of each row that is no plain pass."""
    lines = []
    for verdict in rows:
        if verdict.verdict == "unchanged" or not (verdict.reason or verdict.evidence):
            continue
        remedy = f" What to do: {escaped(verdict.remedy)}." if verdict.remedy else ""
        lines.append(f"- {escaped(verdict.cell)}, {escaped(verdict.label)}: {escaped(verdict.reason)}.{remedy}")
        lines += [f"  - {escaped(line)}" for line in verdict.evidence]
    return ["\n".join(lines)] if lines else []


def _versions(decision: Decision) -> str:
    """What differs between the interpreters."""
    lines = [f"- {escaped(line)}" for line in version_lines(decision.versions)]
    more = [f"- {text.plural(len(lines) - MOST_ROWS, 'more package')}"] if len(lines) > MOST_ROWS else []
    return "\n".join(["Versions that differ:", "", *lines[:MOST_ROWS], *more]) if lines else ""


def _anchors(rows: Iterable[Verdict]) -> str:
    """The change since the anchor of the cells that the table leaves out."""
    moves = [f"{escaped(verdict.cell)} {escaped(since_anchor(verdict))}" for verdict in rows if verdict.anchor]
    more = [f"{text.plural(len(moves) - MOST_ROWS, 'more cell')}"] if len(moves) > MOST_ROWS else []
    return f"Since the anchor, unchanged: {'; '.join([*moves[:MOST_ROWS], *more])}." if moves else ""


def _foot(decision: Decision, rest: int) -> Iterable[str]:
    if rest:
        yield f"{text.plural(rest, 'more verdict')} {'is' if rest == 1 else 'are'} unchanged.\n"
    threads = decision.machine.get("threads")
    machine = [str(decision.machine[key]) for key in ("cpu", "gpu") if decision.machine.get(key)]
    machine += [f"torch {versions}"] if (versions := _torch(decision)) else []
    machine += [text.plural(threads, "thread")] if threads else []
    if sure := confidences(decision.verdicts):
        yield f"Changes are with {escaped(sure)}."
    if machine:
        yield f"Measured on {escaped(', '.join(machine))}."
    if decision.command:
        yield f"Repeat it: `{decision.command.replace('`', '')}`"


def _torch(decision: Decision) -> str:
    """The version of torch; of two, those of both sides."""
    both = decision.versions.get("torch")
    return f"{both[0]} and {both[1]}" if both else str(decision.machine.get("torch") or "")


def quantity(verdict: Verdict, value: float | None) -> str:
    """A value with its unit, as a person reads it."""
    return "-" if value is None else text.quantity(value, symbol_of(verdict.metric, verdict.unit))


def change(verdict: Verdict) -> str:
    """The change with its interval: "+4.2 % (+1.0 to +7.5)"."""
    ratio = verdict.ratio
    if ratio is None:
        return "-"
    return text.change(ratio.value, ratio.low, ratio.high)


def since_anchor(verdict: Verdict) -> str:
    """The change since the first of the accepted runs, with its interval and that run: "+4.2 % (+1.0 to +7.5), r1"."""
    anchor = verdict.anchor
    if anchor is None:
        return "-"
    return f"{text.change(anchor.ratio.value, anchor.ratio.low, anchor.ratio.high)}, {anchor.run}"


def confidences(verdicts: Iterable[Verdict]) -> str:
    """How sure the intervals of changes are: "intervals of 99 % (step), 99.6 % (geometric mean)"; "" of none.

    A level is named by its metrics, or by its cell where that is the only one. Those since an anchor come last.
    """
    levels: dict[float, list[Verdict]] = {}
    anchored: set[float] = set()
    for verdict in verdicts:
        if verdict.ratio is not None and verdict.ratio.low is not None and verdict.confidence is not None:
            levels.setdefault(round(verdict.confidence, 6), []).append(verdict)
        if verdict.anchor and verdict.anchor.confidence:
            anchored.add(verdict.anchor.confidence)
    words = [_level(*level, alone=len(levels) == 1) for level in levels.items()]
    words += [f"{_whole(confidence)} since the anchor" for confidence in sorted(anchored)]
    return f"intervals of {', '.join(words)}" if words else ""


def _level(confidence: float, verdicts: list[Verdict], *, alone: bool) -> str:
    """A level of confidence and, where there are others, what it is of."""
    names = dict.fromkeys(verdict.label for verdict in verdicts) if len(verdicts) > 1 else [verdicts[0].cell]
    return _whole(confidence) + f" ({text.joined(list(names))})" * (not alone)


def _whole(confidence: float) -> str:
    """A level without a decimal that says nothing: "99 %", "99.6 %"."""
    return text.tenths(confidence).replace(".0 ", " ")


def visible(verdict: Verdict) -> str:
    """The smallest change that could have been seen."""
    return text.tenths(verdict.visible)


def escaped(words: str) -> str:
    """Text that no reader of Markdown takes for markup; @ and # would call people and issues."""
    return words.translate(_SPECIAL).replace("@", "@\u200b")
