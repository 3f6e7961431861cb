"""A cell or a step of the user's own in the caller's own process, such as pytest's: set up, ready to be timed."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from bench import data
from bench.devices import Device, device_in_use, open_device, random_numbers_kept, unsupported_on
from bench.machine.system import describe_system, usable_cores
from bench.measure.batches import RESIDENT_IMAGES, Sources
from bench.measure.blocks import quiet_collector, warm_up
from bench.measure.costs import measure_costs
from bench.measure.own_step import OwnStep
from bench.measure.threads import ThreadsError, check_threads
from bench.measure.workload import Workload
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.handed import label_of
from bench.plan.timing import MMAP_THRESHOLD, TRIM_THRESHOLD
from bench.worker.step_setup import device_named, set_up

FLUSHED = "denormals are flushed in workers alone: the threads of this process may be running already"
FLAGGED = "products of float32 are set in workers alone: the flags of this process are others' too"
PHASE_BLOCKS = 3
_MMAP_PARAMETER, _TRIM_PARAMETER = -3, -1  # of mallopt(3)


@dataclass(frozen=True, slots=True)
class InProcess:
    """A cell or a step ready to be timed.

    Attributes:
        call: one training step, or one batch of inference, or the user's own step.
        synchronize: waits for its device.
        facts: what to record beside the times: the cell, its part, exact counts; the step's phases; the system.
        on_host: whether it runs on the processor that calls it, so that there is nothing to wait for.
        unsupported: why it cannot run here; then there is nothing to call.

    """

    call: Callable[[], Any]
    synchronize: Callable[[], None]
    facts: dict[str, Any] = field(default_factory=dict)
    on_host: bool = True
    unsupported: str | None = None


@contextmanager
def opened(cell: Cell, part: str, timed: bool) -> Iterator[InProcess]:
    """Set the cell up, warm when it is to be `timed`; threads and random numbers are the caller's own afterwards.

    Args:
        cell: what to build.
        part: "train" for whole steps, "inference" for batches without gradients.
        timed: pin the allocator, warm up and count costs too.

    """
    unsupported = FLUSHED if cell.denormals == "flush" else FLAGGED if cell.fp32_precision != "default" else None
    unsupported = unsupported or unsupported_on(cell)
    if unsupported:
        yield InProcess(_nothing, _nothing, unsupported=unsupported)
        return
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(cell.threads)
        stack.enter_context(random_numbers_kept(cell.device))
        if timed and (shortfall := _shortfall(cell.threads)):
            yield InProcess(_nothing, _nothing, unsupported=shortfall)
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
            facts["system"] = _system(device, allocator)
        work = Workload(cell, device, *part_of_data, dataset.num_classes)
        step = work.timed_step
        if part == "inference":
            work.eval()
            stack.enter_context(torch.inference_mode())
            step = work.infer
        if timed:
            facts["steady"] = warm_up(device, step).steady
        yield InProcess(lambda: step(_nothing), device.synchronize, facts, device.facts.on_host)


@contextmanager
def opened_step(
    target: Callable[[], object], *, threads: int | None, device: str | None, timed: bool
) -> Iterator[InProcess]:
    """Set a step of the user's own up, warm when it is to be `timed`; what it raises is raised.

    Args:
        target: the step, or what sets it up (`bench.worker.step_setup.set_up`).
        threads: CPU threads, which are the caller's own afterwards; None for all usable cores.
        device: what it runs on; None to find out.
        timed: pin the allocator, warm up and time its phases too.

    Raises:
        NoStepError: it is no step.
        Exception: as it raised it.

    """
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(usable_cores() if threads is None else threads)
        if timed and (shortfall := _shortfall(torch.get_num_threads())):
            yield InProcess(_nothing, _nothing, unsupported=shortfall)
            return
        allocator = pin_allocator() if timed else None
        if unsupported := unsupported_on(Cell("", device=device)) if device else None:
            yield InProcess(_nothing, _nothing, unsupported=unsupported)
            return
        place = device_named(device or "")
        call = stack.enter_context(set_up(target, label_of(target)))
        if not timed:
            yield InProcess(call, _nothing)
            return
        call()
        place = place or device_in_use()
        place.settle_memory()
        own = OwnStep(call, place)
        facts: dict[str, Any] = {"steady": own.warm_up().steady, "threads": torch.get_num_threads()}
        facts["phases"] = _phases(own)
        facts["system"] = _system(place, allocator)
        yield InProcess(call, place.synchronize, facts, place.facts.on_host)


def _phases(own: OwnStep) -> dict[str, float]:
    """Median seconds of each phase of a step; empty where it marks none."""
    with quiet_collector():
        blocks = [own.block(own.warm_up(least=0).block_steps) for _ in range(PHASE_BLOCKS)]
    return {name: float(np.median(times)) for name, times in own.phases_of(blocks).items()}


def _system(device: Device, allocator: str | None) -> dict[str, Any]:
    return {**describe_system(device), **({"allocator": allocator} if allocator else {})}


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
