"""One side of an A/B comparison: a worker that runs a block of steps each time the parent asks.

The parent may be of another revision than this code. The functions that are entries, and the messages that they take
and send (`bench.process.entries`, `bench.process.messages`), are a contract between revisions, plain data throughout:
read bench/process/CONTRACT.md before changing any. Its version is `bench.process.channel.PAIR_PROTOCOL`.
"""

from dataclasses import asdict, fields
from functools import partial
from math import ceil
from pathlib import Path

import numpy as np
import torch

from bench import data
from bench.devices import Device, device_for, open_device
from bench.machine.system import describe_system
from bench.measure.batches import RESIDENT_IMAGES, Sources, load_for
from bench.measure.blocks import Block, quiet_collector, warm_up
from bench.measure.costs import measure_costs, measure_memory
from bench.measure.speed import Subject, lead_in
from bench.measure.threads import check_threads, refuse_changed
from bench.measure.watch import Watch
from bench.measure.workload import Workload
from bench.origins.attempts import attempts_told
from bench.origins.settings import changes, settings_now
from bench.plan.cell import Cell
from bench.plan.compiled import as_torch_has_it
from bench.plan.task import CatalogueRequest
from bench.process.channel import Channel
from bench.process.entries import MESSAGES
from bench.process.layout import layout_of, shift_heap
from bench.process.messages import BlockClock, BlockTimes, CapabilitiesAnswer, CapabilitiesTask, OnCore, Ready, SideTask
from bench.store.provenance import installed
from bench.store.result import Floats
from bench.worker.catalogue import catalogue_of, named
from bench.worker.failure import failure_sent
from bench.worker.gpu import gpu_of

OWN = 2  # processes that compute on a GPU: both sides are alive together


def capabilities_of(task: CapabilitiesTask, channel: Channel) -> None:
    """Send what this revision has and where it runs; fails where a data set asked for cannot be loaded.

    Touches CUDA, so it needs a worker of its own.
    """
    tell, left_out = partial(channel.send, "trying"), task.get("left_out", {})
    with failure_sent(channel), attempts_told(tell, left_out):
        torch.set_num_threads(task["threads"])
        for name in task["datasets"]:
            with named(name):
                data.check(name, Path(task["data_dir"]) if task["data_dir"] else None)
        origins = task.get("origins", {})
        request = CatalogueRequest(
            architectures=tuple(origins.get("architectures", ())),
            datasets=tuple(task["datasets"]),
            optimizers=tuple(origins.get("optimizers", ())),
            losses=tuple(origins.get("losses", ())),
            data_dir=task["data_dir"],
            left_out=left_out,
            devices=tuple(task.get("devices", [task["device"]])),
        )
        capabilities: CapabilitiesAnswer = {
            "catalogue": asdict(catalogue_of(request)),
            "cell_fields": [field.name for field in fields(Cell)],
            "entries": list(MESSAGES),
            "system": describe_system(open_device(task["device"])),
            "systems": {
                device.name: describe_system(device)
                for device in map(open_device, task.get("devices", []))
                if not device.facts.on_host
            },
            "installed": installed(),
        }
        channel.send("about", capabilities)


def count(task: SideTask, channel: Channel) -> None:
    """Send the exact counts of one step by metric, and the peak of memory, which on a CPU is not exact."""
    with failure_sent(channel):
        cell, device = _opened({**task, "cell": as_torch_has_it(Cell.from_dict(task["cell"])).to_dict()})
        work = _workload(task, cell, device)
        channel.send("counts", {cost.metric: cost.value for cost in (*measure_costs(work), *measure_memory(work))})


def serve(task: SideTask, channel: Channel) -> None:
    """Warm up, then answer each number of steps with their times, until None comes."""
    with failure_sent(channel):
        layout = layout_of(shift_heap(task.get("heap_offset")))
        cell, device = _opened(task)
        settings = settings_now()  # before any code of others runs
        work = _workload(task, cell, device)
        whole, slower = Subject.whole("cell", work), task["inject"]
        watch = Watch(gpu=gpu_of(device), own=OWN)
        with quiet_collector():
            warm = warm_up(device, whole.step)
            location = device.facts.location(work.cell.threads)
            ready: Ready = {"steps": warm.block_steps, "steady": warm.steady, "statistic": location, "layout": layout}
            channel.send("ready", ready)
            while (steps := channel.receive()) is not None:
                lead = partial(lead_in, device, whole.step)
                lead()
                block = watch.block(partial(whole.block, device, ceil(steps * (1 + slower))), lead)
                refuse_changed(changes(settings, settings_now()))
                core = on_core(block, work.cell.threads) if device.facts.on_host else OnCore()
                times: BlockTimes = {
                    **core,
                    **clock_of(block, watch),
                    "seconds": inject_slowdown(whole.seconds([block]), slower, steps),
                    "phases": {
                        name: inject_slowdown(block.intervals[:, at], slower, steps)
                        for at, name in enumerate(whole.phases)
                    },
                    "faults": block.faults,
                }
                channel.send("block", times)


def on_core(block: Block, threads: int) -> OnCore:
    """How long the block took, and for how much of it a thread had its core: of several, the one that waited longest.

    The CPU seconds of several need not be equal to that on a quiet machine, where one of them may have nothing to do.
    """
    return {"wall": block.wall, "cpu": block.cpu} if threads == 1 else less_waiting(block)


def less_waiting(block: Block) -> OnCore:
    """As `on_core` of several threads, or of one whose own work may wait: for a file, or for other processes."""
    return {} if block.waited is None else {"wall": block.wall, "cpu": max(0.0, block.wall - block.waited)}


def clock_of(block: Block, watch: Watch) -> BlockClock:
    """The clock of the GPU that the block ran on, where it is told, and how many blocks were dropped before it."""
    if block.gpu is None:
        return {}
    clock: BlockClock = {} if block.gpu.clock is None else {"clock": block.gpu.clock}
    return {**clock, "dropped": len(watch.take_dropped())}


def inject_slowdown(seconds: Floats, slower: float, count: int) -> list[float]:
    """The times of `count` steps that each hold 1 + `slower` of the steps that were run.

    A slowdown of known size, made of more work and not of waiting: ceil(count (1 + slower)) steps were run, their
    times are laid end to end and cut into `count` equal shares of 1 + `slower` steps.
    """
    if not slower:
        return [float(time) for time in seconds]
    ends = np.concatenate([[0.0], np.cumsum(seconds)])
    cuts = np.interp(np.arange(count + 1) * (1 + slower), np.arange(ends.size), ends)
    return [float(time) for time in np.diff(cuts)]


def _opened(task: SideTask) -> tuple[Cell, Device]:
    cell = Cell.from_dict(task["cell"])
    device = device_for(cell)
    check_threads(cell.threads)
    return cell, device


def _workload(task: SideTask, cell: Cell, device: Device) -> Workload:
    dataset = load_for(cell, task["data_dir"], whole=False)
    timed = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
    device.settle_memory()
    return Workload(cell, device, *timed, dataset.num_classes)
