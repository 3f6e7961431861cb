"""Explanation: why one cell's step takes longer than another's, from the records of both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench.errors import BenchError
from bench.explain.doubt import between_runs, doubt_of, pace_of
from bench.explain.record import CellRecord
from bench.metrics import row_of
from bench.plan.grid import AXES
from bench.stats.attribution import LEVELS, UNTOLD, Part, Share, Timed, kinds, parts_of, shares
from bench.text import percent
from bench.vocabulary import STEP_PHASES

CLOSE = 0.01  # two steps this near are called equally fast
LEAST_SHARE, MOST_NAMED = 0.1, 3  # what the sentence names
STRETCH = 0.1  # beyond which the phases do not account for the step


@dataclass(frozen=True, slots=True)
class Explanation:
    """The difference of two step times, and its parts.

    Attributes:
        slower: what the slower one is called.
        faster: likewise.
        titles: shorter names for both, fit for the head of a table.
        steps: seconds of both steps, the slower first; of two runs at the pace of the first.
        sentence: the answer in one sentence.
        parts: the finest parts; their differences add up to that of the steps.
        kinds: the parts by category and phase.
        levels: the parts by phase, category, operator and module; each list adds up to the whole.
        counts: exact metrics that differ, with both values.
        operators: phase, aten operator, and both counts, where they differ.
        notes: what to know before trusting it.

    """

    slower: str
    faster: str
    titles: tuple[str, str]
    steps: tuple[float, float]
    sentence: str
    parts: tuple[Part, ...]
    kinds: tuple[Share, ...]
    levels: Mapping[str, tuple[Share, ...]]
    counts: tuple[tuple[str, float | None, float | None], ...]
    operators: tuple[tuple[str, str, int, int], ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        slow, fast = self.steps
        names = {"counts": ("metric", "slower", "faster"), "operators": ("phase", "operator", "slower", "faster")}
        return {
            "slower": self.slower,
            "faster": self.faster,
            "step_seconds": {"slower": slow, "faster": fast, "difference": slow - fast, "ratio": slow / fast},
            "sentence": self.sentence,
            "kinds": [_plain(share) for share in self.kinds],
            **{level: [_plain(share) for share in level_shares] for level, level_shares in self.levels.items()},
            "parts": [{**asdict(part), "difference": part.difference} for part in self.parts],
            **{key: [dict(zip(words, row, strict=True)) for row in getattr(self, key)] for key, words in names.items()},
            "notes": list(self.notes),
        }


def _plain(share: Share) -> dict[str, Any]:
    return {**asdict(share), "difference": share.difference}


def explain(record: CellRecord, other: CellRecord) -> Explanation:
    """Why the slower of the two takes longer.

    Raises:
        BenchError: the step of one was not measured, or took no time.

    """
    for timeless in (side for side in (record, other) if not side.value("step")):
        raise BenchError(_timeless(timeless))
    pace = pace_of(record, other)
    steps = {id(side): (side.value("step") or 0.0) * (pace if side is other else 1.0) for side in (record, other)}
    slower, faster = sorted((record, other), key=lambda side: -steps[id(side)])
    names = _names(slower, faster)
    alike = slower.cell.architecture == faster.cell.architecture
    slow, fast = (
        timed(side, name, "" if alike else f"{side.cell.architecture}: ", pace if side is other else 1.0)
        for side, name in zip((slower, faster), names, strict=True)
    )
    parts = parts_of(slow, fast)
    doubt = doubt_of(slow.step / fast.step, record, other)
    by_kind = known(kinds(parts), chance=doubt.chance)
    return Explanation(
        slower=names[0],
        faster=names[1],
        titles=names if slower.run == faster.run else (slower.run, faster.run),
        steps=(slow.step, fast.step),
        sentence=sentence_of(slow, fast, by_kind, chance=doubt.chance),
        parts=tuple(parts),
        kinds=tuple(by_kind),
        levels={level: tuple(known(shares(parts, level), chance=doubt.chance)) for level in LEVELS},
        counts=tuple(changed_counts(slower, faster)),
        operators=tuple(changed_operators(slower, faster)),
        notes=(*doubt.notes, *_notes(slower, faster), *between_runs(record, other, pace)),
    )


def _timeless(record: CellRecord) -> str:
    """Why nothing can be explained of a cell without the time of a step, and what to do."""
    name = f"{record.cell.id} of run {record.run}"
    if any(row_of(metric).is_wall for metric in record.rows):
        return (
            f"{name} was imported: it has one time and no parts that could explain it; see python -m bench history for "
            "its course, or measure a cell of ours (python -m bench run)"
        )
    return f"{name} has no step time ({record.status}): choose another cell, or run it again"


def known(rows: Sequence[Share], *, chance: bool) -> list[Share]:
    """The rows, without their shares where the whole difference may be chance."""
    return [replace(row, share=None) for row in rows] if chance else list(rows)


def timed(record: CellRecord, name: str = "", prefix: str = "", pace: float = 1.0) -> Timed:
    """The record as the attribution takes it.

    Args:
        record: of the cell.
        name: what to call it.
        prefix: goes before the names of its modules.
        pace: its times are multiplied by this.

    """
    step = (record.value("step") or 0.0) * pace
    own: dict[str, float] = {phase: value for phase in STEP_PHASES if (value := record.value(phase)) is not None}
    phases = scaled(own, step) if own else {"step": step}
    return Timed(name, step, phases, record.profile, prefix)


def breakdown(record: CellRecord) -> list[Part]:
    """The parts of one cell's step: timed seconds, spread as its profile says."""
    return parts_of(timed(record), Timed("nothing", 0.0, {}, {}))


