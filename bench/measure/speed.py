"""Speed: a cell's phases, its inference, and its cost relative to the reference architecture."""

from collections.abc import Iterator
from random import Random

import numpy as np
import torch

from bench.measure.blocks import Block, WarmUp, quiet_collector, run_block, run_untimed, warm_up
from bench.measure.workload import Workload
from bench.plan.timing import INFERENCE_BLOCKS, LEAD_SECONDS
from bench.store.result import Floats, Measurement
from bench.vocabulary import FETCH, WHOLE_STEP, Quantile

# Low quantiles repeat best where contention only ever adds time: chosen by measured A/A spread, see DESIGN.md.
STATISTIC: Quantile = "p25"
RELATIVE_STATISTIC: Quantile = "p10"


def measure_phases(work: Workload, blocks: int, threads: int) -> tuple[list[Block], list[Measurement], WarmUp]:
    """Time the phases inside whole training steps."""
    work.model.train()
    with quiet_collector():
        warm = warm_up(work.device, work.timed_step)
        evaluations = work.evaluations
        timed = [timed_block("train", work, warm.block_steps) for _ in range(blocks)]
        evaluations = work.evaluations - evaluations
    names = work.timed_phases
    phases = np.concatenate([block.intervals for block in timed])[:, : len(names)]
    step = Measurement.of_samples("step", step_times(timed, "train", names), statistic=STATISTIC, threads=threads)
    measurements = [
        Measurement.of_samples(name, phases[:, column], statistic=STATISTIC, threads=threads)
        for column, name in enumerate(names)
        if name != WHOLE_STEP
    ]
    wall = np.array([block.wall / block.steps for block in timed])
    gap = 1 - phases.sum() / sum(block.wall for block in timed)
    steps = sum(block.steps for block in timed)
    faults = sum(block.faults for block in timed) / steps
    measurements += [
        Measurement.of_samples("step_wall", wall, statistic=STATISTIC, threads=threads),
        Measurement.of_value("throughput", work.cell.batch_size / step.value, STATISTIC, threads),
        Measurement.of_value("phase_gap", float(gap), "mean", threads),
        Measurement.of_value("page_faults", faults, "mean", threads),
    ]
    if work.needs_closure:
        measurements.append(Measurement.of_value("evaluations", evaluations / steps, "mean"))
    return timed, [step, *measurements], warm


def measure_inference(work: Workload, threads: int) -> tuple[list[Block], list[Measurement], WarmUp]:
    """Time batches through the model in eval() and inference_mode()."""
    work.model.eval()
    with torch.inference_mode(), quiet_collector():
        warm = warm_up(work.device, work.infer, least=0)
        timed = [
            run_block("inference", work.device, work.infer, warm.block_steps, marks=2) for _ in range(INFERENCE_BLOCKS)
        ]
    work.model.train()
    samples = np.concatenate([block.intervals[:, 0] for block in timed])
    batch = Measurement.of_samples("inference", samples, statistic=STATISTIC, threads=threads)
    rate = work.cell.batch_size / batch.value
    return timed, [batch, Measurement.of_value("inference_throughput", rate, STATISTIC, threads)], warm


def measure_copy(work: Workload) -> list[Measurement]:
    """Time one batch on its way from the host's pinned memory to the device; nothing where they share memory."""
    step = work.device.copy_of(*work.next_batch())
    if step is None:
        return []
    warm = warm_up(work.device, step, least=0)
    timed = [run_block("copy", work.device, step, warm.block_steps, marks=2) for _ in range(INFERENCE_BLOCKS)]
    samples = np.concatenate([block.intervals[:, 0] for block in timed])
    return [Measurement.of_samples("copy", samples, statistic=STATISTIC)]


def measure_relative(
    cell: Workload, reference: Workload, blocks: int, order: Random, threads: int
) -> tuple[list[Block], list[Measurement], bool]:
    """Time cell and reference in alternating blocks, the first of each pair drawn at random.

    The relative cost is the ratio of their seconds per image. Also returns whether both were steady before.
    """
    with quiet_collector():
        lengths = {work: warm_up(work.device, work.timed_step, least=0) for work in (reference, cell)}
        timed = list(_alternate(cell, reference, lengths, blocks, order))
    own, other = (
        Measurement.of_samples(
            f"relative_{subject}",
            step_times(timed, subject, work.timed_phases),
            statistic=RELATIVE_STATISTIC,
            threads=threads,
        )
        for subject, work in (("cell", cell), ("reference", reference))
    )
    ratio = (own.value / cell.cell.batch_size) / (other.value / reference.cell.batch_size)
    cost = Measurement.of_value("relative_cost", ratio, RELATIVE_STATISTIC, threads)
    return timed, [own, other, cost], all(warm.steady for warm in lengths.values())


def timed_block(subject: str, work: Workload, steps: int) -> Block:
    """One block of training steps."""
    return run_block(subject, work.device, work.timed_step, steps, len(work.timed_phases) + 1, phase_log=work.phase_log)


def step_times(timed: list[Block], subject: str, phases: tuple[str, ...]) -> Floats:
    """Seconds of each step of the blocks of one subject: all its phases but the fetch of its batch."""
    columns = [column for column, phase in enumerate(phases) if phase != FETCH]
    return np.concatenate([block.intervals[:, columns].sum(axis=1) for block in timed if block.subject == subject])


def _alternate(
    cell: Workload, reference: Workload, lengths: dict[Workload, WarmUp], blocks: int, order: Random
) -> Iterator[Block]:
    """The blocks of each pair, each led in by a few untimed steps."""
    sides = [("cell", cell), ("reference", reference)]
    for _ in range(blocks):
        order.shuffle(sides)
        for subject, work in sides:
            run_untimed(work.device, work.timed_step, LEAD_SECONDS)
            yield timed_block(subject, work, lengths[work].block_steps)
