"""Watch: what is read around each block beside its times; a block in which a GPU was throttled is made again."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.counters.energy import EnergyMeter
from bench.counters.gpu import Around, Moment, around
from bench.counters.nvml import Gpu
from bench.measure.blocks import Block
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.text import joined, plural
from bench.vocabulary import Part

PAUSE = 1.0  # seconds to cool down after a throttled block; twice as long after each that follows
PATIENCE = 15.0  # seconds of pauses in a process; then blocks count as they are


@dataclass(slots=True)
class Watch:
    """Reads what there is to read around a block; where that is nothing, a block costs nothing more.

    Attributes:
        meter: of the energy; None where that is not counted.
        gpu: the GPU that the blocks run on, as its driver sees it; None where there is none or it tells nothing.
        own: how many processes that compute on it are ours.
        patience: seconds of pauses that are left.
        dropped: the blocks that did not count.
        sleep: waits.

    """

    meter: EnergyMeter | None = None
    gpu: Gpu | None = None
    own: int = 1
    patience: float = PATIENCE
    dropped: list[Block] = field(default_factory=list)
    sleep: Callable[[float], object] = time.sleep

    def block(self, run: Callable[[], Block], lead_in: Callable[[], object]) -> Block:
        """The block that `run` makes, with what was read around it.

        Where the GPU was throttled it is dropped, and made again after a pause and a `lead_in`, as long as there is
        patience.
        """
        if self.meter is None and self.gpu is None:
            return run()
        block, pause = self._read_around(run), PAUSE
        while block.gpu and block.gpu.throttled and self.patience > 0:
            self.dropped.append(block)
            self.sleep(pause)
            self.patience -= pause
            pause *= 2
            lead_in()
            block = self._read_around(run)
        return block

    def take_dropped(self) -> list[Block]:
        """The blocks that were dropped since this was last asked."""
        dropped, self.dropped = self.dropped, []
        return dropped

    def _read_around(self, run: Callable[[], Block]) -> Block:
        before = self.gpu.moment() if self.gpu else None
        if self.meter:
            self.meter.start()
        block = run()
        joules = self.meter.joules() if self.meter else None
        return replace(block, joules=joules, gpu=self._since(before, block.wall))

    def _since(self, before: Moment | None, seconds: float) -> Around | None:
        return around(before, self.gpu.moment(), seconds, self.own) if self.gpu and before else None


UNWATCHED = Watch()


def watch_warnings(part: Part, blocks: Sequence[Block], dropped: Sequence[Block]) -> list[Warning]:
    """What the driver of a GPU told of blocks: that they were throttled, and that others compute on it."""
    held = [block for block in blocks if block.gpu and block.gpu.throttled]
    others = max((block.gpu.others for block in blocks if block.gpu), default=0)
    warnings = []
    if held or dropped:
        why = Counter(reason for block in (*held, *dropped) if block.gpu for reason in block.gpu.throttled)
        again = f"{plural(len(dropped), 'block')} dropped and measured again" if dropped else ""
        still = f"{len(held)} of {plural(len(blocks), 'block')} that count" if held else ""
        text = f"the device was held down by {joined(why)}: {joined(filter(None, (again, still)))}"
        warnings.append(Warning(part, "throttled", None, text))
    if others:
        text = f"{plural(others, 'other process')} computed on the device"
        warnings.append(Warning(part, "shared", float(others), text))
    return warnings


def energy_measurements(
    timed: Sequence[Block], meter: EnergyMeter | None, batch_size: int, threads: int
) -> list[Measurement]:
    """What blocks of training steps drew, by the step and by the image; nothing where the meter cannot tell.

    The mean over all steps, since power is no matter of single ones; the samples are the means of blocks.
    """
    if meter is None or meter.trouble or any(block.joules is None for block in timed):
        return []
    joules, steps = (np.array([getattr(block, name) for block in timed], dtype=float) for name in ("joules", "steps"))
    step, samples = float(joules.sum() / steps.sum()), joules / steps
    return [
        Measurement.of_value("energy_per_step", step, "mean", threads, samples),
        Measurement.of_value("energy_per_image", step / batch_size, "mean", threads, samples / batch_size),
    ]
