"""Placement: the step of what ran on the device though the trace holds neither its launch nor its operator."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from bench.trace.kernel import Kernel
from bench.trace.tree import WHOLE_TRACE, Forest

IN_ORDER = 0.95  # of neighbouring calls have rising numbers; else the numbers do not tell the order of calls
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the kernels with a known launch tell of the others.

    Attributes:
        calls: number and step of each call to the device, by number; empty where the numbers tell no order.
        order: by stream, start and number of each kernel, in order.
        begins: when each step begins on the device, or else on the host.

    """

    calls: list[tuple[int, int]]
    order: dict[str, list[tuple[float, int]]]
    begins: list[float]


def placed(kernels: Sequence[Kernel], forest: Forest) -> list[Kernel]:
    """The kernels; those of an unknown origin have a step, if any, and the phase of the kernel before them in it.

    Drivers number their calls. So the number of a kernel tells between which calls of the trace its own was made, or
    that it was made before the trace began: then it belongs to no step. Without such numbers it goes by time.
    """
    if not forest.steps or all(kernel.is_tied for kernel in kernels):
        return list(kernels)
    known = _known(kernels, forest)
    phases = [""] * len(forest.steps)
    finished = []
    for kernel in kernels:
        if not kernel.is_tied:
            step = _step_of(kernel, forest, known)
            finished.append(replace(kernel, step=step, phase=phases[step] if step >= 0 else ""))
        else:
            finished.append(kernel)
            if kernel.step >= 0:
                phases[kernel.step] = kernel.phase
    return finished


def _known(kernels: Sequence[Kernel], forest: Forest) -> _Known:
    order: dict[str, list[tuple[float, int]]] = defaultdict(list)
    first = [_NEVER] * len(forest.steps)
    for kernel in kernels:
        if kernel.is_tied:
            order[kernel.stream].append((kernel.start, kernel.correlation))
        if kernel.step >= 0:
            first[kernel.step] = min(first[kernel.step], kernel.start)
    begins = [own if own < _NEVER else start for own, (start, _, _) in zip(first, forest.steps, strict=True)]
    return _Known(_calls(kernels, forest), order, list(accumulate(begins, max)))


def _calls(kernels: Sequence[Kernel], forest: Forest) -> list[tuple[int, int]]:
    calls = [(node.correlation, node.step) for node in forest.nodes if node.kind == "launch" and node.correlation > 0]
    calls = calls or [(kernel.correlation, kernel.step) for kernel in kernels if kernel.is_tied]
    rising = sum(ours[0] <= theirs[0] for ours, theirs in pairwise(calls))
    return sorted(calls) if rising >= IN_ORDER * (len(calls) - 1) else []


def _step_of(kernel: Kernel, forest: Forest, known: _Known) -> int:
    if forest.steps[0][2] == WHOLE_TRACE:
        return 0
    order = known.order[kernel.stream]
    if known.calls and kernel.correlation > 0 and _in_order(kernel, order):
        at = bisect_left(known.calls, (kernel.correlation, -1))
        if at == 0:
            return -1  # it was called for before the trace began
        before, after = known.calls[at - 1][1], known.calls[min(at, len(known.calls) - 1)][1]
        follows = before < 0 or (after > before and kernel.start >= forest.steps[after][0] and _nearer(kernel, order))
        step = after if follows else before
        if step >= 0 and kernel.start >= forest.steps[step][0]:
            return step
    return _by_time(kernel, forest, known.begins)


def _nearer(kernel: Kernel, order: list[tuple[float, int]]) -> bool:
    """Whether the kernel ran nearer to the next known one of its stream than to the one before it."""
    at = bisect_left(order, (kernel.start, -1))
    return at == 0 or (at < len(order) and order[at][0] - kernel.start < kernel.start - order[at - 1][0])


def _in_order(kernel: Kernel, order: list[tuple[float, int]]) -> bool:
    """Whether the kernel's number lies between those of its neighbours in the stream, which runs calls in order."""
    at = bisect_left(order, (kernel.start, -1))
    follows = at == 0 or order[at - 1][1] <= kernel.correlation
    return follows and (at == len(order) or kernel.correlation <= order[at][1])


def _by_time(kernel: Kernel, forest: Forest, begins: Sequence[float]) -> int:
    if len(begins) == 1:
        return 0
    at = bisect_right(begins, kernel.start) - 1
    if at < 0:
        return 0 if kernel.start >= forest.steps[0][0] else -1
    return at if at < len(begins) - 1 or kernel.start < forest.steps[-1][1] else -1
