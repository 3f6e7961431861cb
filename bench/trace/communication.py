"""Communication: how long a step's exchange between processes is in flight, and how much of it no work hides."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.trace.categories import category_of
from bench.trace.device import kernels_of
from bench.trace.events import Trace
from bench.trace.kernel import Kernel
from bench.trace.pieces import Windows
from bench.trace.steps import steps_of
from bench.trace.timeline import clipped, exclusive
from bench.trace.tree import grow

# What a backend calls its collectives, such as gloo:all_reduce; they run on threads of its own. The operators that
# hand them over (c10d::allreduce_, record_param_comms) return at once, and are no exchange.
_IN_FLIGHT = re.compile(r"(gloo|mpi|nccl|ucc|xccl):")
_MICRO = 1e-6

Span = tuple[float, float, bool]  # start, end, whether it is an exchange


@dataclass(frozen=True, slots=True)
class Communication:
    """Seconds of a mean step.

    Attributes:
        seconds: in which at least one exchange was in flight.
        exposed: of these, in which nothing was computed beside it.
        steps: how many the trace holds whole.

    """

    seconds: float
    exposed: float
    steps: int


def communication_of(trace: Trace) -> Communication | None:
    """Of the whole steps of a trace of one process; None where it holds none.

    On a device an exchange is a kernel, and so is the work beside it. On the host it is an event of the backend, and
    the work is that of operators, which wait for no exchange.
    """
    forest = grow(trace)
    kernels = kernels_of(trace, forest)
    windows = [(step.start, step.end) for step in steps_of(forest, kernels) if not step.lost]
    if not windows:
        return None
    spans = sorted(_of_device(kernels) if kernels else _of_host(trace))
    exchanges = [span for span in spans if span[2]]
    return Communication(
        _seconds(exchanges, windows) / len(windows), _seconds(spans, windows) / len(windows), len(windows)
    )


def _of_device(kernels: Sequence[Kernel]) -> Iterator[Span]:
    return ((kernel.start, kernel.end, kernel.category == "communication") for kernel in kernels)


def _of_host(trace: Trace) -> Iterator[Span]:
    for event in trace.events:
        if event["ph"] == "X":
            start, name = event["ts"], event["name"]
            if _IN_FLIGHT.match(name):
                yield start, start + event["dur"], True
            elif event.get("cat") == "cpu_op" and category_of([name]) != "communication":
                yield start, start + event["dur"], False


def _seconds(spans: Sequence[Span], windows: Windows) -> float:
    """Seconds within the windows in which an exchange is in flight, and none of the other spans, each moment once."""
    segments = exclusive((start, end, int(is_exchange), is_exchange) for start, end, is_exchange in spans)
    return sum(end - start for start, end, is_exchange in clipped(segments, windows) if is_exchange) * _MICRO
