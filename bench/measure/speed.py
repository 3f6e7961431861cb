"""Speed: a cell's phases, its inference, and its cost relative to the frozen references."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np
import torch

from bench.devices import Device
from bench.devices.precision import torchs_own
from bench.measure.blocks import (
    Block,
    PhaseLog,
    Step,
    WarmUp,
    block_length,
    quiet_collector,
    run_block,
    run_untimed,
    warm_up,
)
from bench.measure.reference import FrozenNet
from bench.measure.watch import UNWATCHED, Watch, energy_measurements
from bench.measure.workload import Workload
from bench.plan.timing import INFERENCE_BLOCKS, LAUNCH_BLOCKS, LEAD_SECONDS, RELATIVE_STATISTIC, STATISTIC
from bench.store.result import Floats, Measurement
from bench.vocabulary import FETCH, WHOLE, WHOLE_STEP

MARKED = "marked"  # the subject of blocks with marks within their steps, where they are apart from the step's own


@dataclass(frozen=True, slots=True)
class Subject:
    """What is stepped in blocks: its name there, its step, the phases between marks, and images a step.

    `fixed` gives what a timed block is within: there nothing may be compiled.
    """

    name: str
    step: Step
    phases: tuple[str, ...]
    batch_size: int
    phase_log: PhaseLog | None = None
    fixed: Callable[[], AbstractContextManager[None]] = nullcontext
    is_frozen: bool = False

    @classmethod
    def of(cls, name: str, work: Workload) -> "Subject":
        """A cell's, with all the phases that can be timed."""
        return cls(name, work.timed_step, work.timed_phases, work.cell.batch_size, work.timed_log, work.fixed)

    @classmethod
    def whole(cls, name: str, work: Workload) -> "Subject":
        """A cell's with no mark within its step, where such a mark costs a share of a small one; else as `of`."""
        if work.device.facts.queued:
            return cls(name, work.whole_step, WHOLE, work.cell.batch_size, fixed=work.fixed)
        return cls.of(name, work)

    @classmethod
    def frozen(cls, name: str, net: FrozenNet) -> "Subject":
        """A reference's, whose step is timed whole."""
        return cls(name, net.step, (WHOLE_STEP,), net.batch_size, is_frozen=True)

    def within(self, device: Device) -> AbstractContextManager[None]:
        """Where its steps run: a reference computes as torch does by itself, whatever the cell asks for."""
        return torchs_own(device) if self.is_frozen else nullcontext()

    def warm_up(self, device: Device) -> WarmUp:
        """Warm it up in a process that is warm."""
        with self.within(device):
            return warm_up(device, self.step, least=0)

    def led_block(self, device: Device, steps: int, watch: Watch) -> Block:
        """One block of so many steps, led in by a few untimed ones, with what `watch` reads around it."""
        lead = partial(lead_in, device, self.step)
        with self.within(device):
            lead()
            return watch.block(partial(self.block, device, steps), lead)

    def block(self, device: Device, steps: int) -> Block:
        """One block of so many steps."""
        with self.fixed():
            return run_block(self.name, device, self.step, steps, len(self.phases) + 1, phase_log=self.phase_log)

    def seconds(self, timed: Sequence[Block]) -> Floats:
        """Of each of its steps in these blocks."""
        return step_times(timed, self.name, self.phases)


