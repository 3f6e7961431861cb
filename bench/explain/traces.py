"""Traces: the mean step of a trace, or the difference of two, by phase, category, kernel, operator and module."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench.explain.explanation import sentence_of
from bench.stats.attribution import UNTOLD, Part, Share, Timed, kinds, shares
from bench.text import plural, quantity
from bench.trace.analysis import Analysis
from bench.trace.pieces import IDLE, Piece

FULL, KERNEL = "category and phase", "kernel"
DEEP = 2  # frames of the host that say what it did while the device waited


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceExplanation:
    """Where the time of a step goes, or what makes a second one longer or shorter than a first.

    Attributes:
        before: the first of two traces; None where there is one.
        after: the trace, or the second of two.
        sentence: the answer in one sentence; "" of one trace.
        levels: by title, what the step is made of. Each list adds up to it, and in each share is of the step, or of the
            difference of two (`slower` is of the second, `faster` of the first).
        notes: what to know before trusting it.

    """

    before: Analysis | None
    after: Analysis
    sentence: str
    levels: Mapping[str, Sequence[Share]]
    notes: Sequence[str]

    @property
    def difference(self) -> float:
        """Seconds by which the second step is longer; the whole step of one trace."""
        return self.after.seconds - (self.before.seconds if self.before else 0.0)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, times in seconds."""
        traces = [_plain(analysis) for analysis in (self.before, self.after) if analysis]
        parts = {title: [self._row(share) for share in rows] for title, rows in self.levels.items()}
        if self.before is None:
            return {**traces[0], "parts": parts, "notes": list(self.notes)}
        both = {"first": traces[0], "second": traces[1], "difference": self.difference}
        return {**both, "sentence": self.sentence, "parts": parts, "notes": list(self.notes)}

    def _row(self, share: Share) -> dict[str, Any]:
        times = {"first": share.faster, "second": share.slower, "difference": share.difference}
        return {"name": share.name, **(times if self.before else {"seconds": share.slower}), "share": share.share}


def explain_traces(after: Analysis, before: Analysis | None = None) -> TraceExplanation:
    """Where the time of the trace's step goes; with one before it, what the difference is made of."""
    parts = _parts(after.pieces, (before.pieces if before else ()))
    levels: dict[str, Sequence[Share]] = {}
    if any(part.phase for part in parts):
        levels["phase"] = shares([_phased(part) for part in parts], "phase")
    levels[FULL] = kinds(parts)
    if after.device or (before and before.device):
        kernels = _parts(_by_kernel(after.pieces), _by_kernel(before.pieces) if before else ())
        levels[KERNEL] = shares(kernels, "operator")
    levels["operator"] = shares(parts, "operator")
    if any(part.module for part in parts):
        levels["module"] = shares(parts, "module")
    sentence = _sentence(before, after, levels[FULL]) if before else ""
    return TraceExplanation(
        before=before, after=after, sentence=sentence, levels=levels, notes=list(_notes(before, after))
    )


def idle_causes(analysis: Analysis) -> list[tuple[str, str, float]]:
    """Why the device is idle: the cause, what the host did meanwhile ("" where that is not the cause), seconds."""
    sums: dict[tuple[str, str], float] = {}
    for piece in analysis.device:
        if piece.key.category.startswith(IDLE):
            cause, doing = piece.key.path[1], " > ".join(piece.key.path[2 : 2 + DEEP])
            sums[cause, doing] = sums.get((cause, doing), 0.0) + piece.seconds
    return sorted(((*names, seconds) for names, seconds in sums.items()), key=lambda row: (-row[2], row))


def shortened(rows: Sequence[Share], most: int) -> list[Share]:
    """The largest, the others in one row, and the sum of all."""
    shown, rest = list(rows[:most]), rows[most:]
    whole = sum(row.difference for row in rows)
    if rest:
        shown.append(_sum(f"({len(rest)} more)", rest, whole))
    return [*shown, _sum("(all)", rows, whole)]


def _sum(name: str, rows: Sequence[Share], whole: float) -> Share:
    slower, faster = sum(row.slower for row in rows), sum(row.faster for row in rows)
    return Share(name, slower, faster, (slower - faster) / whole if whole else None)


def _parts(after: Iterable[Piece], before: Iterable[Piece]) -> list[Part]:
    sums: dict[tuple[str, str, str, str], list[float]] = {}
    for side, pieces in enumerate((after, before)):
        for piece in pieces:
            sums.setdefault(piece.key[:4], [0.0, 0.0])[side] += piece.seconds
    return [Part(*key, *seconds) for key, seconds in sums.items()]


def _by_kernel(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with the kernel's name for the operator's; what is idle has none."""
    return [
        piece
        if piece.key.category.startswith(IDLE)
        else replace(piece, key=piece.key._replace(operator=piece.key.path[-1]))
        for piece in pieces
    ]


def _phased(part: Part) -> Part:
    """The part with a phase: what is idle is one of its own."""
    idle = part.category.startswith(IDLE)
    return replace(part, phase=part.phase or (part.category if idle else UNTOLD))


def _sentence(before: Analysis, after: Analysis, by_kind: Sequence[Share]) -> str:
    first, second = (Timed(analysis.name, analysis.seconds, {}) for analysis in (before, after))
    if before.name == after.name:
        first, second = replace(first, name="the first"), replace(second, name="the second")
    slower, faster = (second, first) if second.step >= first.step else (first, second)
    return sentence_of(slower, faster, by_kind, chance=False)


def _notes(before: Analysis | None, after: Analysis) -> Iterable[str]:
    if before is None:
        yield from after.notes
        return
    for which, analysis in (("first", before), ("second", after)):
        yield from (f"{which} trace: {note}" for note in analysis.notes)
    if before.side != after.side:
        yield f"one is of the {before.side}, the other of the {after.side}: their parts are of two kinds"
    ours, theirs = sorted(before.lengths), sorted(after.lengths)
    if len(ours) > 1 and len(theirs) > 1 and ours[0] <= theirs[-1] and theirs[0] <= ours[-1]:
        yield "the steps of the two overlap in length, so that the difference may be chance"
    yield "one trace a side tells nothing of chance: python -m bench ab measures a difference"


def _plain(analysis: Analysis) -> dict[str, Any]:
    lengths = analysis.lengths
    return {
        "trace": analysis.name,
        "side": analysis.side,
        "seconds": analysis.seconds,
        "steps": {"whole": len(lengths), "shortest": min(lengths), "longest": max(lengths)},
        "left_out": [{"step": step.name, "reason": step.lost} for step in analysis.steps if step.lost],
        "busy": analysis.busy if analysis.device else None,
        "idle": [
            {"cause": cause, "host": doing, "seconds": seconds} for cause, doing, seconds in idle_causes(analysis)
        ],
        "streams": dict(analysis.streams),
        "kernels": [asdict(kernel) for kernel in analysis.kernels],
    }


def steps_told(analysis: Analysis) -> str:
    """How long a step takes, and how many there are, in words."""
    lengths = analysis.lengths
    if len(lengths) == 1:
        return f"{quantity(lengths[0], 's')}, one step"
    span = f"{quantity(min(lengths), 's')} to {quantity(max(lengths), 's')}"
    return f"{quantity(analysis.seconds, 's')}, the mean of {plural(len(lengths), 'step')} of {span}"
