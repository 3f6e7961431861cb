"""Watch: what is read around each block beside its times, which it lengthens by nothing: joules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.counters.energy import EnergyMeter
from bench.measure.blocks import Block
from bench.store.result import Measurement


@dataclass(frozen=True, slots=True)
class Watch:
    """Reads what there is to read around a block.

    Attributes:
        meter: of the energy; None where that is not counted.

    """

    meter: EnergyMeter | None = None

    def block(self, run: Callable[[], Block]) -> Block:
        """The block that `run` makes, with what was read around it."""
        if self.meter is None:
            return run()
        self.meter.start()
        block = run()
        return replace(block, joules=self.meter.joules())


UNWATCHED = Watch()


def energy_measurements(
    timed: Sequence[Block], meter: EnergyMeter | None, batch_size: int, threads: int
) -> list[Measurement]:
    """What blocks of training steps drew, by the step and by the image; nothing where the meter cannot tell.

    The mean over all steps, since power is no matter of single ones; the samples are the means of blocks.
    """
    joules = [block.joules for block in timed if block.joules is not None]
    if not joules or meter is None or meter.trouble:
        return []
    step = sum(joules) / sum(block.steps for block in timed)
    samples = np.array([spent / block.steps for spent, block in zip(joules, timed, strict=True)])
    return [
        Measurement.of_value("energy_per_step", step, "mean", threads, samples),
        Measurement.of_value("energy_per_image", step / batch_size, "mean", threads, samples / batch_size),
    ]
