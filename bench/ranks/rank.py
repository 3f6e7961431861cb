"""Rank: what one of several processes does that train a cell together, from its device to its trace."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.devices import device_for
from bench.machine.system import describe_system, usable_cores
from bench.measure import noise
from bench.measure.batches import RESIDENT_IMAGES, Sources, load_for
from bench.measure.blocks import Block
from bench.measure.threads import check_threads
from bench.origins.digests import digests_of_code
from bench.plan.ranks import device_of, is_oversubscribed
from bench.plan.task import Task
from bench.process.layout import layout_of, shift_heap
from bench.ranks.blocks import measure_together
from bench.ranks.launch import Place
from bench.ranks.sharded import ShardedWorkload
from bench.ranks.together import joined
from bench.ranks.traced import trace_communication
from bench.store.warning import Warning
from bench.text import plural
from bench.trace.communication import Communication


@dataclass(frozen=True, slots=True)
class RankParts:
    """What one rank measured.

    Attributes:
        system: hardware and software as it saw them.
        code: the SHA-256 of the files that the cell names, by the text that names each.
        phases: of a step, in order: the columns of the blocks' intervals.
        blocks: its part of each block.
        communication: what its steps spend on exchanges; None where that is not known.
        warnings: on its blocks.

    """

    system: Mapping[str, Any]
    code: Mapping[str, str]
    phases: tuple[str, ...]
    blocks: list[Block]
    communication: Communication | None
    warnings: list[Warning]


def measure_rank(place: Place, task: Task) -> RankParts:
    """Measure this rank's part of a cell, in a process that has run nothing before.

    Raises:
        BenchError: the cell's data, threads or code are not as the task says.

    """
    cell = task.cell
    device = device_for(replace(cell, device=device_of(cell.device, place.rank)))
    system = {**describe_system(device), "layout": layout_of(shift_heap())}
    check_threads(cell.threads)
    dataset = load_for(cell, task.data_dir, whole=False)
    images = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
    device.settle_memory()
    with joined(place, device.facts.collective, task.timeout) as together:
        work = ShardedWorkload(cell, device, *images, dataset.num_classes, rank=place.rank)
        blocks, warm = measure_together(work, together, task.blocks)
        step = together.slowest(sum(block.wall for block in blocks) / sum(block.steps for block in blocks))
        finite = bool(torch.isfinite(work.step()))
        communication = trace_communication(work, place, step)
    shared = is_oversubscribed(cell, usable_cores(), on_host=device.facts.on_host)
    warnings = _of_noise(blocks, warm.steady, cell.threads, shared=shared)
    if shared:
        warnings.append(_oversubscribed(task, usable_cores()))
    if not finite:
        text = "the loss was not finite any more when timing ended"
        warnings.append(Warning("timing", "loss not finite", None, text))
    return RankParts(system, digests_of_code(cell), work.timed_phases, blocks, communication, warnings)


def _of_noise(blocks: list[Block], steady: bool, threads: int, *, shared: bool) -> list[Warning]:
    """What makes the blocks doubtful. A rank waits for the others, so that its CPU time tells of no neighbour.

    What its threads waited for a core does. Where ranks share cores by intent, that is told in another way.
    """
    warnings = [each for each in noise.warnings_of("phases", blocks, steady, threads) if each.kind != "contended"]
    if not shared:
        warnings += [replace(each, part="phases") for each in noise.contention("step", blocks, threads)]
    return warnings


def _oversubscribed(task: Task, cores: int) -> Warning:
    ranks, threads = task.cell.world_size, task.cell.world_size * task.cell.threads
    text = f"{plural(ranks, 'rank')} with {plural(threads, 'thread')} in all share {plural(cores, 'core')}"
    return Warning("phases", "oversubscribed", threads / cores, text)
