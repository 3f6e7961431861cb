"""Device: kernels and copies of a GPU, each with the call that launched it, and why the device stood idle."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bench.trace.categories import category_of
from bench.trace.events import Trace
from bench.trace.tree import Forest, Node, Window

KERNELS = {"kernel", "memcpy", "memset", "gpu_memcpy", "gpu_memset"}
CAUSES = ("host wait", "kernel wait", "other wait")


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel, copy or memset on the device; times in microseconds.

    Attributes:
        launched: when the host's call for it returned, or its start if that came first; None where it is not known.
        operator: the operator that launched it, "" where none is known.

    """

    name: str
    is_kernel: bool
    start: float
    end: float
    launched: float | None
    step: int
    phase: str
    module: str
    operator: str
    category: str


def kernels_of(trace: Trace, forest: Forest) -> list[Kernel]:
    """Everything that ran on the device, in the order of its start."""
    launches = {node.correlation: node for node in forest.nodes if node.kind == "launch" and node.correlation >= 0}
    kernels = []
    for event in trace.events:
        if event["ph"] == "X" and str(event.get("cat", "")).lower() in KERNELS:
            correlation = event.get("args", {}).get("correlation", -1)
            launch = launches.get(correlation) if isinstance(correlation, int) else None
            kernels.append(
                _kernel(event["name"], str(event["cat"]).lower() == "kernel", event["ts"], event["dur"], launch)
            )
    return _placed(sorted(kernels, key=lambda kernel: kernel.start), forest)


def _kernel(name: str, is_kernel: bool, start: float, length: float, launch: Node | None) -> Kernel:
    chain = [name for name in launch.lineage()[1:] if not _is_mark(name)] if launch else []
    phase = launch.phase if launch else ""
    return Kernel(
        name,
        is_kernel,
        start,
        start + length,
        launched=min(launch.end, start) if launch else None,
        step=launch.step if launch else -1,
        phase=phase,
        module=launch.module if launch else "",
        operator=chain[0] if chain else "",
        category=category_of(chain, phase, name),
    )


def _is_mark(name: str) -> bool:
    return name.startswith(("ProfilerStep#", "nn.Module: "))


def _placed(kernels: list[Kernel], forest: Forest) -> list[Kernel]:
    """Kernels whose launch is not known belong to the step, where the trace is of one."""
    if len(forest.steps) != 1:
        return kernels
    return [kernel if kernel.step >= 0 else replace(kernel, step=0) for kernel in kernels]


def busy(kernels: Sequence[Kernel]) -> list[tuple[float, float]]:
    """The spans in which at least one of them ran, in order and apart from each other; `kernels` are in order."""
    spans: list[tuple[float, float]] = []
    for kernel in kernels:
        if spans and kernel.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], kernel.end))
        else:
            spans.append((kernel.start, kernel.end))
    return spans


def idle(kernels: Sequence[Kernel]) -> dict[str, float]:
    """Microseconds between the first and the last kernel in which none ran, by cause.

    "host wait": the host had not yet called for the next kernel. "kernel wait": it had, and the device took that long
    to begin (the order of the queue, and the cost of starting). "other wait": the trace does not tell which.
    """
    causes = dict.fromkeys(CAUSES, 0.0)
    starts = [kernel.start for kernel in kernels]
    spans = busy(kernels)
    for (_, end), (start, _) in pairwise(spans):
        launched = kernels[bisect_right(starts, start) - 1].launched
        if launched is None:
            causes["other wait"] += start - end
        else:
            waited = max(launched - end, 0.0)  # the part before the call is the host's to answer for
            causes["host wait"] += waited
            causes["kernel wait"] += start - end - waited
    return causes


def spans_of(kernels: Sequence[Kernel], steps: Sequence[Window]) -> list[dict[str, float]]:
    """For each step, microseconds from the first kernel of each phase to that of the next, as events would tell."""
    spans_by_step: list[dict[str, float]] = [defaultdict(float) for _ in steps]
    for at, spans in enumerate(spans_by_step):
        own = [kernel for kernel in kernels if kernel.step == at]
        turns = [new for old, new in pairwise([None, *own]) if new and (old is None or old.phase != new.phase)]
        ends = [*(kernel.start for kernel in turns[1:]), max((kernel.end for kernel in own), default=0.0)]
        for kernel, end in zip(turns, ends, strict=False):
            spans[kernel.phase] += end - kernel.start
    return spans_by_step
