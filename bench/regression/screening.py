"""Screening: a run's readings against those of a baseline: the verdict of each cell and metric, and what is suspect.

A time is never failed from stored numbers: it is a suspect, which is measured again beside the anchor's revision.
What needs no second measurement is judged in `bench.regression.direct`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.regression.accuracy import Learnt, falls, judge_accuracies
from bench.regression.beside import beside
from bench.regression.cost import judge_cost
from bench.regression.direct import AGAIN, CONTENDED, judge_budgets, judge_counts, judge_memory
from bench.regression.reference import watched
from bench.regression.segment import latest_segment, memory_anchors, since_mark
from bench.regression.tolerances import Tolerances
from bench.store.fingerprint import redefined
from bench.store.summary import CellSummary
from bench.text import plural
from bench.verdict.verdict import Verdict
from bench.vocabulary import VerdictWord


@dataclass(frozen=True, slots=True)
class Terms:
    """What the readings are held to.

    Attributes:
        allowed: tolerances and budgets.
        shares: cell id to the share by which its cost may rise.
        absolute: cell id to metric to value of the run, for the budgets.

    """

    allowed: Tolerances
    shares: Mapping[str, float]
    absolute: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Screening:
    """What came of a comparison.

    Attributes:
        verdicts: of each cell, metric by metric.
        suspects: the cells whose time has to be measured again, by id, each with the anchor that it is measured beside.
        latest: of the same cells, the last accepted reading, for where the anchor's revision is gone.
        notes: what was not judged, and why.
        falls: the cells that have to be trained again.

    """

    verdicts: tuple[Verdict, ...]
    suspects: Mapping[str, CellSummary]
    latest: Mapping[str, CellSummary]
    notes: tuple[str, ...] = ()
    falls: tuple[Learnt, ...] = ()


def compare(new: Sequence[CellSummary], stored: Sequence[CellSummary], terms: Terms) -> Screening:
    """Judge every cell of the run and of the baseline.

    Args:
        new: the readings of the run.
        stored: those of the accepted runs, oldest first.
        terms: what they are held to.

    """
    by_id: dict[str, list[CellSummary]] = {}
    for summary in stored:
        by_id.setdefault(summary.id, []).append(summary)
    known = {summary.id: summary for summary in new}
    alike = {name: _alike(summary, by_id.get(name, [])) for name, summary in known.items()}
    learnt = [
        Learnt(summary, since_mark(_same_cell(summary, by_id.get(name, []))), terms.allowed.share(name, "accuracy"))
        for name, summary in known.items()
        if summary.status == "ok"
    ]
    accuracies = judge_accuracies(learnt)
    verdicts: list[Verdict] = []
    for summary in new:
        verdicts += _cell(summary, by_id.get(summary.id, []), terms)
        verdicts += [accuracies[summary.id]] if summary.id in accuracies else []
        verdicts += judge_budgets(summary, terms.allowed, terms.absolute.get(summary.id, {}))
    verdicts += [_missing(name, runs) for name, runs in by_id.items() if name not in known]
    verdicts, moved = watched(verdicts, known, alike)
    segments = {
        name: segment
        for name in dict.fromkeys(of.cell for of in verdicts if of.suspect and of.metric != "accuracy")
        if (segment := latest_segment(alike[name]))
    }
    anchors = {name: segment.anchor for name, segment in segments.items()}
    latest = {name: segment.latest for name, segment in segments.items()}
    notes = (*_unjudged(new, by_id), *moved)
    return Screening(tuple(verdicts), anchors, latest, notes, falls(learnt, accuracies))


def _unjudged(new: Sequence[CellSummary], by_id: Mapping[str, list[CellSummary]]) -> tuple[str, ...]:
    """A note for each reason why accuracies are not judged, with the cells it holds for."""
    cells: dict[str, list[str]] = {}
    for summary in new:
        cells.setdefault(_unlearnt(summary, by_id.get(summary.id, [])), []).append(summary.id)
    return tuple(f"accuracy is not judged, {why}: {', '.join(names)}" for why, names in cells.items() if why)


def _cell(new: CellSummary, stored: list[CellSummary], terms: Terms) -> Iterator[Verdict]:
    """The verdicts on one cell of the run."""
    alike = _alike(new, stored)
    if new.status != "ok" or not alike:
        yield _not_compared(new, stored)
        return
    if any(each.log_cost is not None for each in (new, *alike)):  # else nobody ever timed it, as with --blocks 0
        yield _doubted(new, judge_cost(new, latest_segment(alike), terms.shares[new.id]))
    yield from judge_counts(new, alike[-1], terms.allowed)
    yield from judge_memory(new, memory_anchors(alike), terms.allowed.share(new.id, "peak_memory"))


def _doubted(new: CellSummary, verdict: Verdict) -> Verdict:
    """A contended cost clears no cell; one that looks slower stays a suspect, which is measured again side by side."""
    if "relative_cost" not in new.contended or verdict.verdict not in ("unchanged", "improved"):
        return verdict
    return replace(verdict, verdict="inconclusive", reason=f"{verdict.reason}; but {CONTENDED}", remedy=AGAIN)


def _alike(new: CellSummary, stored: Iterable[CellSummary]) -> list[CellSummary]:
    """The stored readings that were measured under the same conditions."""
    return [summary for summary in stored if not _differs(summary, new)]


def _same_cell(new: CellSummary, stored: Iterable[CellSummary]) -> list[CellSummary]:
    """The stored readings of the very cell, on whatever machine: what a net learns is no machine's."""
    own = new.definition.partition(" ")[0]  # digest of the cell; the rest says how times are measured
    return [summary for summary in stored if summary.definition.partition(" ")[0] == own]


