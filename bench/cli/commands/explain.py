"""The command `explain`: why one cell, run or revision takes longer than another."""

import argparse
from collections.abc import Iterable, Sequence

from bench.cli.render.columns import Row, print_table
from bench.cli.render.document import print_document
from bench.cli.render.notice import notice
from bench.errors import BenchError
from bench.explain.explanation import Explanation, explain
from bench.explain.record import CellRecord
from bench.explain.resolve import pairs
from bench.stats.attribution import Share
from bench.text import count, quantity, tenths

MOST_ROWS, MOST_COUNTS = 8, 12  # the counts of one cell among several


def execute(args: argparse.Namespace) -> int:
    """Explain the difference of the two that were named: of two cells, or of each cell that two runs share."""
    unread: set[str] = set()

    def tell(error: BenchError) -> None:
        if str(error) not in unread:
            unread.add(str(error))
            notice(f"left out: {error}")

    chosen = pairs(args.first, args.second, args.run, args.cell, tell)
    explanations = [explain(*pair) for pair in _explainable(chosen)]
    if args.json:
        documents = [explanation.to_dict() for explanation in explanations]
        print_document(documents[0] if len(documents) == 1 else {"cells": documents})
        return 0
    for number, explanation in enumerate(explanations):
        print(f"\n{'-' * 40}\n{explanation.sentence}" if number else explanation.sentence)
        if len(explanations) == 1:
            _print_whole(explanation)
        else:
            _print_short(explanation)
    if len(explanations) > 1:
        print(f"\n{len(explanations)} cells; all parts of a single one: --cell GLOB")
    return 0


def _explainable(chosen: Sequence[tuple[CellRecord, CellRecord]]) -> list[tuple[CellRecord, CellRecord]]:
    """Of several pairs those that have step times; a single one must have them, or the error says why not."""
    timed = [pair for pair in chosen if all(cell.value("step") is not None for cell in pair)]
    return timed if len(chosen) > 1 and timed else list(chosen)


def _print_whole(explanation: Explanation) -> None:
    slow, fast = explanation.steps
    times = [quantity(seconds, "s") for seconds in (slow, fast, slow - fast)]
    print(f"step: {times[0]} against {times[1]}, {times[2]} more; the parts below add up to that\n")
    profiled = any(part.operator for part in explanation.parts)
    _print_shares("phase and category" if profiled else "phase", explanation.kinds, explanation)
    if profiled:
        for level in ("category", "operator", "module"):
            print()
            _print_shares(level, explanation.levels[level], explanation)
    _print_short(explanation, most=len(explanation.counts) + len(explanation.operators))


def _print_shares(title: str, rows: Sequence[Share], explanation: Explanation) -> None:
    """The largest shares, and the others in one line."""
    shown, rest = list(rows[:MOST_ROWS]), rows[MOST_ROWS:]
    if rest:
        share = sum(other.share or 0.0 for other in rest)
        sums = (sum(other.slower for other in rest), sum(other.faster for other in rest))
        shown.append(Share(f"({len(rest)} more)", *sums, share))
    print_table([_row(title, share, explanation) for share in shown])


def _row(title: str, share: Share, explanation: Explanation) -> Row:
    names = explanation.titles
    return {
        title: share.name,
        names[0]: quantity(share.slower, "s"),
        names[1]: quantity(share.faster, "s"),
        "difference": quantity(share.difference, "s"),
        "share": tenths(share.share),
    }


def _print_short(explanation: Explanation, most: int = MOST_COUNTS) -> None:
    """What differs in exact counts, and the notes."""
    counts: list[tuple[str, float | None, float | None]] = list(explanation.counts)
    counts += [(f"{phase}: {operator}", ours, theirs) for phase, operator, ours, theirs in explanation.operators]
    if counts:
        print(f"\ncounts that differ ({explanation.titles[0]} against {explanation.titles[1]}):")
        for line in _counted(counts, most):
            print(f"  {line}")
    elif all("No profile" not in note for note in explanation.notes):
        print("\ncounts: the same operators, FLOPs and parameters")
    for note in explanation.notes:
        print(f"note: {note}")


def _counted(counts: Sequence[tuple[str, float | None, float | None]], most: int) -> Iterable[str]:
    for name, ours, theirs in counts[:most]:
        yield f"{name}: {count(ours)} against {count(theirs)}"
    if len(counts) > most:
        yield f"and {len(counts) - most} more (--cell GLOB has all)"