def scaled(phases: Mapping[str, float], step: float) -> dict[str, float]:
    """The phases stretched so that they add up to the step.

    Each is the low quantile of its own times, and a sum of quantiles is not the quantile of the sum: what contention
    adds falls into a phase here and another there, and is shared out among all.
    """
    total = sum(phases.values())
    return {phase: seconds * step / total for phase, seconds in phases.items()}


def _names(slower: CellRecord, faster: CellRecord) -> tuple[str, str]:
    """The shortest names that tell the two apart: the architectures, the fields that differ, or the runs."""
    ours, theirs = slower.cell.to_dict(), faster.cell.to_dict()
    differ = [field for field in ours if ours[field] != theirs[field] and field != "origins"]
    if not differ and ours["origins"] != theirs["origins"]:  # two files of one label
        ours, theirs = ({field: side.cell.as_named(field) for field in AXES} for side in (slower, faster))
        differ = [field for field in ours if ours[field] != theirs[field]]
    runs = (f" in run {slower.run}", f" in run {faster.run}") if slower.run != faster.run else ("", "")
    if not differ and runs[0]:
        return slower.cell.id + runs[0], faster.cell.id + runs[1]
    names = [
        " ".join([fields["architecture"], *(_field(name, fields[name]) for name in differ if name != "architecture")])
        for fields in (ours, theirs)
    ]
    return names[0] + runs[0], names[1] + runs[1]


def _field(name: str, value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{name.replace('_', ' ')} {value}"


def sentence_of(slower: Timed, faster: Timed, by_kind: Sequence[Share], *, chance: bool) -> str:
    """How much slower, and what the largest kinds of parts make of that."""
    ratio = slower.step / faster.step
    if ratio < 1 + CLOSE:
        return f"{slower.name} and {faster.name} take the same time, within {percent(CLOSE)}."
    times = f"{float(f'{ratio:.2g}'):g}x" if ratio >= 1.995 else percent(ratio - 1)
    slower_than = f"{slower.name} is {times} slower than {faster.name}"
    if chance:
        return f"{slower_than}, which may be chance."
    named = [(part.share or 0.0, part.name) for part in by_kind if part.name != UNTOLD]
    more = [pair for pair in named if pair[0] >= LEAST_SHARE][:MOST_NAMED]
    less = [pair for pair in named if pair[0] <= -LEAST_SHARE][:MOST_NAMED]
    shown = [f"{percent(share)}{' of it' if at == 0 else ''} {name}" for at, (share, name) in enumerate(more)]
    shown += [f"less {percent(-share)} by which {name} is faster" for share, name in less]
    return slower_than + (f": {', '.join(shown)}." if shown else ".")


def changed_counts(record: CellRecord, other: CellRecord) -> list[tuple[str, float | None, float | None]]:
    """The exact metrics in which the two differ, however little; None where one has none."""
    ours, theirs = record.exact(), other.exact()
    names = dict.fromkeys((*ours, *theirs))
    return [(name, ours.get(name), theirs.get(name)) for name in names if ours.get(name) != theirs.get(name)]


def changed_operators(record: CellRecord, other: CellRecord) -> list[tuple[str, str, int, int]]:
    """Phase, aten operator and both counts, wherever a step dispatches it a different number of times."""
    if record.operators is None or other.operators is None:
        return []
    changed = []
    for phase in dict.fromkeys((*record.operators, *other.operators)):
        ours, theirs = record.operators.get(phase, {}), other.operators.get(phase, {})
        for name in sorted({*ours, *theirs}):
            pair = ours.get(name, 0), theirs.get(name, 0)
            changed += [(phase, name, *pair)] if pair[0] != pair[1] else []
    return changed


def _notes(slower: CellRecord, faster: CellRecord) -> list[str]:
    notes = []
    bare = list(dict.fromkeys(record.run for record in (slower, faster) if record.profile is None))
    if bare:
        notes.append(
            f"No profile in run {' and '.join(bare)}, so only phases are told apart: measure with run --profile."
        )
    for metric, name in (("batch_size", "batch"), ("threads", "threads")):
        ours, theirs = getattr(slower.cell, metric), getattr(faster.cell, metric)
        if ours != theirs:
            notes.append(f"The steps are not of the same kind: {name} {ours} against {theirs}.")
    notes += dict.fromkeys(f"In run {record.run} {code}." for record in (slower, faster) for code in record.code)
    for record in (slower, faster):
        doubts = sorted({warning.kind for warning in record.warnings if warning.part == "phases"})
        if doubts:
            notes.append(
                f"The times of {record.cell.architecture} in run {record.run} are doubtful: {', '.join(doubts)}."
            )
        step = record.value("step") or 0.0
        stretch = 1 - sum(record.value(phase) or 0.0 for phase in STEP_PHASES) / step
        if stretch > STRETCH and record.value("forward") is not None:
            notes.append(
                f"The phases of {record.cell.architecture} in run {record.run} add up to {percent(1 - stretch)} of its "
                "step, which was contended, and are stretched to all of it."
            )
    return notes
