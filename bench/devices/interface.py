"""Interface: what the measuring half needs of a device, whatever its kind."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import torch

from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts
from bench.text import quantity

Step = Callable[[], object]
MarkedStep = Callable[[Callable[[], None]], object]

# Of what torch.compile does where it cannot replay CUDA graphs, by mode.
NO_CUDA_GRAPHS: Mapping[str, str] = {
    "compile_reduce_overhead": "reduce-overhead replays CUDA graphs, which need a CUDA device (--modes compile)",
    "compile_max_autotune": "without the CUDA graphs of a CUDA device max-autotune is the same as "
    "max-autotune-no-cudagraphs (--modes compile_max_autotune_no_cudagraphs)",
}
EAGER_FIRST = 3  # calls of a step before it is recorded: they make gradients and the optimizer's state


@dataclass(frozen=True, slots=True)
class AllocatorEvent:
    """What an allocator did at one moment, or that somebody marked it.

    Attributes:
        seconds: by a clock that is the same for all of one recording.
        address: of the memory; 0 for a mark.
        size: bytes that were handed out; below 0 for bytes that were taken back.

    """

    seconds: float
    address: int = 0
    size: int = 0


class Clock(Protocol):
    """Marks moments in the order of the device's work and gives the seconds between them afterwards."""

    def mark(self) -> None:
        """Mark this moment; cheap, and never waits for the device."""

    def seconds(self) -> list[float]:
        """Seconds between successive marks; to be called once the device has been synchronized."""


class Device(Protocol):
    """One device of some kind; a class of them is registered in `DEVICES` and opened with a number.

    Attributes:
        facts: what holds for all of the kind; `available` adds what only one of them cannot do.
        name: "cpu", or the kind with the number, such as "cuda:0".
        torch_device: where its tensors lie.
        fp32_flags: torch's own flags of products of float32 numbers there, each with `fp32_precision`, by kind of
            operator: "matmul", "conv", "rnn".

    """

    facts: DeviceFacts
    name: str
    torch_device: torch.device
    fp32_flags: Mapping[str, Any]

    def __init__(self, index: int = 0) -> None: ...

    @classmethod
    def available(cls) -> Mapping[str, DeviceFacts]:
        """Each device of the kind that is usable here, by name. May initialize it: never call it before a fork."""

    @classmethod
    def absence(cls) -> str:
        """Why there is none of the kind here; "" where there is. As `available`."""

    @classmethod
    def in_use(cls) -> str | None:
        """The device of the kind that this process works on, by name; None where it works on none. Initializes none."""

    @classmethod
    def is_full(cls) -> bool:
        """Whether hardly any memory is left on the current device of the kind; False where nothing tells."""

    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""

    def clock(self, marks: int) -> Clock:
        """A clock for so many marks."""

    def settle_memory(self) -> None:
        """Have the allocator hold free memory that is in place already, so that no timed step waits for pages."""

    def peak_memory(self, work: Step) -> dict[str, float]:
        """Bytes that `work` takes at its peak above what was in use before, by name of metric."""

    def allocations(self, work: MarkedStep) -> list[AllocatorEvent] | None:
        """What the device's allocator does during `work`, in order, with the marks that `work` makes.

        What was handed out before may be taken back without being told. None where nothing records it.
        """

    def free_memory(self) -> float | None:
        """Bytes that can still be taken of its own memory; None where that is the host's."""

    def limit_memory(self, most: float) -> None:
        """From now on, have fail what would hold more than so many bytes beyond what this process holds already.

        Raises:
            BenchError: nothing here holds a process to a limit.

        """

    def capture(self, step: Step) -> Step:
        """A step that is carried out as it is a few times, is then recorded as a graph, and is replayed as one launch.

        Each call is one step. What the step reads and writes has to stay where it is.
        """

    def copy_of(self, *tensors: torch.Tensor) -> MarkedStep | None:
        """A step that copies such tensors from the host to the device; None where there is nothing to copy."""

    def describe(self) -> dict[str, Any]:
        """What to record about the device before measuring; `gpu` names one that is not the host's processor."""


class HostClock:
    """Marks by the host's monotonic clock; one mark costs about 50 ns."""

    def __init__(self) -> None:
        self._stamps: list[int] = []

    def mark(self) -> None:
        """Mark this moment."""
        self._stamps.append(time.perf_counter_ns())

    def seconds(self) -> list[float]:
        """Seconds between successive marks."""
        stamps = self._stamps
        return [(end - start) * 1e-9 for start, end in pairwise(stamps)]


def no_limit(name: str, most: float) -> BenchError:
    """That nothing holds a process on the device of that name to so many bytes."""
    return BenchError(
        f"nothing holds a process on {name} to {quantity(most, 'B')}: name the batch sizes (--batch-sizes)"
    )


def no_arithmetic(kind: str) -> dict[str, str]:
    """Why no arithmetic of products of float32 can be chosen on a kind of device, by the name of each."""
    return dict.fromkeys(("ieee", "tf32", "bf16"), f"the arithmetic of products of float32 cannot be chosen on {kind}")


def reasons(unsupported: Mapping[str, str | None]) -> dict[str, str]:
    """What is unsupported, with its reason."""
    return {what: reason for what, reason in unsupported.items() if reason}
