"""Notes: what a trace does not hold, or not in the usual form, in sentences."""

from collections.abc import Iterable, Sequence

from bench.text import joined, percent, plural
from bench.trace.events import Trace
from bench.trace.kernel import Kernel
from bench.trace.steps import ENOUGH, Step, launches_of
from bench.trace.tree import WHOLE_TRACE, Forest

LEAST = 0.0005  # of the device's time; less is not worth a sentence
MOST_NAMED = 6


def notes_of(trace: Trace, forest: Forest, kernels: Sequence[Kernel], steps: Sequence[Step]) -> list[str]:
    """The sentences, none for a trace that holds all of its steps."""
    lost = _of_launches(forest, kernels, steps)
    return [*_of_steps(steps), *lost, *_of_kernels(kernels), *_of_form(trace, forest)]


def _of_steps(steps: Sequence[Step]) -> Iterable[str]:
    lost = [f"{step.name} ({step.lost})" for step in steps if step.lost]
    if lost:
        verb = "is" if len(lost) == 1 else "are"
        yield f"{len(lost)} of {plural(len(steps), 'step')} {verb} left out: {joined(lost, MOST_NAMED)}"


def _of_launches(forest: Forest, kernels: Sequence[Kernel], steps: Sequence[Step]) -> Iterable[str]:
    """What every step has lost alike, so that none of them is left out for it."""
    counts = [count for count, step in zip(launches_of(forest, kernels), steps, strict=True) if not step.lost]
    called, kept = sum(called for called, _ in counts), sum(kept for _, kept in counts)
    if called and not kernels:
        yield f"{plural(called, 'call')} put work on a device, and none of it is in the trace: all times are the host's"
    elif 0 < kept < ENOUGH * called:  # where no number of a call stands with a kernel, the next note says so
        yield (
            f"only {percent(kept / called)} of the calls that put work on the device have it in the trace: the device "
            "did more than is told, unless the others were captured into a graph"
        )


def _of_kernels(kernels: Sequence[Kernel]) -> Iterable[str]:
    """How much of the device's time was placed without a launch, and how much is in no step."""
    devices = {kernel.stream.partition(",")[0] for kernel in kernels}
    if len(devices) > 1:
        yield f"{len(devices)} devices are in the trace: the device is idle where none of them does anything"
    total = sum(kernel.end - kernel.start for kernel in kernels)
    unlaunched = [kernel for kernel in kernels if kernel.launched is None]
    if not total:
        return
    if share := _share((kernel for kernel in unlaunched if kernel.step >= 0), total):
        yield (
            f"{share} of the device's time is of kernels whose launch is not in the trace: they are placed by their "
            "operators, the numbers of their calls, or time"
        )
    if share := _share((kernel for kernel in unlaunched if kernel.step < 0), total):
        yield f"{share} of the device's time was launched before the trace began, or after its steps: it counts in none"
    if share := _share((kernel for kernel in kernels if kernel.step < 0 and kernel.launched is not None), total):
        yield f"{share} of the device's time was launched outside the steps: it counts in none"


def _share(kernels: Iterable[Kernel], total: float) -> str:
    share = sum(kernel.end - kernel.start for kernel in kernels) / total
    return percent(share) if share > LEAST else ""


def _of_form(trace: Trace, forest: Forest) -> Iterable[str]:
    if forest.steps and forest.steps[0][2] == WHOLE_TRACE:
        yield "no step is marked (ProfilerStep#, from prof.step()): the whole trace counts as one"
    if trace.unsound:
        yield f"{plural(trace.unsound, 'event')} without a sound time or form passed over"
