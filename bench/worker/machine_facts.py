"""Machine facts: what about this machine can spoil a measurement; `bench.doctor` judges it."""

import os
import time
from itertools import pairwise
from typing import Any

import torch

from bench.devices import CpuDevice, Step, available, open_device
from bench.devices.cpu import denormals_flushed
from bench.errors import reason_of
from bench.machine import neighbours, procfs
from bench.machine.system import deciding_variables, describe_system, usable_cores
from bench.measure.blocks import run_block, run_untimed
from bench.measure.threads import count_threads
from bench.process.channel import Channel

DENORMAL = 1e-40  # float32 has its smallest normal number at 1.2e-38
WATCHED = 1.0  # seconds


def examine(_: None, channel: Channel) -> None:
    """Send ("facts", facts); what this machine does not report is absent. Touches CUDA, so it needs its own worker."""
    threads = torch.get_num_threads()  # as any program that does not set them would have
    torch.set_num_threads(usable_cores())
    at_work = count_threads(usable_cores())
    torch.set_num_threads(1)
    flags = procfs.cpu_flags()
    facts = {
        **describe_system(CpuDevice()),
        "cores_affinity": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "container": procfs.container(),
        "turbo": procfs.turbo(),
        "power": procfs.power_source(),
        "huge_pages": procfs.huge_pages(),
        "clock_source": procfs.clock_source(),
        "cpu_avx2": "avx2" in flags if flags else None,
        "torch_threads": threads,
        "threads_at_work": at_work,
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "torch_debug": bool(torch.version.debug),
        "torch_mkldnn": torch.backends.mkldnn.is_available(),
        "torch_openmp": torch.backends.openmp.is_available(),
        **procfs.memory(),
        **_clock(),
        **_denormals(),
        **_watch(),
        "environment": deciding_variables(),
        "visible_gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "gpus": {name: _gpu(name) for name, device in available().items() if not device.on_host},
        "gpus_of_driver": list(procfs.gpu_models()),
    }
    channel.send("facts", {name: fact for name, fact in facts.items() if fact is not None})


def _gpu(name: str) -> dict[str, Any]:
    """What a GPU says of itself, or the trouble it makes: the others and the processor are examined all the same."""
    try:
        return open_device(name).describe()
    except Exception as error:  # of a driver, or of a library that is not made for it
        return {"gpu": name, "trouble": reason_of(error)}


def _clock() -> dict[str, float]:
    """Seconds that reading the clock takes, and the smallest step it makes."""
    stamps = [time.perf_counter() for _ in range(20_000)]
    steps = [after - before for before, after in pairwise(stamps)]
    return {
        "clock_seconds": (stamps[-1] - stamps[0]) / len(steps),
        "clock_tick": min(step for step in steps if step > 0),
    }


def _denormals() -> dict[str, Any]:
    """Whether they become 0, and how much longer arithmetic on them takes."""
    tiny, plain = torch.full((2**16,), DENORMAL), torch.full((2**16,), 1.0)
    return {
        "denormals_flushed": denormals_flushed(),
        "denormals_cost": _seconds(lambda: torch.mul(tiny, 0.5)) / _seconds(lambda: torch.mul(plain, 0.5)),
    }


def _seconds(work: Step) -> float:
    """The fastest of some runs."""
    device = CpuDevice()
    run_untimed(device, lambda _: work(), 0.01)

    def step(mark: Step) -> None:
        mark()
        work()
        mark()

    return float(run_block("examine", device, step, 200, marks=2).intervals[:, 0].min())


def _watch() -> dict[str, Any]:
    """What happens while this process keeps one core busy: an idle machine would hide what is stolen from it."""
    before, throttled = procfs.activity(), procfs.throttled() or 0
    start, own = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < WATCHED:
        pass
    elapsed, own = time.perf_counter() - start, time.process_time() - own
    facts: dict[str, Any] = {"own_share": own / elapsed, "throttled": (procfs.throttled() or 0) - throttled}
    after = procfs.activity()
    if before is None or after is None:
        return facts
    others = neighbours.between(before, after, elapsed, os.getpid())
    return {
        **facts,
        "steal": (after.steal - before.steal) / elapsed,  # of one core, since one was kept busy
        "others": others.cores,
        "busiest": list(others.busiest),
        "swapped": after.swapped - before.swapped,
    }
