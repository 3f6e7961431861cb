"""Analysis: where the time of a mean step of any trace goes, on the device and on the host, as shares that add up."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.errors import BenchError
from bench.trace.device import busy, kernels_of
from bench.trace.events import load
from bench.trace.frames import Stacks
from bench.trace.kernel import Kernel
from bench.trace.moments import moments_of
from bench.trace.notes import notes_of
from bench.trace.pieces import IDLE, Piece, pieces_of_device, pieces_of_host
from bench.trace.steps import Step, steps_of
from bench.trace.tree import grow

Side = Literal["device", "host"]
_MICRO = 1e-6


@dataclass(frozen=True, slots=True)
class KernelTime:
    """A kernel, copy or memset by its name: how often a mean step runs it, and seconds of all of that together."""

    name: str
    category: str
    calls: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a trace says of its mean step; times in seconds.

    Attributes:
        name: what to call the trace.
        side: whose time the parts are of: the device's, or the host's where the trace has no device.
        steps: all profiled ones; those with a `lost` are left out of every number.
        device: the pieces of a step on the device, idle time among them; empty without one.
        host: the pieces of the same step on the host. Each list adds up to `seconds`.
        kernels: by name, the longest first; streams run beside each other, so they may add up to more than the step.
        streams: seconds of a step in which each stream of the device is busy.
        notes: what the trace does not hold, or not in the usual form.

    """

    name: str
    side: Side
    steps: Sequence[Step]
    device: Sequence[Piece]
    host: Sequence[Piece]
    kernels: Sequence[KernelTime]
    streams: Mapping[str, float]
    notes: Sequence[str]

    @property
    def lengths(self) -> list[float]:
        """Seconds of each step that counts."""
        return [step.length * _MICRO for step in self.steps if not step.lost]

    @property
    def seconds(self) -> float:
        """Of a mean step."""
        return sum(self.lengths) / len(self.lengths)

    @property
    def pieces(self) -> Sequence[Piece]:
        """Those of the side that the trace is read by."""
        return self.device or self.host

    @property
    def busy(self) -> float:
        """Seconds of a step in which the device does anything."""
        return sum(piece.seconds for piece in self.device if not piece.key.category.startswith(IDLE))


def analyze(path: Path) -> Analysis:
    """The analysis of a trace file.

    Raises:
        BenchError: it cannot be read, or holds neither an operator nor a kernel.

    """
    trace = load(path)
    forest = grow(trace)
    kernels = kernels_of(trace, forest)
    steps = steps_of(forest, kernels)
    if not (kernels or any(node.kind == "operator" for node in forest.nodes)) or not any(map(_counts, steps)):
        raise BenchError(
            f"cannot read the trace {path}: it holds no operator and no kernel of torch.profiler in a step that takes "
            "time; profile a step with ProfilerActivity.CPU, and CUDA where there is a GPU"
        )
    windows = [(step.start, step.end) for step in steps if not step.lost]
    stacks, moments = Stacks(), moments_of(forest)
    whole = [at for at, step in enumerate(steps) if not step.lost]
    return Analysis(
        name=path.name,
        side="device" if kernels else "host",
        steps=steps,
        device=pieces_of_device(kernels, moments, windows, stacks) if kernels else (),
        host=pieces_of_host(moments, windows, stacks),
        kernels=_kernel_times(kernels, whole),
        streams=_streams(kernels, whole),
        notes=notes_of(trace, forest, kernels, steps),
    )


def _counts(step: Step) -> bool:
    return not step.lost and step.length > 0


def _kernel_times(kernels: Sequence[Kernel], whole: Sequence[int]) -> list[KernelTime]:
    """The kernels by name, each under the category of most of its time: one name may serve several purposes."""
    known = set(whole)
    calls: Counter[str] = Counter()
    times: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for kernel in kernels:
        if kernel.step in known:
            calls[kernel.name] += 1
            times[kernel.name][kernel.category] += (kernel.end - kernel.start) * _MICRO
    rows = [
        KernelTime(name, max(own, key=lambda kind: own[kind]), calls[name] / len(whole), sum(own.values()) / len(whole))
        for name, own in times.items()
    ]
    return sorted(rows, key=lambda row: (-row.seconds, row.name))


def _streams(kernels: Sequence[Kernel], whole: Sequence[int]) -> dict[str, float]:
    known = set(whole)
    by_stream: dict[str, list[Kernel]] = defaultdict(list)
    for kernel in kernels:
        if kernel.step in known:
            by_stream[kernel.stream].append(kernel)
    seconds = {
        stream: sum(end - start for start, end in busy(own)) * _MICRO / len(whole) for stream, own in by_stream.items()
    }
    return dict(sorted(seconds.items(), key=lambda entry: (-entry[1], entry[0])))