def measure_phases(
    work: Workload, blocks: int, threads: int, watch: Watch = UNWATCHED
) -> tuple[list[Block], list[Measurement], WarmUp]:
    """Time whole training steps and the phases inside: of the same steps where a mark costs next to nothing.

    Else the step's own blocks alternate with those of its phases, and how much longer marked ones take is told. `watch`
    reads around all of them; the energy is that of the step's own.
    """
    work.train()
    whole, marked = Subject.whole("train", work), Subject.of(MARKED, work)
    apart = whole.phases != marked.phases
    with quiet_collector():
        warm = warm_up(work.device, whole.step)
        evaluations = work.evaluations
        turns = [whole, marked] if apart else [whole]
        timed = [
            watch.block(
                partial(subject.block, work.device, warm.block_steps), partial(lead_in, work.device, subject.step)
            )
            for _ in range(blocks)
            for subject in turns
        ]
        evaluations = work.evaluations - evaluations
    own = [block for block in timed if block.subject == whole.name]
    measurements = step_measurements(own, whole.phases, work.cell.batch_size, threads)
    measurements += energy_measurements(own, watch.meter, work.cell.batch_size, threads)
    if apart:
        others = [block for block in timed if block.subject == MARKED]
        measurements += marked_measurements(own, others, marked.phases, threads)
    if work.device.facts.queued:
        measurements.append(_launching(own, threads))
    if work.needs_closure:
        steps = sum(block.steps for block in timed)
        measurements.append(Measurement.of_value("evaluations", evaluations / steps, "mean"))
    return timed, measurements, warm


def marked_measurements(
    plain: Sequence[Block], marked: Sequence[Block], names: tuple[str, ...], threads: int
) -> list[Measurement]:
    """The phases of blocks with marks within their steps, and how much longer these take than `plain` ones.

    Args:
        plain: blocks of the same steps without such marks, which stand for the step.
        marked: those with them.
        names: of the phases, the columns of their intervals.
        threads: CPU threads in force.

    """
    longer, seconds = (np.median([block.wall / block.steps for block in each]) for each in (marked, plain))
    overhead = Measurement.of_value("mark_overhead", float(longer / seconds) - 1, "median", threads)
    phases = _phases(marked, names, threads)
    return [*(phase for phase in phases if phase.metric not in WHOLE), overhead]


def _phases(timed: Sequence[Block], names: tuple[str, ...], threads: int) -> list[Measurement]:
    """Seconds of each phase in all steps of these blocks, whose columns are `names`; the whole step is none."""
    columns = np.concatenate([block.intervals for block in timed])
    return [
        Measurement.of_samples(name, columns[:, at], statistic=STATISTIC, threads=threads)
        for at, name in enumerate(names)
        if name != WHOLE_STEP
    ]


def _launching(timed: Sequence[Block], threads: int) -> Measurement:
    """Seconds a step until the host had given all of a block to the device: near those of a step, it is the slower."""
    seconds = np.array([(block.launched or block.wall) / block.steps for block in timed])
    return Measurement.of_samples("launching", seconds, statistic=STATISTIC, threads=threads)


def step_measurements(
    timed: Sequence[Block], names: tuple[str, ...], batch_size: int, threads: int
) -> list[Measurement]:
    """What blocks of training steps say: the step first, then its phases, the wall time, the rate, gap and faults.

    Args:
        timed: the blocks.
        names: the phases, or the whole step: the columns of their intervals.
        batch_size: images a step, of all ranks together.
        threads: CPU threads in force, of each rank.

    """
    phases = np.concatenate([block.intervals for block in timed])[:, : len(names)]
    step = Measurement.of_samples("step", step_times(timed, "train", names), statistic=STATISTIC, threads=threads)
    wall = np.array([block.wall / block.steps for block in timed])
    gap = 1 - phases.sum() / sum(block.wall for block in timed)
    steps = sum(block.steps for block in timed)
    faults = sum(block.faults for block in timed) / steps
    measurements = [
        *_phases(timed, names, threads),
        Measurement.of_samples("step_wall", wall, statistic=STATISTIC, threads=threads),
        Measurement.of_value("throughput", batch_size / step.value, STATISTIC, threads),
        Measurement.of_value("phase_gap", float(gap), "mean", threads),
        Measurement.of_value("page_faults", faults, "mean", threads),
    ]
    return [step, *measurements]


