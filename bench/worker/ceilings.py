"""Ceilings: the best rates that this machine reaches, timed as cells are: matrix products, copies, operator calls."""

from collections.abc import Callable, Iterable
from contextlib import suppress

import torch
from torch import nn
from torch.nn import functional as F

from bench import optimizers
from bench.devices import Device, open_device
from bench.measure.blocks import quiet_collector
from bench.measure.costs import count_dispatched
from bench.measure.stopwatch import Stopwatch
from bench.plan.precision import type_of
from bench.plan.task import Probe
from bench.process.channel import Channel
from bench.process.messages import Ceiling
from bench.stats.roofline import optimizer_key

# Edges of square matrices. 256 fills one core's caches, 1024 feeds a few dozen cores, 8192 a large GPU; which of them
# is best depends on the machine, so the edge doubles until products take long, and the best rate counts. By then it has
# ceased to rise (2 cores: 172, 181, 178, 171 GFLOP/s at 256 to 2048), and the next edge takes eight times as long.
EDGES = (256, 512, 1024, 2048, 4096, 8192)
LONG = 0.01  # seconds of a product

# Bytes of each of the two buffers of a copy. The last level of cache is some 32 MiB a group of cores on a server and
# 50 to 256 MiB on a large GPU; what fits there is copied at twice the speed and more.
COPY_BYTES = 128 * 2**20
BEYOND_CACHE = 4  # times what a GPU says of its cache

DEPTHS = (1, 4)  # layers of the small steps
PATIENCE = 1.0  # seconds in which what was disturbed is timed again, all ceilings of a probe together


def measure_ceilings(task: Probe, channel: Channel) -> None:
    """Send the ceilings of each dtype as soon as they are known, within 1 s each and PATIENCE in all."""
    torch.set_num_threads(task.threads)
    device = open_device(task.device)
    watch = Stopwatch(device, task.threads, PATIENCE)
    with quiet_collector():
        (operator, around), copied = call_seconds(watch, task.optimizers), bytes_per_second(watch)
        shared = watch.take_disturbed()
        for dtype in task.dtypes:
            rate = flops_per_second(watch, getattr(torch, type_of(dtype)))
            ceiling: Ceiling = {
                "device": task.device,
                "dtype": dtype,
                "threads": task.threads,
                "flops_per_second": rate,
                "bytes_per_second": copied,
                "operator_seconds": operator,
                "step_seconds": around,
                "disturbed": sorted(shared | watch.take_disturbed()),
            }
            channel.send("measurements", [ceiling])


@torch.inference_mode()
def flops_per_second(watch: Stopwatch, dtype: torch.dtype) -> float:
    """The best rate of square matrix products, 2 n^3 FLOPs each."""
    best = 0.0
    for edge in EDGES:
        left, right = (torch.rand(edge, edge, device=watch.device.torch_device).to(dtype) for _ in range(2))
        result = torch.empty_like(left)
        seconds = watch.seconds("flops_per_second", lambda a=left, b=right, c=result: torch.mm(a, b, out=c))  # type: ignore[misc]
        best = max(best, 2 * edge**3 / seconds)
        if seconds >= LONG:
            break
    return best


@torch.inference_mode()
def bytes_per_second(watch: Stopwatch) -> float:
    """The rate of copies that no cache holds, bytes read and bytes written both counted."""
    size: int = max(COPY_BYTES, BEYOND_CACHE * watch.device.describe().get("gpu_cache", 0))
    source = torch.ones(size // 4, device=watch.device.torch_device)
    target = torch.empty_like(source)
    return 2 * size / watch.seconds("bytes_per_second", lambda: target.copy_(source))


def call_seconds(watch: Stopwatch, used: Iterable[tuple[str, str, str]] = ()) -> tuple[float, dict[str, float]]:
    """What one more operator of a training step costs however little it computes, autograd and modules included.

    By two small steps of unlike depth; a bare call without a gradient costs half of it. And what a step costs around
    its operators, by optimizer and implementation: Python, and the start of autograd. All are timed in turn.
    """
    by_depth = [small_step(watch.device, layers=layers) for layers in DEPTHS]
    steps = small_steps(watch.device, used)
    shallow, deep, *others = watch.seconds_in_turn("operator_seconds", [*by_depth, *steps.values()])
    fewer, more = map(count_dispatched, by_depth)
    operator = (deep - shallow) / (more - fewer) if deep > shallow else deep / more
    return operator, {
        key: max(0.0, seconds - operator * count_dispatched(step))
        for (key, step), seconds in zip(steps.items(), others, strict=True)
    }


def small_steps(device: Device, used: Iterable[tuple[str, str, str]]) -> dict[str, Callable[[], object]]:
    """A small step of each optimizer; one that needs a closure, or cannot step so small a net, is left out."""
    steps = {}
    for name, implementation, source in used:
        if optimizers.unsupported(source, implementation, device.torch_device):
            continue
        with suppress(Exception):  # whatever an optimizer of a user's does with so few weights
            steps[optimizer_key(name, implementation)] = small_step(device, source, implementation)
    return steps


def small_step(
    device: Device, optimizer: str = "sgd", implementation: str = "default", layers: int = 1
) -> Callable[[], object]:
    """A training step of one image of 8 numbers through Linear and ReLU, as steps of cells are made."""
    net = nn.Sequential(*(part for _ in range(layers) for part in (nn.Linear(8, 8), nn.ReLU())))
    net.to(device.torch_device)
    updated = optimizers.build(optimizer, net, implementation)
    image = torch.rand(1, 8, device=device.torch_device)
    label = torch.zeros(1, dtype=torch.long, device=device.torch_device)

    def step() -> None:
        updated.zero_grad()
        F.cross_entropy(net(image), label).backward()
        updated.step()

    for _ in range(2):
        step()  # makes the gradients and the optimizer's state
    return step
