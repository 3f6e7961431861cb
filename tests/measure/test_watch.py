"""What is read around a block, and which blocks are made again."""

import numpy as np
import pytest

from bench.counters.energy import EnergyMeter
from bench.counters.gpu import Moment
from bench.measure.blocks import Block, block_facts
from bench.measure.watch import PATIENCE, PAUSE, UNWATCHED, Watch, energy_measurements, watch_warnings
from tests.counters.doubles import FakeClock, FakeCounter, FakeGpu

COOL, HOT = Moment(clock=1.9e9, users=1), Moment(clock=1.5e9, users=1, reasons=("hardware thermal",))


def block(steps=4, wall=0.1, **more):
    return Block("train", 0.0, wall, wall, 0, 0, np.full((steps, 2), wall / steps / 2), **more)


class Bench:
    """Notes in which order blocks are made, led in and waited for."""

    def __init__(self):
        self.log = []

    def run(self):
        self.log.append("block")
        return block()

    def lead_in(self):
        self.log.append("lead")

    def sleep(self, seconds):
        self.log.append(seconds)


def watched(bench, *moments):
    return Watch(gpu=FakeGpu(*moments), sleep=bench.sleep)


def test_without_anything_to_read_a_block_is_made_and_nothing_else():
    bench = Bench()
    made = UNWATCHED.block(bench.run, bench.lead_in)

    assert bench.log == ["block"]
    assert (made.joules, made.gpu) == (None, None)
    assert {"joules", "gpu"} & {*block_facts(made)} == set()


def test_joules_are_those_from_before_a_block_to_after_it():
    counter = FakeCounter()
    watch = Watch(EnergyMeter([counter], FakeClock()))

    def run():
        counter.count += 3.0
        return block()

    first, second = (watch.block(run, lambda: None) for _ in range(2))
    counter.count += 100.0
    assert (first.joules, second.joules) == (3.0, 3.0)
    assert block_facts(first)["joules"] == 3.0


def test_the_clock_of_a_block_is_stored_with_it():
    bench = Bench()
    made = watched(bench, COOL).block(bench.run, bench.lead_in)

    assert block_facts(made)["gpu"] == {"clock": 1.9e9, "throttled": (), "others": 0}
    assert bench.log == ["block"]


def test_a_throttled_block_is_dropped_and_made_again_after_cooling_down_and_a_lead_in():
    bench = Bench()
    watch = watched(bench, COOL, HOT, COOL, HOT, COOL, COOL)
    made = watch.block(bench.run, bench.lead_in)

    assert bench.log == ["block", PAUSE, "lead", "block", 2 * PAUSE, "lead", "block"]
    assert made.gpu.throttled == ()
    assert len(watch.dropped) == 2
    assert watch.patience == PATIENCE - 3 * PAUSE
    (warning,) = watch_warnings("phases", [made], watch.take_dropped())
    assert (warning.part, warning.kind) == ("phases", "throttled")
    assert warning.text == "the device was held down by hardware thermal: 2 blocks dropped and measured again"
    assert watch.take_dropped() == []


def test_a_gpu_that_stays_throttled_costs_so_much_patience_and_is_then_measured_as_it_is():
    bench = Bench()
    watch = watched(bench, HOT)
    blocks = [watch.block(bench.run, bench.lead_in) for _ in range(3)]
    pauses = [entry for entry in bench.log if not isinstance(entry, str)]

    assert PATIENCE <= sum(pauses) < 3 * PATIENCE
    assert all(made.gpu.throttled for made in blocks)
    assert len(watch.dropped) == len(pauses)
    (warning,) = watch_warnings("phases", blocks, watch.take_dropped())
    dropped = f"{len(pauses)} blocks dropped and measured again"
    assert warning.text == f"the device was held down by hardware thermal: {dropped} and 3 of 3 blocks that count"


def test_other_processes_on_the_gpu_are_told_and_no_reason_to_measure_again():
    bench = Bench()
    watch = watched(bench, Moment(users=3))
    made = watch.block(bench.run, bench.lead_in)
    (warning,) = watch_warnings("phases", [made], watch.take_dropped())

    assert bench.log == ["block"]
    assert (warning.kind, warning.amount, warning.text) == ("shared", 2.0, "2 other processes computed on the device")


def test_energy_is_the_mean_over_all_steps_and_nothing_where_the_meter_is_in_trouble():
    meter = EnergyMeter([FakeCounter()], FakeClock())
    blocks = [block(steps=4, joules=2.0), block(steps=1, joules=1.0)]
    step, image = energy_measurements(blocks, meter, 10, 1)

    assert (step.metric, step.value, step.samples.tolist()) == ("energy_per_step", pytest.approx(0.6), [0.5, 1.0])
    assert (image.metric, image.value) == ("energy_per_image", pytest.approx(0.06))
    assert energy_measurements([block()], meter, 10, 1) == []
    meter.trouble = "it is gone"
    assert energy_measurements(blocks, meter, 10, 1) == []