def measure_inference(
    work: Workload, threads: int, watch: Watch = UNWATCHED
) -> tuple[list[Block], list[Measurement], WarmUp]:
    """Time batches through the model in eval() and inference_mode(), with what `watch` reads around the blocks."""
    work.eval()
    with torch.inference_mode(), quiet_collector():
        warm = warm_up(work.device, work.infer, least=0)
        run = partial(_inference_block, work, warm.block_steps)
        timed = [watch.block(run, partial(lead_in, work.device, work.infer)) for _ in range(INFERENCE_BLOCKS)]
    work.train()
    samples = np.concatenate([block.intervals[:, 0] for block in timed])
    batch = Measurement.of_samples("inference", samples, statistic=STATISTIC, threads=threads)
    rate = work.cell.batch_size / batch.value
    return timed, [batch, Measurement.of_value("inference_throughput", rate, STATISTIC, threads)], warm


def _inference_block(work: Workload, batches: int) -> Block:
    with work.fixed():
        return run_block("inference", work.device, work.infer, batches, marks=2)


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
    cell: Workload,
    references: tuple[FrozenNet, FrozenNet],
    blocks: int,
    order: Random,
    threads: int,
    *,
    watch: Watch = UNWATCHED,
) -> tuple[list[Block], list[Measurement], bool]:
    """Time cell and references in blocks that alternate, the first of each turn drawn at random.

    The relative cost is the ratio of their seconds per image. The second reference, which is bound by launches, has a
    few blocks in turns that are drawn, and the ratio to it is of seconds a step: a launch takes as long for one image
    as for many. Also returns whether cell and reference were steady before.
    """
    own = Subject.whole("cell", cell)
    other, launches = (
        Subject.frozen(name, net) for name, net in zip(("reference", "launch reference"), references, strict=True)
    )
    with quiet_collector():
        warm = {each.name: each.warm_up(cell.device) for each in (launches, other, own)}
        timed = list(_alternate(cell.device, (own, other, launches), warm, blocks, order, watch=watch))
    step, beside = (
        Measurement.of_samples(
            f"relative_{subject.name}", subject.seconds(timed), statistic=RELATIVE_STATISTIC, threads=threads
        )
        for subject in (own, other)
    )
    launch = Measurement.of_samples(
        "launch_reference", launches.seconds(timed), statistic=RELATIVE_STATISTIC, threads=threads
    )
    ratio = (step.value / own.batch_size) / (beside.value / other.batch_size)
    costs = [
        Measurement.of_value("relative_cost", ratio, RELATIVE_STATISTIC, threads),
        Measurement.of_value("launch_cost", step.value / launch.value, RELATIVE_STATISTIC, threads),
    ]
    return timed, [step, beside, launch, *costs], warm[own.name].steady and warm[other.name].steady


def lead_in(device: Device, step: Step) -> None:
    """Untimed steps before a block that follows on something else."""
    run_untimed(device, step, LEAD_SECONDS)


def timed_block(subject: str, work: Workload, steps: int) -> Block:
    """One block of training steps, with their phases where these can be timed."""
    return Subject.of(subject, work).block(work.device, steps)


def block_alone(work: Workload) -> Block:
    """A block in which one thread steps a cell that is timed with several; the threads are the caller's to set."""
    first = timed_block("cell", work, 1)
    return timed_block("cell", work, block_length(first.wall))


def step_times(timed: Sequence[Block], subject: str, phases: tuple[str, ...]) -> Floats:
    """Seconds of each step of the blocks of one subject: all its phases but the fetch of its batch."""
    columns = [column for column, phase in enumerate(phases) if phase != FETCH]
    return np.concatenate([block.intervals[:, columns].sum(axis=1) for block in timed if block.subject == subject])


def _alternate(
    device: Device, subjects: Sequence[Subject], warm: Mapping[str, WarmUp], blocks: int, order: Random, *, watch: Watch
) -> Iterator[Block]:
    """The blocks of each turn, each led in by a few untimed steps; the last subject has its turn now and then."""
    *pair, launches = subjects
    with_launches = set(order.sample(range(blocks), min(LAUNCH_BLOCKS, blocks)))
    for turn in range(blocks):
        due = [*pair, launches] if turn in with_launches else [*pair]
        order.shuffle(due)
        for subject in due:
            yield subject.led_block(device, warm[subject.name].block_steps, watch)
