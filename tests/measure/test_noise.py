import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.measure.blocks import Block
from bench.measure.noise import contention, drift, seconds_alone, times_as_long, warnings_of

# Blocks of real cells with 2 threads on 2 cores, alone and beside a busy process: subject, wall, CPU, preempted, steps.
NEIGHBOURS = json.loads(Path(__file__).with_name("neighbours.json").read_text())


def blocks(times, faults=0, busy=1.0, subject="train"):
    return [Block(subject, 0.0, 100 * time, 100 * time * busy, faults, 0, np.zeros((100, 2))) for time in times]


def test_even_blocks_have_no_warning():
    assert warnings_of("phases", blocks([1.0] * 8), steady=True, threads=1) == []


def warned(*arguments, **options):
    """Part, kind, amount and text of each warning."""
    return [
        (warning.part, warning.kind, warning.amount, warning.text) for warning in warnings_of(*arguments, **options)
    ]


@pytest.mark.parametrize(
    ("timed", "steady", "expected"),
    [
        (blocks([1.0] * 8), False, ("not steady", None, "no steady state within the longest warm-up")),
        (blocks([1.0] * 8, faults=2000), True, ("faulting", 20.0, "20 page faults a step")),
        (blocks([1.0] * 8, busy=0.7), True, ("contended", pytest.approx(0.7), "the process had 70 % of its core")),
        (
            blocks(1.02 ** np.arange(8)),
            True,
            ("drifting", pytest.approx(0.02, rel=0.02), "the train blocks change by +2.0 % each"),
        ),
    ],
)
def test_each_fault_has_its_warning(timed, steady, expected):
    assert warned("phases", timed, steady, 1) == [("phases", *expected)]


def test_a_device_that_was_held_down_is_warned_of():
    warnings = warned("phases", blocks([1.0] * 8), True, 1, throttles=["power cap", "hardware thermal"])
    assert warnings == [("phases", "throttled", None, "the device was held down by power cap and hardware thermal")]


def test_several_threads_are_not_judged_by_their_cpu_time():
    assert warnings_of("phases", blocks([1.0] * 8, busy=1.1), steady=True, threads=2) == []


def contended(name, part, subject):
    """The warning, if any, on one part of a recorded cell."""
    stored = [
        Block(kind, 0.0, wall, cpu, 0, preempted, np.zeros((steps, 1)))
        for kind, wall, cpu, preempted, steps in NEIGHBOURS[name]
    ]
    timed = [block for block in stored if block.subject == subject]
    return contention(part, timed, 2, times_as_long(timed, seconds_alone(stored)))


@pytest.mark.parametrize(
    ("name", "times"), [("busy_neighbour_t2", 143), ("unflagged_51_ms", 166)], ids=["busy loop", "whatever ran then"]
)
@pytest.mark.parametrize(("part", "subject"), [("phases", "train"), ("inference", "inference")])
def test_two_threads_beside_a_busy_process_are_contended(name, times, part, subject):
    (warning,) = contended(name, part, subject)
    assert (warning.part, warning.kind) == (part, "contended")
    assert 0.3 < warning.amount < 0.51
    if part == "phases":
        assert f"a step took {times} times as long as with 1 thread" in warning.text


@pytest.mark.parametrize(("name", "subject"), [("quiet_t2", "train"), ("quiet_mlp_t2", "train")])
def test_a_quiet_step_of_two_threads_is_not_contended_though_the_second_helps_a_tiny_net_nothing(name, subject):
    assert contended(name, "phases", subject) == []


def test_inference_that_takes_forty_training_steps_is_contended_whatever_the_steps_were():
    (warning,) = contended("quiet_t2", "inference", "inference")
    assert "40 times as long" in warning.text


def several(threads, *, waited=None, busy=1.0, preempted=0.0, step=1e-3, count=15, contended_share=1.0):
    """Blocks of 0.1 s, of which a share was disturbed and the others were quiet; `preempted` a second."""
    disturbed = round(count * contended_share)
    return [
        Block(
            subject="train",
            started=0.0,
            wall=0.1,
            cpu=0.1 * threads * (busy if at < disturbed else 0.98),
            faults=0,
            preempted=round(0.1 * preempted) if at < disturbed else 2,
            intervals=np.zeros((max(1, round(0.1 / step)), 2)),
            waited=None if waited is None else 0.1 * (waited if at < disturbed else 0.01),
        )
        for at in range(count)
    ]


