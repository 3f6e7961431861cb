"""Kernel: one piece of work on the device, and where it came from."""

from dataclasses import dataclass

from bench.trace.frames import Path

# Why the device stood idle: the host had not called for work yet, the device took that long to begin, or nobody knows.
HOST_WAIT, KERNEL_WAIT, OTHER_WAIT = CAUSES = ("host wait", "kernel wait", "other wait")


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel, copy or memset on the device; times in microseconds.

    Attributes:
        is_kernel: whether it computes; else it is a copy or memset.
        launched: when the host's call for it returned, or its start if that came first; None where it is not known.
        step: -1 where it belongs to none.
        operator: the operator that launched it, "" where none is known.
        correlation: the number of the call, -1 where none is told.
        stream: the device and its stream, as the trace calls them.
        path: the stack of the host that launched it: phase, modules and operators, the outermost first.

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
    correlation: int = -1
    stream: str = ""
    path: Path = ()

    @property
    def is_tied(self) -> bool:
        """Whether the trace says where it came from: the call that launched it, or the operator alone."""
        return self.launched is not None or bool(self.operator)
