"""Compiling, in a worker: until when a step is compiled, in caches of the worker's own or in those that are there."""

import logging
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from bench.devices import device_for
from bench.measure.batches import RESIDENT_IMAGES, Sources, load_for
from bench.measure.workload import Workload
from bench.origins.attempts import attempts_told
from bench.plan.cell import Cell
from bench.plan.compiled import is_compiled
from bench.plan.task import StartTask
from bench.process.channel import Channel
from bench.process.scratch import scratch
from bench.worker.failure import failure_sent


def silence_compilers() -> None:
    """Have compilers and quantizers say on the terminal what fails, and not what they think of their own insides."""
    for name in ("torch.utils.cpp_extension", "torch.utils._pytree"):  # of hosts without a GPU; of torchao's types
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"torch\._inductor|torchao")


@contextmanager
def caches_for(cell: Cell, folder: str = "") -> Iterator[None]:
    """What torch.compile keeps goes to the folder, or to an empty one that ends with the block.

    Without it a cell would be compiled as fast as whatever ran before on this machine has left it.
    """
    if not is_compiled(cell):
        yield
        return
    silence_compilers()
    with nullcontext(folder) if folder else scratch() as place:
        places = {"TORCHINDUCTOR_CACHE_DIR": place, "TRITON_CACHE_DIR": str(Path(place) / "triton")}
        before = {name: os.environ.get(name) for name in places}
        os.environ |= places
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def seconds_of_first_steps(work: Workload) -> list[float]:
    """Seconds of each of the first steps, of which the last is as any further one."""
    taken = []
    for _ in range(work.settling):
        start = time.perf_counter()
        work.step()
        work.device.synchronize()
        taken.append(time.perf_counter() - start)
    return taken


def beyond_steps(taken: list[float]) -> float:
    """How much longer the first steps took than as many of the last."""
    return sum(taken) - len(taken) * taken[-1]


def artifacts() -> bytes:
    """What this process has compiled, as torch hands it over to another one; empty where it has nothing to hand."""
    saved = torch.compiler.save_cache_artifacts()
    return saved[0] if saved else b""


def start(task: StartTask, channel: Channel) -> None:
    """Send how many seconds a fresh process takes beyond its steps until these are compiled, given what was kept."""
    with attempts_told(lambda _: None, task.left_out), failure_sent(channel), caches_for(task.cell, task.caches):
        cell, device = task.cell, device_for(task.cell)
        dataset = load_for(cell, task.data_dir, whole=False)
        part = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
        work = Workload(cell, device, *part, dataset.num_classes)
        begun = time.perf_counter()
        if task.artifacts:
            torch.compiler.load_cache_artifacts(task.artifacts)
        loading = time.perf_counter() - begun
        channel.send("started", loading + beyond_steps(seconds_of_first_steps(work)))
