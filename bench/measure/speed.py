"""Speed: a cell's phases, its inference, and its cost relative to the reference architecture."""

from collections.abc import Iterator
from random import Random

import numpy as np
import torch

from bench.measure.blocks import Block, Warmth, quiet_collector, run_block, run_untimed, warm_up
from bench.measure.workload import PHASES, Workload
from bench.plan.protocol import INFERENCE_BLOCKS, LEAD_SECONDS
from bench.store.result import Floats, Measurement

STATISTIC = "p25"  # a low quantile repeats best where contention only ever adds time; see DESIGN.md
TRAIN_MARKS, INFERENCE_MARKS = len(PHASES) + 1, 2


def measure_phases(work: Workload, rounds: int, threads: int) -> tuple[list[Block], list[Measurement], Warmth]:
    """Time the phases inside whole training steps."""
    work.model.train()
    with quiet_collector():
        warmth = warm_up(work.device, work.step)
        blocks = [run_block("train", work.device, work.step, warmth.block_steps, TRAIN_MARKS) for _ in range(rounds)]
    phases = np.concatenate([block.intervals for block in blocks])[:, : len(PHASES)]
    whole = phases[:, 1:].sum(axis=1)  # the step is everything but the fetch of its batch
    found = [
        Measurement.of_samples(name, phases[:, column], statistic=STATISTIC, threads=threads)
        for column, name in enumerate(PHASES)
    ]
    step = Measurement.of_samples("step", whole, statistic=STATISTIC, threads=threads)
    wall = np.array([block.wall / block.steps for block in blocks])
    outside = 1 - phases.sum() / sum(block.wall for block in blocks)
    return (
        blocks,
        [
            step,
            *found,
            Measurement.of_samples("step_wall", wall, statistic=STATISTIC, threads=threads),
            Measurement("throughput", "1/s", "higher", work.cell.batch_size / step.value, STATISTIC, threads),
            Measurement("phase_gap", "1", "lower", float(outside), "mean", threads),
            _faults(blocks, threads),
        ],
        warmth,
    )


def measure_inference(work: Workload, threads: int) -> tuple[list[Block], list[Measurement]]:
    """Time batches through the model in eval() and inference_mode()."""
    work.model.eval()
    with torch.inference_mode(), quiet_collector():
        warmth = warm_up(work.device, work.infer, least=0)
        blocks = [
            run_block("inference", work.device, work.infer, warmth.block_steps, INFERENCE_MARKS)
            for _ in range(INFERENCE_BLOCKS)
        ]
    work.model.train()
    samples = np.concatenate([block.intervals[:, 0] for block in blocks])
    batch = Measurement.of_samples("inference", samples, statistic=STATISTIC, threads=threads)
    rate = work.cell.batch_size / batch.value
    return blocks, [batch, Measurement("inference_throughput", "1/s", "higher", rate, STATISTIC, threads)]


def measure_relative(
    cell: Workload, reference: Workload, rounds: int, order: Random, threads: int
) -> tuple[list[Block], list[Measurement], bool]:
    """Time cell and reference in alternating blocks, the first of each round drawn at random.

    The relative cost is the ratio of their seconds per image. Also tells whether both were steady before.
    """
    with quiet_collector():
        lengths = {work: warm_up(work.device, work.step, least=0) for work in (reference, cell)}
        blocks = list(_alternate(cell, reference, lengths, rounds, order))
    samples = {subject: step_times(blocks, subject) for subject in ("cell", "reference")}
    own = Measurement.of_samples("relative_cell", samples["cell"], statistic=STATISTIC, threads=threads)
    other = Measurement.of_samples("relative_reference", samples["reference"], statistic=STATISTIC, threads=threads)
    ratio = (own.value / cell.cell.batch_size) / (other.value / reference.cell.batch_size)
    cost = Measurement("relative_cost", "1", "lower", ratio, STATISTIC, threads)
    return blocks, [own, other, cost], all(warmth.steady for warmth in lengths.values())


def step_times(blocks: list[Block], subject: str) -> Floats:
    """Seconds of each step of the blocks of one subject, without the fetch of its batch."""
    return np.concatenate(
        [block.intervals[:, 1 : len(PHASES)].sum(axis=1) for block in blocks if block.subject == subject]
    )


def _alternate(
    cell: Workload, reference: Workload, lengths: dict[Workload, Warmth], rounds: int, order: Random
) -> Iterator[Block]:
    """The blocks of each round, each led in by a few untimed steps."""
    sides = [("cell", cell), ("reference", reference)]
    for _ in range(rounds):
        order.shuffle(sides)
        for subject, work in sides:
            run_untimed(work.device, work.step, LEAD_SECONDS)
            yield run_block(subject, work.device, work.step, lengths[work].block_steps, TRAIN_MARKS)


def _faults(blocks: list[Block], threads: int) -> Measurement:
    """Page faults a step, of all blocks together."""
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    return Measurement("page_faults", "1", "lower", faults, "mean", threads)
