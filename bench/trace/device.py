"""Device: kernels and copies of a GPU, each with the call that launched it, and why the device stood idle."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.trace.categories import category_of
from bench.trace.events import Event, Trace
from bench.trace.frames import Path, Stacks
from bench.trace.kernel import CAUSES, HOST_WAIT, KERNEL_WAIT, OTHER_WAIT, Kernel
from bench.trace.placement import placed
from bench.trace.tree import Forest, Node, Window, external_of, number_of

# of CUDA, ROCm and XPU, as old traces call them too, and of MTIA
_COMPUTING = {"kernel", "concurrent_kernel", "mtia_ccp_events"}
KERNELS = {*_COMPUTING, "memcpy", "memset", "gpu_memcpy", "gpu_memset"}


def kernels_of(trace: Trace, forest: Forest) -> list[Kernel]:
    """Everything that ran on the device, in the order of its start."""
    origins = _Origins(
        launches={node.correlation: node for node in forest.nodes if node.kind == "launch" and node.correlation >= 0},
        operators={node.external: node for node in forest.nodes if node.kind == "operator" and node.external > 0},
        stacks=Stacks(),
    )
    kernels = [
        _kernel(event, origins)
        for event in trace.events
        if event["ph"] == "X" and str(event.get("cat", "")).lower() in KERNELS
    ]
    return placed(sorted(kernels, key=lambda kernel: kernel.start), forest)


@dataclass(frozen=True, slots=True)
class _Origins:
    """The calls that launch by their number, the operators by theirs, and the stacks of both."""

    launches: Mapping[int, Node]
    operators: Mapping[int, Node]
    stacks: Stacks

    def operator_of(self, event: Event, correlation: int) -> Node | None:
        """The operator that an event without a launch names; old traces repeat the number of the call instead."""
        number = external_of(event.get("args", {}))
        node = self.operators.get(number) if number != correlation else None
        return node if node and node.start <= event["ts"] else None


def _kernel(event: Event, origins: _Origins) -> Kernel:
    facts = event.get("args", {})
    correlation = number_of(facts, "correlation")
    launch = origins.launches.get(correlation)
    origin = launch or origins.operator_of(event, correlation)
    name, start = event["name"], event["ts"]
    lineage = origin.lineage()[origin is launch :] if origin else []
    chain = [name for name in lineage if not _is_mark(name)]
    phase = origin.phase if origin else ""
    return Kernel(
        name,
        str(event["cat"]).lower() in _COMPUTING,
        start,
        start + event["dur"],
        launched=min(launch.end, start) if launch else None,
        step=origin.step if origin else -1,
        phase=phase,
        module=origin.module if origin else "",
        operator=chain[0] if chain else "",
        category=category_of(chain, phase, name),
        correlation=correlation,
        stream=_stream(event, facts),
        path=_path(origin, origins.stacks),
    )


def _stream(event: Event, facts: Mapping[str, Any]) -> str:
    places = (facts.get("device", event.get("pid")), facts.get("stream", event.get("tid")))
    device, stream = (place if isinstance(place, int) else "unknown" for place in places)
    return f"device {device}, stream {stream}"


def _path(origin: Node | None, stacks: Stacks) -> Path:
    """The stack that launched it, without the call itself."""
    path = stacks.path(origin)
    return path[:-1] if origin and origin.kind == "launch" and path and path[-1] == origin.name else path


def _is_mark(name: str) -> bool:
    return name.startswith(("ProfilerStep#", "nn.Module: "))


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
            causes[OTHER_WAIT] += start - end
        else:
            waited = max(launched - end, 0.0)  # the part before the call is the host's to answer for
            causes[HOST_WAIT] += waited
            causes[KERNEL_WAIT] += start - end - waited
    return causes


def spans_of(kernels: Sequence[Kernel], steps: Sequence[Window]) -> list[dict[str, float]]:
    """For each step, microseconds from the first kernel of each phase to that of the next, as events would tell."""
    spans_by_step: list[dict[str, float]] = [defaultdict(float) for _ in steps]
    kernels_by_step: list[list[Kernel]] = [[] for _ in steps]
    for kernel in kernels:
        if kernel.step >= 0:
            kernels_by_step[kernel.step].append(kernel)
    for spans, own in zip(spans_by_step, kernels_by_step, strict=True):
        turns = [new for old, new in pairwise([None, *own]) if new and (old is None or old.phase != new.phase)]
        ends = [*(kernel.start for kernel in turns[1:]), max((kernel.end for kernel in own), default=0.0)]
        for kernel, end in zip(turns, ends, strict=False):
            spans[kernel.phase] += end - kernel.start
    return spans_by_step
