"""Noise: what in the timed blocks makes their numbers doubtful, as warnings that go with the result."""

from collections.abc import Sequence

import numpy as np

from bench.measure.blocks import Block
from bench.store.warning import Warning
from bench.text import percent, signed
from bench.vocabulary import Part

FAULTS, BUSY, DRIFT = 10.0, 0.95, 0.01  # an unpinned allocator takes a thousand faults a step, a quiet worker about one

# Several threads: a block was contended where one of them waited for a core for this share of it (quiet, all threads
# together: at most 0.08; beside one busy process: at least 0.49, so one of two at least 0.24). Where the kernel does
# not count that, threads that were preempted so often a second (quiet: at most 78, contended: at least 119) and had no
# more than that share of their cores (at least 0.95, at most 0.75). A block was not quiet either
# in which all threads together had less than that share of one core: one of them has work at any time, though the
# others may sleep (with OMP_WAIT_POLICY=passive, quiet: at least 1.4 cores).
KEPT_WAITING, PREEMPTED, SHARE = 0.15, 60.0, 0.8
MARKS = 0.02  # of a step, by which marks between its phases may make it longer unsaid
SLOWER = 5.0  # times as long as with one thread: threads may be of no use to a net, but no net makes them cost that


def warnings_of(
    part: Part,
    blocks: list[Block],
    steady: bool,
    threads: int,
    *,
    throttles: Sequence[str] = (),
    alone: float = 0.0,
    on_host: bool = True,
    loaded: bool = False,
    beside: Sequence[Warning] | None = None,
) -> list[Warning]:
    """Warnings on one part of a measurement.

    Args:
        part: its name.
        blocks: in order of measurement.
        steady: how the warm-up ended.
        threads: CPU threads in force.
        throttles: what held the device's clocks down right after the blocks.
        alone: CPU seconds that a step takes this process with one thread; 0 where it was not measured.
        on_host: whether the device is the host's processor; beside another one its threads wait for that, and for each
            other.
        loaded: whether a loader gave the batches, each in memory of its own, so that page faults say nothing.
        beside: what a look at all processes says of neighbours, where some that load are this cell's own
            (`bench.training.loading`), so that its waits say nothing; None where there are none.

    """
    warnings = []
    if not steady:
        warnings.append(Warning(part, "not steady", None, "no steady state within the longest warm-up"))
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > FAULTS and not loaded:
        warnings.append(Warning(part, "faulting", faults, f"{faults:.0f} page faults a step"))
    longer = times_as_long(blocks, alone)
    warnings += contention(part, blocks, threads, longer, on_host=on_host) if beside is None else beside
    if throttles:
        warnings.append(Warning(part, "throttled", None, f"the device was held down by {' and '.join(throttles)}"))
    for subject in dict.fromkeys(block.subject for block in blocks):
        slope = drift([block for block in blocks if block.subject == subject])
        if abs(slope) > DRIFT:
            warnings.append(Warning(part, "drifting", slope, f"the {subject} blocks change by {signed(slope)} each"))
    return warnings


def contention(
    part: Part, blocks: Sequence[Block], threads: int, times: float = 0.0, *, on_host: bool = True
) -> list[Warning]:
    """A warning where the process did not have its cores to itself.

    One thread that is timed shows it by its CPU time. Several, a user's own step, and the host's part of a step on
    another device do by what they waited in more than half of the blocks, since a low quantile of the steps passes over
    fewer; several by less than one core for all, too; or by steps absurdly long.

    Args:
        part: of the measurement.
        blocks: of it.
        threads: CPU threads in force.
        times: how many times as long a step took as with one thread; 0 where that is not known.
        on_host: see `warnings_of`.

    """
    wall = sum(block.wall for block in blocks)
    busy = sum(block.cpu for block in blocks) / wall
    timed = on_host and part not in (
        "training",
        "step",
    )  # one also waits for who takes what it sends, a user's own for anything
    if threads == 1 and timed:
        text = f"the process had {percent(busy)} of its core"
        return [Warning(part, "contended", busy, text)] if busy < BUSY else []
    lost = [block for block in blocks if is_kept_waiting(block, threads) or (timed and block.cpu < SHARE * block.wall)]
    if len(lost) <= len(blocks) / 2 and times <= SLOWER:
        return []
    waited = min(1.0, sum(block.waited or 0.0 for block in blocks) / wall)  # a wait may have begun before its block
    waits = (part == "step" or not on_host) and waited > 0  # its own waits are no neighbour's
    share = 1 - waited if waits else min(busy / threads, 1 - waited)
    whose = f"one of {threads} threads" if threads > 1 else "the process"
    text = f"{whose} had at most {percent(share)} of its core"
    long = f", and a step took {times:.0f} times as long as with 1 thread" if times > SLOWER else ""
    return [Warning(part, "contended", share, text + long)]


def of_marks(part: Part, overhead: float) -> list[Warning]:
    """A warning where marks between the phases make a step so much longer that the phases are told too long."""
    if overhead <= MARKS:
        return []
    text = f"marks make a step {percent(overhead)} longer: its phases are told too long by that, it is not"
    return [Warning(part, "costly marks", overhead, text)]


def times_as_long(blocks: Sequence[Block], alone: float) -> float:
    """How many times as long a step took, in the faster half of the blocks, as `alone`; 0 where that is not known."""
    steps = sorted(block.wall / block.steps for block in blocks)
    return steps[(len(steps) - 1) // 2] / alone if alone else 0.0


def seconds_alone(blocks: Sequence[Block], subject: str = "cell") -> float:
    """CPU seconds of a step in blocks of one thread, which a busy neighbour hardly changes."""
    own = [block for block in blocks if block.subject == subject]
    return sum(block.cpu for block in own) / sum(block.steps for block in own)


def is_kept_waiting(block: Block, threads: int) -> bool:
    """Whether the threads of a block had to share a core with something else, or with each other."""
    if block.waited is not None:
        return block.waited > KEPT_WAITING * block.wall
    return block.preempted > PREEMPTED * block.wall and block.cpu < SHARE * threads * block.wall


def drift(blocks: list[Block]) -> float:
    """Relative change of the time of a step from block to block, where it is more than noise; else 0.

    The median of the slopes of all pairs of logarithms (Theil 1950, Sen 1968), if the order of the blocks agrees with
    it beyond chance at 1 % (Mann 1945, Kendall 1975; normal approximation), which takes six blocks at the least.
    """
    times = np.log([block.wall / block.steps for block in blocks])
    count = len(times)
    first, second = np.triu_indices(count, k=1)
    rises = times[second] - times[first]
    spread = np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if count < 6 or abs(np.sign(rises).sum()) - 1 <= 2.576 * spread:
        return 0.0
    return float(np.median(rises / (second - first)))
