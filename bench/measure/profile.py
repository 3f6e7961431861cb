"""Profile: a pass of its own under torch.profiler, its trace on disk, and what the trace says of a step."""

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function, schedule

from bench.measure.blocks import GAP, PhaseLog
from bench.measure.workload import Workload
from bench.metrics import LAUNCHES_OF
from bench.plan.compiled import is_compiled
from bench.store.result import Measurement
from bench.trace.events import load
from bench.trace.summary import summarize
from bench.trace.tb_profiler import read
from bench.trace.tree import MODULE_MARK
from bench.vocabulary import FETCH

WAIT, WARM_UP, MOST_STEPS = 1, 1, 5
LONG_SECONDS = 2.0  # of all profiled steps together, as far as there are two at least
MANY_MODULES = 600  # of all profiled steps together; a module takes some 50 events, and an event some 400 bytes


def profile_cell(build: Callable[[], Workload], folder: Path) -> dict[str, Any]:
    """Profile some steps of a workload built afresh; the trace goes to `folder`, under a name that TensorBoard knows.

    Stacks, shapes and memory are recorded, and marked: the phases of the step, and in an eager step the modules of the
    model. How many steps there are follows from their length and from the size of the model, so that memory and file
    stay small.

    Returns:
        What `bench.trace.summary.summarize` says of the trace, with `trace`, the name of the file; `bytes`, its size;
        `reading`, what `bench.trace.tb_profiler.read` says.

    Raises:
        BenchError: the trace cannot be read again.
        OSError: it cannot be written.

    """
    with stderr_closed():
        path = _record(build, folder)
    gc.collect()
    trace = load(path)
    return {"trace": path.name, "bytes": path.stat().st_size, **summarize(trace), "reading": read(trace)}


def profile_metrics(summary: Mapping[str, Any], step_seconds: float, threads: int) -> list[Measurement]:
    """The profiler's overhead, and on a GPU the kernels that each phase launches, where all steps agree.

    Args:
        summary: what `profile_cell` returned.
        step_seconds: of a timed step of the cell, without the fetch of its batch.
        threads: CPU threads of both.

    """
    profiled = sum(seconds for phase, seconds in summary["phases"].items() if phase != FETCH)
    launches = summary.get("launches", {})
    return [
        Measurement.of_value("profiler_overhead", profiled / step_seconds, "mean", threads),
        *(
            Measurement.of_value(LAUNCHES_OF[phase], float(count), "exact")
            for phase, count in launches.items()
            if isinstance(count, int)
        ),
    ]


def _record(build: Callable[[], Workload], folder: Path) -> Path:
    """Run the pass and write its trace."""
    path = folder / f"bench_{os.getpid()}.{time.time_ns()}.pt.trace.json.gz"
    folder.mkdir(parents=True, exist_ok=True)
    work = build()
    with _kernels_named() if is_compiled(work.cell) else contextlib.nullcontext():
        work.train()
        steps = _how_many(work)
        device = work.device.facts.profiler_activity
        activities = [ProfilerActivity.CPU, *([getattr(ProfilerActivity, device)] if device else [])]
        plan = schedule(wait=WAIT, warmup=WARM_UP, active=steps, repeat=1)
        marks = _marked_modules(work.model) if work.is_eager else contextlib.nullcontext()
        with (
            marks,
            profile(
                activities=activities,
                schedule=plan,
                record_shapes=True,
                profile_memory=True,
                with_stack=True,
                on_trace_ready=lambda done: done.export_chrome_trace(str(path)),
            ) as profiler,
        ):
            for _ in range(WAIT + WARM_UP + steps):
                marked_step(work, _Marked())
                profiler.step()
    return path


def _how_many(work: Workload) -> int:
    """Steps to profile, from the length of a step and the size of the model."""
    for _ in range(2):
        start = time.perf_counter()
        work.timed_step(lambda: None)
        work.device.synchronize()
        seconds = time.perf_counter() - start
    modules = sum(1 for _ in work.model.modules())
    return max(2, min(MOST_STEPS, int(LONG_SECONDS / seconds), MANY_MODULES // modules))


def marked_step(work: Workload, entered: list[str]) -> None:
    """One step; `entered` gets each phase as it begins, and GAP where the step ends."""
    if work.timed_log is not None:  # there the step itself says which phase begins
        work.phase_log = PhaseLog(work.timed_log.phases, entered)
        work.timed_step(lambda: None)
        return
    names = iter((*work.timed_phases, GAP))
    work.timed_step(lambda: entered.append(next(names)))


class _Marked(list[str]):
    """Phases as they are entered: each that is added ends the one before, and begins under its name."""

    def __init__(self) -> None:
        super().__init__()
        self._current: Any = None

    def append(self, phase: str) -> None:
        """Enter the phase."""
        if self._current is not None:
            self._current.__exit__(None, None, None)
        self._current = record_function(phase) if phase != GAP else None
        if self._current is not None:
            self._current.__enter__()
        super().append(phase)


@contextlib.contextmanager
def _marked_modules(model: nn.Module) -> Iterator[None]:
    """Every call of a module within the model marked by the module's path and class."""
    running: list[Any] = []

    def begin(name: str) -> None:
        running.append(record_function(MODULE_MARK + name))
        running[-1].__enter__()

    def end() -> None:
        running.pop().__exit__(None, None, None)

    handles = []
    for name, module in model.named_modules():
        if name:
            label = f"{name} {type(module).__name__}"
            handles.append(module.register_forward_pre_hook(lambda *_, label=label: begin(label)))
            handles.append(module.register_forward_hook(lambda *_: end(), always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextlib.contextmanager
def _kernels_named() -> Iterator[None]:
    """Have inductor mark the C++ kernels that it compiles, which it leaves out by default."""
    with torch._inductor.config.patch({"cpp.enable_kernel_profile": True}):  # noqa: SLF001 - its documented settings
        yield


@contextlib.contextmanager
def stderr_closed() -> Iterator[None]:
    """Keep what the profiler's libraries write to the console's stderr, such as "profiler_start", from it."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
