"""The stopwatch: blocks of the device's own clock, disturbed ones told from quiet ones and timed again."""

import numpy as np
import pytest

from bench.measure import stopwatch
from bench.measure.blocks import Block
from bench.measure.stopwatch import PAUSE, Stopwatch, is_disturbed
from tests.measure.recording import RecordingDevice


def block(cpu=0.02, wall=0.02, preempted=0, step=1e-3, waited=None):
    return Block("ceiling", 0.0, wall, cpu, 0, preempted, np.full((20, 2), step), waited)


@pytest.mark.parametrize(
    ("blocks", "threads", "disturbed"),
    [
        ([block()] * 3, 1, False),
        ([block(cpu=0.04)] * 3, 2, False),
        ([block(preempted=1), block(), block()], 1, False),  # the kernel's own threads run now and then
        ([block(cpu=0.012)] * 3, 1, True),  # it waited for its core
        ([block(cpu=0.013, wall=0.02)] * 3, 2, True),
        ([block(cpu=0.02, preempted=7)] * 3, 2, True),  # one of two put aside: CPU over wall is 1
        ([block(cpu=1.27, preempted=9, waited=0.01)] * 3, 64, True),  # one of many: only what it waited shows it
        ([block(cpu=1.28, waited=0.001)] * 3, 64, False),
        ([block(), block(), block(step=1.3e-3)], 1, True),  # the neighbour came in the middle
    ],
)
def test_waiting_preemption_and_spread_betray_a_neighbour(blocks, threads, disturbed):
    assert is_disturbed(blocks, threads) is disturbed


def test_work_is_timed_in_blocks_of_the_device_s_own_clock():
    device = RecordingDevice()
    seconds = Stopwatch(device).seconds("it", lambda: device.log.append("work"))

    assert seconds == 1.0  # a tick of its clock
    assert device.log.count("clock") == device.log.count("read") == 3
    first = device.log.index("clock")
    assert device.log[first : first + 5] == ["clock", "sync", "mark", "work", "mark"]


def test_works_take_turns():
    device = RecordingDevice()
    works = [lambda: device.log.append("short"), lambda: device.log.append("long")]
    assert Stopwatch(device).seconds_in_turn("it", works) == [1.0, 1.0]

    blocks = [device.log[at + 3] for at, what in enumerate(device.log) if what == "clock"]
    assert blocks == ["short", "long"] * 3


@pytest.fixture
def tries(monkeypatch):
    """Scripts what each try gives: seconds and whether it was disturbed; the clock moves with each pause alone."""
    clock = [0.0]

    def script(*outcomes):
        left = [([seconds], disturbed) for seconds, disturbed in outcomes]
        monkeypatch.setattr(Stopwatch, "_try", lambda *_: left.pop(0))
        monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: clock[0])
        monkeypatch.setattr(stopwatch.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
        return left

    return script


def test_what_was_disturbed_is_timed_again_until_it_is_quiet(tries):
    left = tries((3.0, True), (2.0, True), (1.0, False), (9.0, False))
    watch = Stopwatch(RecordingDevice(), patience=10.0)

    assert watch.seconds("copies", lambda: None) == 1.0
    assert (len(left), watch.take_disturbed()) == (1, set())


def test_patience_ends_for_all_that_is_timed_together_and_the_best_try_counts(tries):
    left = tries((3.0, True), (2.0, True), (2.5, True), (1.0, True), (1.0, False))
    watch = Stopwatch(RecordingDevice(), patience=1.5 * PAUSE)

    assert watch.seconds("copies", lambda: None) == 2.0
    assert watch.seconds("products", lambda: None) == 1.0  # tried once
    assert watch.take_disturbed() == {"copies", "products"}
    assert watch.seconds("calls", lambda: None) == 1.0
    assert (left, watch.take_disturbed()) == ([], set())
