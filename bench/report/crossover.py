"""Crossover: from which batch on a GPU takes less time for a step of a net than a CPU does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.plan.cell import Cell
from bench.report.across import Across, Machine, Net
from bench.report.machine_order import side
from bench.stats.interval import Interval
from bench.stats.ratio import crossing, ratio

METRIC = "step"


@dataclass(frozen=True, slots=True)
class Crossover:
    """A net on a CPU and on a GPU.

    Attributes:
        net: its name without the batch.
        cpu: the machine whose CPU it ran on.
        gpu: the machine whose GPU it ran on.
        ratios: by batch size, ascending: seconds of the GPU's step over those of the CPU's; below 1 the GPU is faster.
        last_cpu: the largest batch up to which the CPU is certainly faster; None where it is at none.
        first_gpu: the smallest batch from which on the GPU is certainly faster; None where it is at none.
        batch: where both take as long, on a straight line between two measured batches on log axes; None where the
            times cross at none.

    """

    net: str
    cpu: Machine
    gpu: Machine
    ratios: Mapping[int, Interval]
    last_cpu: int | None
    first_gpu: int | None
    batch: float | None


def crossovers(compared: Across) -> list[Crossover]:
    """Of each net that a CPU and a GPU measured with a batch in common, the crossover of these two."""
    sweeps: dict[Cell, list[Net]] = {}
    for net in compared.nets:
        sweeps.setdefault(replace(net.cell, batch_size=1), []).append(net)
    cpus = [machine for machine in compared.machines if machine.on_host]
    gpus = [machine for machine in compared.machines if not machine.on_host]
    return [
        crossover
        for nets in sweeps.values()
        for cpu in cpus
        for gpu in gpus
        if (crossover := _crossover(sorted(nets, key=lambda net: net.cell.batch_size), cpu, gpu))
    ]


def _crossover(nets: Iterable[Net], cpu: Machine, gpu: Machine) -> Crossover | None:
    ratios: dict[int, Interval] = {}
    name = ""
    for net in nets:
        slow, fast = net.figure(cpu.key, METRIC), net.figure(gpu.key, METRIC)
        if slow and fast:
            name = net.name.replace(f"-b{net.cell.batch_size}", "", 1)
            known = ratio(fast.interval, slow.interval)
            certain = slow.certain and fast.certain
            ratios[net.cell.batch_size] = known if certain else Interval(known.value, None, None, known.n)
    if not ratios:
        return None
    above = crossing([*ratios], [1 / each.value for each in ratios.values()])
    return Crossover(name, cpu, gpu, ratios, _up_to(ratios, 1), _up_to(dict(reversed(ratios.items())), -1), above)


def _up_to(ratios: Mapping[int, Interval], wanted: int) -> int | None:
    """The last batch in this order up to which all ratios lie certainly on that side."""
    last = None
    for batch, interval in ratios.items():
        if side(interval) != wanted:
            break
        last = batch
    return last
