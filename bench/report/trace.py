"""Trace: the page of one trace of torch.profiler, or of the difference of two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bench.explain.traces import KERNEL, TraceExplanation, idle_causes, shortened, steps_told
from bench.report.flame import Flame, change, flame, seconds
from bench.report.page import asset, hash_of, style_sheet, template
from bench.report.units import percent, tied
from bench.stats.attribution import Share
from bench.text import number, tenths
from bench.trace.analysis import Analysis
from bench.trace.flame import changed, grown

MOST_LINES, MOST_CHANGED, MOST_KERNELS = 15, 25, 40
DEEP, LONGEST = 3, 120  # frames of a stack and letters of a name that a table shows; the rest comes on hovering
BELOW = " > "  # between a frame and one within it
SIDES = {"device": "The device", "host": "The host"}
CAPTIONS = {
    "device": "What the device did in a mean step. Each moment counts once: where streams overlap, it counts to what "
    "computes, and of that to what began first. Idle time stands beside it, by its cause and by what the host did.",
    "host": "What the host did in the same step: the thread that marks the steps, and others where that one is in no "
    "operator. A frame's own time is Python, or the cost of calling.",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its heading, its columns and its rows, the first column a name."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def shown(self, name: str) -> str:
        """A name as it is shown: the end of a stack, and not all of what a template has written out."""
        inner = name.split(BELOW)
        plain = f"… {BELOW.strip()} {BELOW.join(inner[-DEEP:])}" if len(inner) > DEEP else name
        return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def page_of_traces(explanation: TraceExplanation) -> str:
    """The page as one HTML document that needs nothing else; names from the traces are text in it, never markup."""
    names = [analysis.name for analysis in (explanation.before, explanation.after) if analysis]
    script = f'"use strict";\n(() => {{\n{asset("page/flame.js")}{asset("trace.js")}}})();\n'
    flames = list(_flames(explanation))
    return template("trace.html").render(
        title=" against ".join(names),
        both=explanation.before is not None,
        claims=list(_claims(explanation)),
        tables=list(_tables(explanation)),
        flames=flames,
        changed=_changed_frames(explanation),
        notes=explanation.notes,
        style=style_sheet() + Markup(asset("flame.css") + asset("trace.css")),  # noqa: S704 - our files
        script=Markup(script),  # noqa: S704 - our file
        script_hash=hash_of(script),
    )


def _claims(explanation: TraceExplanation) -> Iterable[tuple[str, str, str]]:
    """Topic, claim and evidence."""
    before, after = explanation.before, explanation.after
    if before:
        yield "Difference", explanation.sentence, f"second less first: {change(explanation.difference)} a step"
    for topic, analysis in (("First trace", before), ("Second trace" if before else "Step", after)):
        if analysis is None:
            continue
        yield topic, steps_told(analysis), analysis.name
        if analysis.device:
            share = percent(analysis.busy / analysis.seconds)
            streams = [f"{name}: {percent(busy / analysis.seconds)}" for name, busy in analysis.streams.items()]
            yield f"{topic}, device", f"busy for {share} of the step", "; ".join(streams[:6])
    if not before:
        largest = [f"{share.name} {percent(share.share or 0.0)}" for share in _largest(explanation)]
        yield "Largest parts", ", ".join(largest), "each moment counts once; all parts add up to the step"


def _largest(explanation: TraceExplanation) -> Sequence[Share]:
    return next(rows for title, rows in explanation.levels.items() if title != "phase")[:3]


def _flames(explanation: TraceExplanation) -> Iterable[Flame]:
    before, after = explanation.before, explanation.after
    for side in ("device", "host"):
        pieces, others = getattr(after, side), getattr(before, side) if before else ()
        if not pieces or (before and not others):
            continue
        title, caption = SIDES[side], CAPTIONS[side]
        if before:
            caption = (
                f"{caption} A frame is as wide as the longer of its two times; orange ones took longer in the second "
                "trace, blue ones shorter, and the changes of all own times add up to that of the step."
            )
        yield flame(f"flame-{side}", title, caption, grown(pieces, others), both=before is not None)


def _changed_frames(explanation: TraceExplanation) -> Table | None:
    """The frames whose own time differs, so that they add up to the difference of the steps."""
    before, after = explanation.before, explanation.after
    if before is None:
        return None
    frames = changed([grown(after.pieces, before.pieces)])
    rows = [
        (BELOW.join(path) or "step", frame.own_before, frame.own_after, frame.own_difference)
        for path, frame in frames[:MOST_CHANGED]
    ]
    rest = [frame for _, frame in frames[MOST_CHANGED:]]
    if rest:
        sums = [sum(getattr(frame, name) for frame in rest) for name in ("own_before", "own_after", "own_difference")]
        rows.append((f"({len(rest)} more frames)", *sums))
    rows.append(("(all)", before.seconds, after.seconds, explanation.difference))
    cells = [(name, seconds(first), seconds(second), change(grew)) for name, first, second, grew in rows]
    return Table("Frames that changed", ("Frame", "First", "Second", "Difference"), cells)


def _tables(explanation: TraceExplanation) -> Iterable[Table]:
    columns = ("First", "Second", "Difference", "Share") if explanation.before else ("Time", "Share")
    for title, rows in explanation.levels.items():
        if title != KERNEL or explanation.before:
            yield Table(title.capitalize(), (title.capitalize(), *columns), _rows(rows, explanation))
    if explanation.before is None and explanation.after.device:
        yield _kernels(explanation.after)
        yield _idle(explanation.after)


def _rows(rows: Sequence[Share], explanation: TraceExplanation) -> list[tuple[str, ...]]:
    shown = shortened(rows, MOST_LINES)
    if explanation.before is None:
        return [(share.name, seconds(share.slower), _tenths(share)) for share in shown]
    return [
        (share.name, seconds(share.faster), seconds(share.slower), change(share.difference), _tenths(share))
        for share in shown
    ]


def _kernels(analysis: Analysis) -> Table:
    total = sum(kernel.seconds for kernel in analysis.kernels) or 1.0
    rows = [
        (
            kernel.name,
            kernel.category,
            number(kernel.calls, exact=True),
            seconds(kernel.seconds),
            seconds(kernel.seconds / kernel.calls),
            tied(tenths(kernel.seconds / total)),
        )
        for kernel in analysis.kernels[:MOST_KERNELS]
    ]
    columns = ("Kernel or copy", "Category", "Calls a step", "Time a step", "Each", "Of all kernels")
    return Table("Kernels by total time", columns, rows)


def _idle(analysis: Analysis) -> Table:
    rows = [
        (f"{cause}{f': {doing}' if doing else ''}", seconds(time), tied(tenths(time / analysis.seconds)))
        for cause, doing, time in idle_causes(analysis)[:MOST_LINES]
    ]
    return Table("Why the device is idle", ("Cause, and what the host did", "Time", "Of the step"), rows)


def _tenths(share: Share) -> str:
    return tied(tenths(share.share))
