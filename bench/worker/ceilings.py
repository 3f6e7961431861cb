"""Ceilings: the best rates that this machine reaches, timed as cells are: matrix products, copies, operator calls."""

from collections.abc import Callable

import numpy as np
import torch

from bench.devices import Device, open_device
from bench.measure.blocks import block_length, quiet_collector, run_block, run_untimed
from bench.plan.task import Probe
from bench.plan.timing import BLOCK_SECONDS
from bench.process.channel import Channel
from bench.process.messages import Ceiling
from bench.store.result import QUANTILES

# A ceiling is the best rate that lasts: contention only ever adds time, so a low quantile of the steps.
STATISTIC = "p10"

# Edges of square matrices. 256 fills one core's caches, 1024 feeds a few dozen cores, 8192 a large GPU; which of them
# is best depends on the machine, so the edge doubles until products take long, and the best rate counts. By then it has
# ceased to rise (2 cores: 172, 181, 178, 171 GFLOP/s at 256 to 2048), and the next edge takes eight times as long.
EDGES = (256, 512, 1024, 2048, 4096, 8192)
LONG = 0.01  # seconds of a product

# Bytes of each of the two buffers of a copy. The last level of cache is some 32 MiB a group of cores on a server and
# 50 MiB on a large GPU; what fits there is copied at twice the speed and more.
COPY_BYTES = 128 * 2**20

CALLS = 100  # calls a step, so that the clock's 50 ns vanish


def measure_ceilings(task: Probe, channel: Channel) -> None:
    """Send the ceilings of each dtype as soon as they are known, within 1 s each."""
    torch.set_num_threads(task.threads)
    device = open_device(task.device)
    with torch.inference_mode(), quiet_collector():
        dispatch, copied = dispatch_seconds(device), bytes_per_second(device)
        for dtype in task.dtypes:
            rate = flops_per_second(device, getattr(torch, dtype))
            ceiling: Ceiling = {
                "device": task.device,
                "dtype": dtype,
                "threads": task.threads,
                "flops_per_second": rate,
                "bytes_per_second": copied,
                "dispatch_seconds": dispatch,
            }
            channel.send("measurements", [ceiling])


def flops_per_second(device: Device, dtype: torch.dtype) -> float:
    """The best rate of square matrix products, 2 n^3 FLOPs each."""
    best = 0.0
    for edge in EDGES:
        left, right = (torch.rand(edge, edge, device=device.torch_device).to(dtype) for _ in range(2))
        result = torch.empty_like(left)
        seconds = _step_seconds(device, lambda a=left, b=right, c=result: torch.mm(a, b, out=c))  # type: ignore[misc]
        best = max(best, 2 * edge**3 / seconds)
        if seconds >= LONG:
            break
    return best


def bytes_per_second(device: Device) -> float:
    """The rate of copies that no cache holds, bytes read and bytes written both counted."""
    source = torch.ones(COPY_BYTES // 4, device=device.torch_device)
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / _step_seconds(device, lambda: target.copy_(source))


def dispatch_seconds(device: Device) -> float:
    """Seconds from one call of an operator on one element to the next: what a call costs however little it computes."""
    element = torch.ones(1, device=device.torch_device)

    def calls() -> None:
        for _ in range(CALLS):
            torch.add(element, element)

    return _step_seconds(device, calls) / CALLS


def _step_seconds(device: Device, work: Callable[[], object]) -> float:
    """The low quantile of the seconds that `work` takes, in three blocks after a short lead.

    No steadiness is waited for: the best rate is the same before and after a neighbour has come.
    """

    def step(mark: Callable[[], None]) -> None:
        mark()
        work()
        mark()

    work()  # first touch of the memory, choice of kernels
    lead = BLOCK_SECONDS / 4
    steps = block_length(lead / run_untimed(device, step, lead))  # the three blocks together last half as long as one
    blocks = [run_block("ceiling", device, step, max(1, steps // 6), marks=2) for _ in range(3)]
    samples = np.concatenate([block.intervals[:, 0] for block in blocks])
    return float(np.quantile(samples, QUANTILES[STATISTIC]))
