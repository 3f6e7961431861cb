"""A step of the user's own in blocks: where its marks are, what its phases take, and how misuse is told."""

from threading import Thread

import numpy as np
import pytest

import bench
from bench.devices import CpuDevice
from bench.errors import BenchError
from bench.measure.own_step import OwnStep, outside_of, seconds_of
from tests.measure.recording import RecordingDevice


class Clock:
    """Marks moments of a clock that only `pass_on` moves."""

    def __init__(self, now):
        self.now, self.stamps = now, []

    def mark(self):
        self.stamps.append(self.now[0])

    def seconds(self):
        return [end - start for start, end in zip(self.stamps, self.stamps[1:], strict=False)]


class PlannedDevice(CpuDevice):
    """A host whose clock moves as planned: `pass_on(0.5)` lets half a second go by."""

    def __init__(self):
        super().__init__()
        self.now = [0.0]

    def pass_on(self, seconds):
        self.now[0] += seconds

    def clock(self, marks):
        return Clock(self.now)


@pytest.fixture
def planned():
    """Makes a block of two steps of a function that is handed the device: the step itself, and the block."""

    def make(work, steps=2):
        device = PlannedDevice()
        own = OwnStep(lambda: work(device.pass_on), device)
        own.once()
        return own, own.block(steps)

    return make


def test_a_step_without_phases_is_timed_whole(planned):
    own, block = planned(lambda pass_on: pass_on(0.25))
    assert seconds_of([block]).tolist() == [0.25, 0.25]
    assert outside_of([block]).tolist() == [0.25, 0.25]
    assert own.phases == ()
    assert own.phases_of([block]) == {}


def test_phases_and_what_is_outside_of_them_add_up_to_the_step(planned):
    def work(pass_on):
        pass_on(1.0)
        with bench.phase("forward"):
            pass_on(2.0)
        pass_on(4.0)
        with bench.phase("backward"):
            pass_on(8.0)
        with bench.phase("forward"):
            pass_on(16.0)
        pass_on(32.0)

    own, block = planned(work)
    assert own.phases == ("forward", "backward")
    assert {name: times.tolist() for name, times in own.phases_of([block]).items()} == {
        "forward": [18.0, 18.0],
        "backward": [8.0, 8.0],
    }
    assert outside_of([block]).tolist() == [37.0, 37.0]
    assert seconds_of([block]).tolist() == [63.0, 63.0]


def test_an_outer_phase_does_not_count_what_an_inner_one_takes(planned):
    def work(pass_on):
        with bench.phase("outer"):
            pass_on(1.0)
            with bench.phase("inner"):
                pass_on(2.0)
                with bench.phase("outer"):  # within itself, too
                    pass_on(4.0)
            pass_on(8.0)

    own, block = planned(work)
    assert {name: times[0] for name, times in own.phases_of([block]).items()} == {"outer": 13.0, "inner": 2.0}
    assert outside_of([block])[0] == 0.0


def test_a_phase_that_comes_in_some_steps_alone(planned):
    count = [0]

    def work(pass_on):
        count[0] += 1
        pass_on(1.0)
        if count[0] > 3:  # after what is run to learn the phases, and after the first block
            with bench.phase("log"):
                pass_on(0.5)

    own, first = planned(work)
    second = own.block(3)
    assert own.phases == ("log",)
    assert own.phases_of([first, second])["log"].tolist() == [0.0, 0.0, 0.5, 0.5, 0.5]
    assert seconds_of([first, second]).tolist() == [1.0, 1.0, 1.5, 1.5, 1.5]


def test_the_device_is_waited_for_at_the_ends_of_a_block_alone():
    device = RecordingDevice()

    def work():
        with bench.phase("forward"):
            device.log.append("work")

    own = OwnStep(work, device)
    own.once()
    device.log.clear()
    own.block(2)
    step = ["mark", "mark", "work", "mark", "mark"]  # the step, its phase, the end of that, and its own
    assert device.log == ["clock", "sync", *step, *step, "mark", "sync", "read"]  # and no more marks than foreseen


def test_steps_before_a_block_leave_nothing_in_it(planned):
    own, _ = planned(lambda pass_on: pass_on(0.25))
    for _ in range(3):
        own.once()
    assert len(seconds_of([own.block(4)])) == 4


@pytest.mark.parametrize("name", ["", "my phase", "a-b", "(begin)", 7, None])
def test_a_name_that_is_no_identifier(name):
    def work():
        with bench.phase(name):
            pass

    with pytest.raises(BenchError, match=r"a phase is called by an identifier such as forward, not ") as error:
        OwnStep(work, CpuDevice()).once()
    assert repr(name) in str(error.value)


def test_a_phase_that_is_open_when_its_step_ends():
    phase = []

    def work():
        phase.append(bench.phase("forward"))
        phase[-1].__enter__()

    with pytest.raises(BenchError, match='the phase "forward" is open when its step ends'):
        OwnStep(work, CpuDevice()).once()


def test_a_phase_that_is_left_without_having_been_entered():
    def work():
        bench.phase("forward").__exit__(None, None, None)

    with pytest.raises(BenchError, match="left that was not entered"):
        OwnStep(work, CpuDevice()).once()


def test_a_phase_in_another_thread():
    errors = []

    def other():
        try:
            with bench.phase("fetch"):
                pass
        except BenchError as error:
            errors.append(str(error))

    def work():
        thread = Thread(target=other)
        thread.start()
        thread.join()

    OwnStep(work, CpuDevice()).once()
    assert errors == ['the phase "fetch" runs in another thread than its step: mark it where the step runs']


def test_a_real_step_takes_the_time_that_it_takes():
    """By two clocks: the intervals of a block are those of the host between its ends, but for the gaps.

    A process that is put aside in a gap makes the rest a smaller share of its block: of several the largest counts.
    """
    numbers = np.ones(200_000)
    own = OwnStep(numbers.sum, CpuDevice())
    own.once()
    blocks = [own.block(20) for _ in range(10)]
    assert 0.8 < max(seconds_of([block]).sum() / block.wall for block in blocks) <= 1
