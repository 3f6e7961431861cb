import numpy as np
import pytest

from bench.measure.blocks import Block
from bench.measure.noise import drift, warnings_of


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
    assert warnings_of("phases", blocks([1.0] * 8, busy=0.7), steady=True, threads=2) == []


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
