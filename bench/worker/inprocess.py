"""A cell in the caller's own process, such as pytest's: set up, ready to be called and timed."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from bench import data
from bench.devices import open_device, unsupported_on
from bench.machine.system import describe_system
from bench.measure.batches import RESIDENT_IMAGES, Sources
from bench.measure.blocks import warm_up
from bench.measure.costs import measure_costs
from bench.measure.threads import ThreadsError, check_threads
from bench.measure.workload import Workload
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.timing import MMAP_THRESHOLD, TRIM_THRESHOLD

FLUSHED = "denormals are flushed in workers alone: the threads of this process may be running already"
_MMAP_PARAMETER, _TRIM_PARAMETER = -3, -1  # of mallopt(3)


@dataclass(frozen=True, slots=True)
class InProcessCell:
    """A cell ready to be timed.

    Attributes:
        call: one training step, or one batch of inference.
        synchronize: waits for the cell's device.
        facts: what to record beside the times: the cell, its part, exact counts, the system.
        unsupported: why the cell cannot run here; then there is nothing to call.

    """

    call: Callable[[], Any]
    synchronize: Callable[[], None]
    facts: dict[str, Any] = field(default_factory=dict)
    unsupported: str | None = None


@contextmanager
def opened(cell: Cell, part: str, timed: bool) -> Iterator[InProcessCell]:
    """Set the cell up, warm when it is to be `timed`; threads and random numbers are the caller's own afterwards.

    Args:
        cell: what to build.
        part: "train" for whole steps, "inference" for batches without gradients.
        timed: pin the allocator, warm up and count costs too.

    """
    unsupported = FLUSHED if cell.denormals == "flush" else unsupported_on(cell)
    if unsupported:
        yield InProcessCell(_nothing, _nothing, unsupported=unsupported)
        return
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(cell.threads)
        stack.enter_context(torch.random.fork_rng(devices=[]))
        if timed and (shortfall := _shortfall(cell.threads)):
            yield InProcessCell(_nothing, _nothing, unsupported=shortfall)
            return
        allocator = pin_allocator() if timed else None
        device = open_device(cell.device)
        dataset = data.load(cell.source("dataset"))
        part_of_data = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
        facts: dict[str, Any] = {"bench_cell": cell.to_dict(), "bench_id": cell.id, "bench_part": part}
        if timed:
            device.settle_memory()
            counted = Workload(cell, device, *part_of_data, dataset.num_classes)
            facts |= {cost.metric: cost.value for cost in measure_costs(counted) if METRICS[cost.metric].imported}
            facts["system"] = {**describe_system(device), **({"allocator": allocator} if allocator else {})}
        work = Workload(cell, device, *part_of_data, dataset.num_classes)
        step = work.timed_step
        if part == "inference":
            work.eval()
            stack.enter_context(torch.inference_mode())
            step = work.infer
        if timed:
            facts["steady"] = warm_up(device, step).steady
        yield InProcessCell(lambda: step(_nothing), device.synchronize, facts)


def _shortfall(threads: int) -> str | None:
    """Why fewer threads work than the cell has; None where they are as many."""
    try:
        check_threads(threads)
    except ThreadsError as error:
        return str(error)
    return None


def pin_allocator() -> str | None:
    """Keep large buffers in this process, as workers do by their environment (mallopt(3)); None where it cannot."""
    try:
        libc = ctypes.CDLL(None)
        pinned = libc.mallopt(_MMAP_PARAMETER, MMAP_THRESHOLD) and libc.mallopt(_TRIM_PARAMETER, TRIM_THRESHOLD)
    except (AttributeError, OSError):  # not glibc
        return None
    return "glibc, pinned by mallopt" if pinned else None


def _nothing() -> None:
    """The mark of a call whose phases nobody reads."""
