import gc
import mmap

import pytest

from bench.devices import CpuDevice
from bench.measure import blocks
from bench.plan import timing
from tests.measure.recording import RecordingDevice


def test_a_block_synchronizes_at_each_end_and_never_between():
    device = RecordingDevice()

    def step(mark):
        mark()
        device.log.append("work")
        mark()

    block = blocks.run_block("train", device, step, steps=3, marks=2)

    one_step = ["mark", "work", "mark"]
    assert device.log == ["clock", "sync", *one_step, *one_step, *one_step, "mark", "sync", "read"]
    assert block.steps == 3
    assert block.intervals.shape == (3, 2)


def test_warm_up_comes_before_samples_and_marks_nothing():
    device = RecordingDevice()
    warm = blocks.warm_up(device, lambda mark: mark(), least=0)

    assert set(device.log) == {"sync"}
    assert warm.block_steps >= 1


def test_a_growing_step_is_reported_as_not_steady(monkeypatch):
    now, cost = [0.0], [0.01]
    monkeypatch.setattr(blocks.time, "perf_counter", lambda: now[0])

    def step(_):
        cost[0] *= 1.2
        now[0] += cost[0]

    assert not blocks.warm_up(CpuDevice(), step).steady


def test_an_even_step_is_steady_after_the_least_warm_up(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(blocks.time, "perf_counter", lambda: now[0])

    def step(_):
        now[0] += 1 / 128

    warm = blocks.warm_up(CpuDevice(), step)

    assert warm.steady
    assert timing.WARM_SECONDS <= warm.seconds < timing.WARM_CAP
    assert warm.block_steps == 13


def test_a_block_lasts_long_enough():
    for step_seconds in (1e-5, 3.3e-4, 0.02, 0.1, 7.0):
        steps = blocks.block_length(step_seconds)

        assert steps * step_seconds >= timing.BLOCK_SECONDS
        assert steps == 1 or (steps - 1) * step_seconds < timing.BLOCK_SECONDS


def test_faults_and_cpu_time_of_a_real_block_are_those_of_its_work():
    page = mmap.PAGESIZE
    regions = [mmap.mmap(-1, 64 * page) for _ in range(100)]

    def touch_fresh_memory(mark):
        region = regions.pop()
        mark()
        for start in range(0, 64 * page, page):
            region[start] = 1
        mark()

    block = blocks.run_block("train", CpuDevice(), touch_fresh_memory, steps=100, marks=2)

    assert block.faults >= 100 * 64
    assert 0 < block.cpu <= block.wall * 1.5
    assert 0 < block.intervals.sum() <= block.wall


def test_the_collector_is_off_inside_and_on_again_after_an_error():
    inside = []

    def fail():
        inside.append(gc.isenabled())
        raise KeyError

    with pytest.raises(KeyError), blocks.quiet_collector():
        fail()
    assert (inside, gc.isenabled()) == ([False], True)


@pytest.mark.parametrize(
    ("waits", "before", "after", "waited"),
    [
        (0.01, {"cpu0": 1.0, "cpu1": 5.0}, {"cpu0": 1.04, "cpu1": 5.0}, 0.04),
        (0.06, {"cpu0": 1.0}, {"cpu0": 1.04}, 0.06),
        (0.01, {}, {}, 0.01),
        (None, {"cpu0": 1.0}, {"cpu0": 1.04}, None),
    ],
    ids=["stolen", "waited", "no word of steal", "waits not counted"],
)
def test_a_core_that_a_hypervisor_kept_was_waited_for(waits, before, after, waited, monkeypatch):
    """Nobody is preempted then, and the time is the process's as far as its own system tells."""
    counts = iter((before, after))
    monkeypatch.setattr(blocks, "stolen", lambda: next(counts))
    monkeypatch.setattr(blocks, "longest_wait", lambda _: waits)
    assert blocks.Meter().read()["waited"] == (None if waited is None else pytest.approx(waited))
