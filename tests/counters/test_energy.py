"""The meter: joules between two readings, whatever range the counters have."""

import math

import pytest

from bench.counters.energy import KEEP_UP, EnergyMeter, NoEnergyError, idle_watts
from bench.plan.timing import IDLE_SECONDS
from tests.counters.doubles import FakeClock, FakeCounter


def test_counters_are_added_up_from_each_start():
    package, dram = FakeCounter(count=10.0), FakeCounter("package-0 dram", count=1.0)
    meter = EnergyMeter([package, dram], FakeClock())

    package.count, dram.count = 14.0, 1.5
    assert meter.joules() == 4.5
    package.count = 15.0
    assert meter.joules() == 5.5
    meter.start()
    assert meter.joules() == 0.0
    package.count = 18.0
    assert meter.joules() == 3.0
    assert (meter.names, meter.trouble) == (("package-0", "package-0 dram"), "")


def test_a_counter_that_begins_anew_goes_on():
    counter = FakeCounter(wraps_at=1000.0, count=990.0)
    meter = EnergyMeter([counter], FakeClock())

    counter.count = 7.0
    assert meter.joules() == 17.0
    counter.count = 9.0
    assert meter.joules() == 19.0
    assert meter.trouble == ""


def test_a_counter_that_may_have_begun_anew_twice_is_not_trusted():
    clock, counter = FakeClock(), FakeCounter(wraps_at=60_000.0)
    meter = EnergyMeter([counter], clock)
    clock.sleep(29)
    meter.joules()
    assert meter.trouble == ""
    clock.sleep(31)
    meter.joules()
    assert meter.trouble == "package-0 was not read for 31 s, in which it may have begun anew twice"


def test_what_passes_before_a_start_is_no_trouble():
    clock, counter = FakeClock(), FakeCounter(wraps_at=60_000.0)
    meter = EnergyMeter([counter], clock)
    clock.sleep(1000)
    counter.count = 50_000.0
    meter.start()
    counter.count = 50_002.0
    assert (meter.joules(), meter.trouble) == (2.0, "")


def test_keeping_up_reads_now_and_then_alone_and_loses_nothing():
    """Two and a half ranges are drawn in one training."""
    clock = FakeClock()
    counter = FakeCounter(wraps_at=60_000.0, clock=clock, watts=1500.0)
    meter = EnergyMeter([counter], clock)
    meter.start()
    before = counter.readings
    for _ in range(1000):
        clock.sleep(0.1)
        meter.keep_up()

    assert counter.readings - before == pytest.approx(100 / KEEP_UP, abs=1)
    assert meter.joules() == pytest.approx(150_000)
    assert meter.trouble == ""


@pytest.mark.parametrize("wraps_at", [math.inf, 5.0])
def test_a_counter_that_goes_back_is_not_trusted(wraps_at):
    """Such as that of a GPU whose driver was loaded anew."""
    counter = FakeCounter("gpu", wraps_at=math.inf, count=10.0)
    meter = EnergyMeter([counter], FakeClock())
    counter.wraps_at, counter.count = wraps_at, 3.0

    assert meter.joules() == 0.0
    assert meter.trouble != ""


def test_a_counter_that_is_gone_is_trouble_and_the_others_count_on():
    package, dram = FakeCounter(), FakeCounter("package-0 dram")
    meter = EnergyMeter([package, dram], FakeClock())
    package.gone, dram.count = True, 2.0

    assert meter.joules() == 2.0
    assert meter.trouble == "package-0 is gone"
    with pytest.raises(NoEnergyError, match="package-0 is gone"):
        EnergyMeter([package])


def test_idle_power_is_of_a_time_in_which_nothing_is_done():
    clock = FakeClock()
    meter = EnergyMeter([FakeCounter(clock=clock, watts=40.0), FakeCounter("dram", clock=clock, watts=2.0)], clock)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        clock.sleep(seconds)

    assert idle_watts(meter, sleep, clock) == pytest.approx(42.0)
    assert slept == [IDLE_SECONDS]


def test_a_counter_that_stands_still_is_refused():
    clock = FakeClock()
    with pytest.raises(NoEnergyError, match=r"package-0 stood still for 0\.5 s"):
        idle_watts(EnergyMeter([FakeCounter()], clock), clock.sleep, clock)
