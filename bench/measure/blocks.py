"""Blocks: runs of steps between two synchronizations, every step's time kept, and the warm-up before them."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np

from bench.counters.gpu import Around
from bench.devices import Device
from bench.measure.threads import longest_wait, stolen, waiting
from bench.plan.timing import BLOCK_SECONDS, WARM_AGREEMENT, WARM_CAP, WARM_SECONDS, WARM_STEPS
from bench.store.result import Floats

with suppress(ImportError):  # it is of Unix; elsewhere nothing tells of page faults and of being put aside
    import resource

QUEUED_SECONDS = 0.01  # of steps that are given to a device at once where nothing is timed: it is seldom waited for
Mark = Callable[[], None]
Step = Callable[[Mark], object]


class Spent(TypedDict):
    """The fields of Block that a Meter reads."""

    started: float
    wall: float
    cpu: float
    faults: int
    preempted: int
    waited: float | None


@dataclass(frozen=True, slots=True)
class Block:
    """What one block gave.

    Attributes:
        subject: what was run: "train", "inference", "cell", "reference" or "launch reference".
        started: seconds of the host's monotonic clock.
        wall: seconds from synchronization to synchronization, by the host's clock.
        cpu: CPU seconds of this process meanwhile.
        faults: page faults that needed no disk (ru_minflt) meanwhile.
        preempted: involuntary context switches meanwhile.
        intervals: seconds between marks, (steps, marks a step): the phases, then the gap to the next step.
        launched: seconds until the last step had been given to the device, which may be at work still.
        waited: seconds for which the thread that waited longest was ready and had no core, or for which a hypervisor
            kept one core from this system, whichever is more; None where nothing tells.
        joules: that the device drew meanwhile; None where they are not counted.
        gpu: what its driver told around it; None where it tells nothing.

    """

    subject: str
    started: float
    wall: float
    cpu: float
    faults: int
    preempted: int
    intervals: Floats = field(repr=False)
    waited: float | None = None
    launched: float | None = None
    joules: float | None = None
    gpu: Around | None = None

    @property
    def steps(self) -> int:
        """How many steps the block had."""
        return len(self.intervals)


def block_facts(block: Block) -> dict[str, Any]:
    """What is stored of a block: all but its intervals, how many steps it had, and what was read around it."""
    facts = ("subject", "started", "wall", "cpu", "faults", "preempted", "waited", "steps")
    joules = {} if block.joules is None else {"joules": block.joules}
    gpu = {} if block.gpu is None else {"gpu": block.gpu.to_dict()}
    return {**{name: getattr(block, name) for name in facts}, **joules, **gpu}


GAP = ""  # stands in a phase log for what lies between two steps


@dataclass(slots=True)
class PhaseLog:
    """Which phase began at each mark, where a phase may come several times a step; the first one begins each step."""

    phases: tuple[str, ...]
    entered: list[str] = field(default_factory=list)


def run_block(
    subject: str, device: Device, step: Step, steps: int, marks: int, *, phase_log: PhaseLog | None = None
) -> Block:
    """`steps` steps with one synchronization at each end and none between.

    Args:
        subject: the name to file it under.
        device: whose clock and synchronization to use.
        step: calls the mark it is given `marks` times.
        steps: how many.
        marks: marks a step.
        phase_log: what the step writes to where the number of marks differs between steps; they are summed by phase.

    """
    if phase_log is not None:
        phase_log.entered.clear()
    clock = device.clock(steps * marks + 1)
    mark = clock.mark
    device.synchronize()
    meter = Meter()
    for _ in range(steps):
        step(mark)
    mark()
    launched = time.perf_counter()
    device.synchronize()
    spent = meter.read()
    intervals = _by_step(clock.seconds(), steps, marks, phase_log)
    return Block(subject=subject, **spent, intervals=intervals, launched=launched - spent["started"])


class Meter:
    """What this process spends from now on, by its own counters; reading them stays outside the time between."""

    def __init__(self) -> None:
        self._waits, self._stolen = waiting(), stolen()
        self._usage = _usage()
        self._cpu, self._started = time.process_time(), time.perf_counter()

    def read(self) -> Spent:
        """What was spent until now."""
        wall, cpu = time.perf_counter() - self._started, time.process_time() - self._cpu
        faults, preempted = _usage()
        kept = [seconds - self._stolen.get(core, 0.0) for core, seconds in stolen().items()]
        waited = longest_wait(self._waits)
        return {
            "started": self._started,
            "wall": wall,
            "cpu": cpu,
            "faults": faults - self._usage[0],
            "preempted": preempted - self._usage[1],
            "waited": None if waited is None else max([waited, *kept]),
        }


def _usage() -> tuple[int, int]:
    """Page faults and involuntary context switches of this process so far; zeros where the system does not count."""
    try:
        usage = resource.getrusage(resource.RUSAGE_SELF)
    except NameError:  # not Unix
        return 0, 0
    return usage.ru_minflt, usage.ru_nivcsw


def _by_step(seconds: list[float], steps: int, marks: int, phase_log: PhaseLog | None) -> Floats:
    """The intervals between marks, (steps, marks); those of a phase log summed by phase, in the order of its phases."""
    if phase_log is None:
        return np.asarray(seconds).reshape(steps, marks)
    columns = {phase: at for at, phase in enumerate((*phase_log.phases, GAP))}
    step, summed = -1, np.zeros((steps, len(columns)))
    for phase, duration in zip(phase_log.entered, seconds, strict=True):
        step += phase == phase_log.phases[0]
        summed[step, columns[phase]] += duration
    return summed


def run_untimed(device: Device, step: Step, seconds: float) -> int:
    """Whole steps without a clock for at least so long, and how many there were.

    A device that is given steps without waiting is given so many at once as a block would: a wait after each of them
    would be part of what a step seems to take.
    """
    begun = time.perf_counter()
    _some(device, step, 1)
    steps, first = 1, time.perf_counter() - begun
    at_once = max(1, int(QUEUED_SECONDS / first)) if device.facts.queued else 1
    while time.perf_counter() < begun + seconds:
        _some(device, step, at_once)
        steps += at_once
    return steps


def _some(device: Device, step: Step, count: int) -> None:
    for _ in range(count):
        step(_unmarked)
    device.synchronize()


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How the warm-up ended: whether three mini-blocks agreed, after how long, and how long a block should be."""

    steady: bool
    seconds: float
    block_steps: int


def warm_up(device: Device, step: Step, least: float = WARM_SECONDS) -> WarmUp:
    """Run whole steps until three successive mini-blocks agree within 5 %, for `least` to 3 seconds.

    `least` is 0 once the process is warm. It also gives the length of a block.
    """
    start = time.perf_counter()
    _some(device, step, WARM_STEPS)
    times: list[float] = []
    while True:
        began = time.perf_counter()
        steps = run_untimed(device, step, BLOCK_SECONDS / 2)
        times.append((time.perf_counter() - began) / steps)
        last, elapsed = times[-3:], time.perf_counter() - start
        steady = len(last) == 3 and max(last) <= min(last) * (1 + WARM_AGREEMENT)
        if (steady and elapsed >= least) or elapsed >= WARM_CAP:
            return WarmUp(steady, elapsed, block_length(min(last)))


def block_length(step_seconds: float) -> int:
    """The smallest number of steps that lasts at least BLOCK_SECONDS."""
    return max(1, int(np.ceil(BLOCK_SECONDS / step_seconds)))


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Python's garbage collector off, after one collection: the same for all that is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _unmarked() -> None:
    """The mark of an untimed step."""