@pytest.mark.parametrize(
    "timed",
    [
        several(2, waited=0.5, busy=0.75),
        several(64, waited=0.5, busy=0.99, preempted=900),  # one neighbour on one of many cores: only the wait shows it
        several(2, busy=0.75, preempted=119),  # the least of ten trials beside a busy loop
        several(4, busy=0.7, preempted=200, contended_share=0.6),
        several(2, busy=0.3, waited=0.0),  # a hypervisor that does not tell what it keeps: nobody ran for 40 %
    ],
    ids=["waited", "one of 64 cores", "preempted", "most blocks", "nobody ran"],
)
def test_threads_that_share_a_core_are_contended(timed):
    threads = 64 if timed[0].cpu > 5 else 4 if timed[-1].cpu > 0.3 else 2
    assert [warning.kind for warning in contention("phases", timed, threads)] == ["contended"]


@pytest.mark.parametrize(
    "timed",
    [
        several(2, waited=0.08, busy=0.95, preempted=78),  # the most of twelve quiet trials
        several(2, busy=0.55, preempted=2),  # threads that sleep while the other works
        several(2, busy=0.7, waited=0.05, preempted=50),  # asleep by OMP_WAIT_POLICY=passive: eight trials had no less
        several(2, busy=0.99, preempted=78),
        several(2, waited=0.6, busy=0.6, contended_share=0.4),  # a low quantile passes over these
    ],
    ids=["quiet", "asleep", "passive", "ticks", "fewer blocks"],
)
def test_quiet_threads_are_not_contended(timed):
    assert contention("phases", timed, 2) == []


@pytest.mark.parametrize("times", [58, 100, 196, 561])
def test_a_step_that_takes_many_times_as_long_as_with_one_thread_is_contended_whatever_else(times):
    timed = several(2, busy=0.98, step=1e-3 * times)
    (warning,) = contention("phases", timed, 2, times_as_long(timed, 1e-3))
    assert "times as long as with 1 thread" in warning.text
    slow_but_possible = several(2, busy=0.98, step=3e-3)
    assert contention("phases", slow_but_possible, 2, times_as_long(slow_but_possible, 1e-3)) == []


def test_training_is_judged_by_what_its_threads_waited_and_not_by_its_pauses():
    for threads in (1, 2):
        assert contention("training", several(threads, waited=0.0, busy=0.5 / threads, count=1), threads) == []
    assert [each.kind for each in contention("training", several(1, waited=0.5, busy=0.5, count=1), 1)] == ["contended"]


def test_a_growing_graph_is_seen_whatever_else_is_alternated_with_it():
    mixed = [
        block
        for pair in zip(blocks(1.03 ** np.arange(8), subject="cell"), blocks([1.0] * 8), strict=True)
        for block in pair
    ]
    (warning,) = warnings_of("relative cost", mixed, True, 1)
    assert (warning.part, warning.kind, warning.text) == (
        "relative cost",
        "drifting",
        "the cell blocks change by +3.0 % each",
    )


def test_noise_alone_rarely_drifts():
    rng = np.random.default_rng(0)
    seen = [drift(blocks(rng.lognormal(0, 0.05, size=15))) != 0 for _ in range(500)]
    assert np.mean(seen) < 0.03


def test_a_drift_under_noise_is_found():
    rng = np.random.default_rng(0)
    slopes = [drift(blocks(1.02 ** np.arange(15) * rng.lognormal(0, 0.03, size=15))) for _ in range(200)]
    assert np.mean(np.array(slopes) > 0.01) > 0.95


def test_a_step_of_one_s_own_may_wait_for_what_it_likes_but_not_for_a_core():
    """For a disk, or for a worker of a data loader: CPU time tells nothing of neighbours then."""

    def of(waited, threads=1):
        timed = [Block("step", 0.0, 1.0, 0.2, 0, 0, np.zeros((10, 3)), waited=waited)] * 4
        return [warning.text for warning in contention("step", timed, threads)]

    assert of(0.02) == of(0.02, threads=2) == []
    assert of(0.3) == ["the process had at most 70 % of its core"]
    assert of(0.3, threads=2) == ["one of 2 threads had at most 70 % of its core"]
    assert of(None) == []  # which is told nowhere here


def test_beside_a_device_one_thread_is_judged_by_what_it_waited_for_a_core():
    """It sleeps while autograd's thread gives the device its work, and the other way round."""
    timed = blocks([1.0] * 8, busy=0.8)
    assert contention("phases", timed, 1, on_host=False) == []
    assert [each.kind for each in contention("phases", timed, 1)] == ["contended"]
    kept = [replace(block, waited=0.3 * block.wall) for block in timed]
    assert [each.kind for each in contention("phases", kept, 1, on_host=False)] == ["contended"]
