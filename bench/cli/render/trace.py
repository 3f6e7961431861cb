"""Trace: what a trace's step is made of, or the difference of two, as tables."""

from bench.cli.render.columns import Row, print_table
from bench.explain.traces import KERNEL, TraceExplanation, idle_causes, shortened, steps_told
from bench.stats.attribution import Share
from bench.text import number, percent, plural, quantity, tenths
from bench.trace.analysis import Analysis

MOST_ROWS, WIDEST = 10, 72


def print_traces(explanation: TraceExplanation) -> None:
    """Print a trace, or two; the rows of each table add up to the step, or to the difference."""
    before, after = explanation.before, explanation.after
    for analysis in (before, after):
        if analysis:
            print(f"{analysis.name}: {steps_told(analysis)}{_busy(analysis)}")
    if explanation.sentence:
        print(f"{explanation.sentence}\nthe second step is {_signed(explanation.difference)} of the first")
    for title, rows in explanation.levels.items():
        if title == KERNEL and before is None:
            continue  # the table of kernels below says more
        print()
        print_table([_row(title, share, explanation) for share in shortened(rows, MOST_ROWS)])
    if before is None:
        _print_kernels(after)
        _print_idle(after)
    if explanation.notes:
        print()
    for note in explanation.notes:
        print(f"note: {note}")


def _busy(analysis: Analysis) -> str:
    return f"; the device is busy for {percent(analysis.busy / analysis.seconds)} of it" if analysis.device else ""


def _signed(seconds: float) -> str:
    """A difference of times, in words."""
    return f"{quantity(abs(seconds), 's')} {'longer than that' if seconds >= 0 else 'shorter than that'}"


def _row(title: str, share: Share, explanation: TraceExplanation) -> Row:
    name = {title: _fitted(share.name)}
    if explanation.before is None:
        return {**name, "time": quantity(share.slower, "s"), "share": tenths(share.share)}
    return {
        **name,
        "first": quantity(share.faster, "s"),
        "second": quantity(share.slower, "s"),
        "difference": quantity(share.difference, "s"),
        "share": tenths(share.share),
    }


def _print_kernels(analysis: Analysis) -> None:
    """The kernels by their total time, whatever runs beside them."""
    total = sum(kernel.seconds for kernel in analysis.kernels)
    rows = [
        {
            "kernels by total time": _fitted(kernel.name),
            "category": kernel.category,
            "calls": number(kernel.calls, exact=True),
            "time": quantity(kernel.seconds, "s"),
            "each": quantity(kernel.seconds / kernel.calls, "s"),
            "of all": tenths(kernel.seconds / total),
        }
        for kernel in analysis.kernels[:MOST_ROWS]
        if total
    ]
    if rows:
        print()
        print_table(rows)
        print(f"{plural(len(analysis.kernels), 'name')}, {quantity(total, 's')} a step on all streams together")


def _print_idle(analysis: Analysis) -> None:
    causes = idle_causes(analysis)
    rows = [
        {
            "idle device": cause,
            "the host in": _fitted(doing) or "-",
            "time": quantity(seconds, "s"),
            "of the step": tenths(seconds / analysis.seconds),
        }
        for cause, doing, seconds in causes[:MOST_ROWS]
    ]
    if rows:
        print()
        print_table(rows)


def _fitted(name: str) -> str:
    """A name that fits into a table: kernels from templates have long ones."""
    plain = name.removeprefix("void ")
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"
