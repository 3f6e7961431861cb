"""Steps: those that the trace does not hold whole are left out and named; where each begins and ends."""

import pytest

from bench.trace.device import kernels_of
from bench.trace.events import load
from bench.trace.steps import steps_of
from bench.trace.summary import summarize
from bench.trace.tree import grow
from tests.trace.handmade import annotation, kernel, launch, operator

KERNELS, LENGTH = 10, 800


def a_step(number, kernels=KERNELS, launches=KERNELS, operators=KERNELS):
    """A step of 10 ms with so many operators of each kind; each launches a kernel of 800 µs."""
    start, first = number * 10_000, number * 100 + 1
    yield annotation(f"ProfilerStep#{number}", start, 10_000)
    for at in range(operators):
        yield operator("aten::mm", start + 10 + 900 * at, 500)
    for at in range(launches):
        yield launch(start + 20 + 900 * at, 10, first + at)
    for at in range(kernels):
        yield kernel("sgemm", start + 100 + 900 * at, LENGTH, first + at)


@pytest.fixture
def steps(written):
    def read(*parts):
        trace = load(written([event for part in parts for event in part]))
        forest = grow(trace)
        return steps_of(forest, kernels_of(trace, forest)), summarize(trace)

    return read


def seconds_in(summed):
    return sum(row[4] for row in summed["rows"])


def test_whole_steps_all_count(steps):
    found, summed = steps(a_step(0), a_step(1), a_step(2))
    assert [(step.length, step.lost) for step in found] == [(10_000, "")] * 3
    assert (summed["steps"], summed["left_out"], summed["notes"]) == (3, [], [])


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (a_step(2, kernels=2), "kernels of 20 % of its launches"),
        (a_step(2, kernels=2, launches=2), "20 % of the kernels an operator"),
        (a_step(2, kernels=0), "no kernel"),
        (a_step(2, kernels=0, launches=0), "no kernel"),
        (a_step(2, kernels=2, launches=2, operators=2), "cut short, 20 % of the operators"),
    ],
    ids=("kernels", "launches too", "all kernels", "all launches too", "operators too"),
)
def test_a_step_that_lost_its_kernels_is_left_out_and_named(steps, cut, words):
    found, summed = steps(a_step(0), a_step(1), cut)
    assert [bool(step.lost) for step in found] == [False, False, True]
    assert words in found[2].lost
    assert seconds_in(summed) == pytest.approx(KERNELS * LENGTH * 1e-6)
    assert (summed["steps"], summed["launches"], summed["busy"]) == (2, {"": KERNELS}, pytest.approx(8e-3))
    assert summed["left_out"] == [["ProfilerStep#2", found[2].lost]]
    assert summed["notes"] == [f"1 of 3 steps is left out: ProfilerStep#2 ({found[2].lost})"]


def test_a_step_in_the_middle_is_left_out_too_and_the_gap_around_it_is_no_idleness(steps):
    _, summed = steps(a_step(0), a_step(1, kernels=1), a_step(2))
    assert [name for name, _ in summed["left_out"]] == ["ProfilerStep#1"]
    assert sum(summed["idle"].values()) == pytest.approx((KERNELS - 1) * 100e-6)


def test_of_two_steps_the_one_without_kernels_is_left_out(steps):
    _, summed = steps(a_step(0), a_step(1, kernels=0))
    assert (summed["steps"], summed["launches"]) == (1, {"": KERNELS})


def test_steps_that_launch_less_have_lost_nothing(steps):
    """As with accumulated gradients, where every second step has no optimizer."""
    small = {"kernels": 6, "launches": 6, "operators": 6}
    found, summed = steps(a_step(0), a_step(1, **small), a_step(2), a_step(3, **small))
    assert not any(step.lost for step in found)
    assert summed["launches"] == {"": 8}


def test_on_the_host_an_empty_last_step_is_left_out(written):
    events = [annotation("ProfilerStep#2", 180, 5)]
    for at in range(2):
        events += [annotation(f"ProfilerStep#{at}", 90 * at, 90), operator("aten::mm", 90 * at + 5, 60)]
    summed = summarize(load(written(events)))
    assert (summed["steps"], summed["seconds"]) == (2, pytest.approx(90e-6))
    assert summed["left_out"] == [["ProfilerStep#2", "no operator in it"]]


def test_replayed_graphs_have_kernels_without_operators(steps):
    events = [list(a_step(at, operators=0)) for at in range(3)]
    assert not any(step.lost for step in steps(*events)[0])


def test_a_step_lasts_until_the_device_is_done_with_it_and_the_next_begins_there(steps):
    late = [annotation("ProfilerStep#0", 0, 10), launch(1, 2, 1), kernel("long", 5, 95, 1)]
    late += [annotation("ProfilerStep#1", 10, 10), launch(11, 2, 2), kernel("long", 100, 95, 2)]
    found, _ = steps(late)
    assert [(step.start, step.end) for step in found] == [(0, 100), (100, 195)]


def test_a_step_begins_when_what_was_launched_before_it_is_done(steps):
    early = [launch(0, 2, 1), kernel("before", 5, 50, 1), annotation("ProfilerStep#0", 20, 100)]
    found, summed = steps([*early, launch(30, 2, 2), kernel("within", 60, 50, 2)])
    assert [(step.start, step.end) for step in found] == [(55, 120)]
    assert summed["notes"] == ["50 % of the device's time was launched outside the steps: it counts in none"]


def test_merged_traces_are_read_by_the_steps_of_one_process(written):
    events = [annotation("ProfilerStep#0", 0, 10, thread=1), annotation("ProfilerStep#1", 10, 10, thread=1)]
    events += [annotation("ProfilerStep#0", 5, 10, thread=2), operator("aten::mm", 1, 5)]
    assert [name for _, _, name in grow(load(written(events))).steps] == ["ProfilerStep#0", "ProfilerStep#1"]


def test_what_all_steps_lost_alike_is_told(steps):
    found, summed = steps(a_step(0, kernels=4), a_step(1, kernels=4))
    assert [step.lost for step in found] == ["", ""]
    (note,) = summed["notes"]
    assert note.startswith("only 40 % of the calls that put work on the device have it in the trace")
    _, whole = steps(a_step(0, kernels=9), a_step(1))
    assert whole["notes"] == []


def test_a_trace_whose_kernels_were_all_lost_says_so(steps):
    _, summed = steps(a_step(0, kernels=0))
    assert (summed["side"], summed["notes"]) == (
        "host",
        ["10 calls put work on a device, and none of it is in the trace: all times are the host's"],
    )


def test_kernels_without_the_numbers_of_calls_have_lost_nothing(steps):
    events = [event for at in range(2) for event in a_step(at)]
    plain = [{**event, "args": {"device": 0, "stream": 7}} if event["cat"] == "kernel" else event for event in events]
    (note,) = steps(plain)[1]["notes"]
    assert note.startswith("100 % of the device's time is of kernels whose launch is not in the trace")