def _not_compared(new: CellSummary, stored: list[CellSummary]) -> Verdict:
    """A cell that the baseline does not have, that did not run, or whose conditions are others now."""
    verdict: VerdictWord
    remedy = ""
    if not stored:
        verdict = "new" if new.status == "ok" else "inconclusive"
        reason = "not in the baseline yet" if new.status == "ok" else f"not in the baseline, and {_why(new)}"
    elif new.status != "ok":
        verdict = "inconclusive" if new.status == "skipped" else "failed"
        reason = f"{_why(new)}; it ran in {_runs(stored)} of the baseline"
        remedy = f"see python -m bench report {new.run}"
    else:
        verdict = "not comparable"
        reason = f"measured under other conditions: {'; '.join(_differs(stored[-1], new))}"
        remedy = "compare on the machine of the baseline, save a baseline on this one, or compare revisions"
        remedy += beside(new, stored[-1])
    return Verdict(cell=new.id, metric="relative_cost", verdict=verdict, reason=reason, remedy=remedy)


def _missing(name: str, stored: list[CellSummary]) -> Verdict:
    """A cell of the baseline that the run does not have."""
    return Verdict(
        cell=name,
        metric="relative_cost",
        verdict="missing",
        reason=f"in {_runs(stored)} of the baseline and not in this run",
        remedy="run it too, or leave it out with --cells",
    )


def _differs(old: CellSummary, new: CellSummary) -> tuple[str, ...]:
    """The conditions that differ, each with both values.

    A reading without a relative cost has its cell's threads for those that a cost is compared with: no condition.
    """
    without = [] if old.log_cost is not None and new.log_cost is not None else ["threads"]
    return old.machine.differences(new.machine, without) + redefined(old.definition, new.definition)


def _unlearnt(new: CellSummary, stored: list[CellSummary]) -> str:
    """Why the accuracy of a cell is not judged although a side has one; "" where it is, or neither has."""
    lengths = {summary.epochs for summary in stored if summary.accuracy}
    if new.status != "ok" or new.epochs in lengths - {None}:
        return ""
    if not lengths:
        return "since the baseline has none" if new.accuracy and stored else ""
    if not new.accuracy:
        return "since this run did not train"
    if new.epochs is None or lengths == {None}:
        return "since a time limit cut training short (--train-limit 0)"
    known = ", ".join(str(length) for length in sorted(lengths - {None}, key=str))
    return f"after {new.epochs} epochs here and {known} in the baseline"


def _why(summary: CellSummary) -> str:
    return f"{summary.status}{': ' + summary.reason if summary.reason else ''}"


def _runs(stored: Iterable[CellSummary]) -> str:
    return plural(len({summary.run for summary in stored}), "run")
