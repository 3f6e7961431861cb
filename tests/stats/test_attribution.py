"""Attribution: at every level the parts add up to the measured difference, whatever the profile says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.attribution import LEVELS, Timed, kinds, parts_of, shares

PHASES = ("forward", "loss", "backward", "optimizer")
CATEGORIES = ("convolution", "pooling", "optimizer")


def profile(rows, side="host", **phases):
    """A summary: rows of phase, category, operator, module, seconds."""
    return {"side": side, "phases": phases, "rows": [[*row, 1] for row in rows]}


CONV = Timed(
    "conv",
    10.0,
    {"fetch": 9.0, "forward": 4.0, "backward": 6.0},
    profile(
        [
            ("forward", "convolution", "aten::conv2d", "0", 6.0),  # profiled: twice as long as timed
            ("backward", "convolution", "aten::convolution_backward", "0", 9.0),
            ("backward", "pooling", "aten::max_pool2d_backward", "1", 3.0),
        ],
        forward=8.0,
        backward=12.0,
    ),
)
LINEAR = Timed(
    "linear",
    2.0,
    {"fetch": 5.0, "forward": 1.0, "backward": 1.0},
    profile([("forward", "matrix multiply", "aten::addmm", "0", 1.0)], forward=2.0, backward=1.0),
)


def test_profiled_seconds_only_spread_timed_ones():
    by_kind = {one.name: one.difference for one in kinds(parts_of(CONV, LINEAR))}
    assert by_kind == pytest.approx(
        {
            "convolution forward": 3.0,
            "convolution backward": 4.5,
            "pooling backward": 1.5,
            "matrix multiply forward": -0.5,
            "outside operators in forward": 1.0 - 0.5,
            "outside operators in backward": -1.0,
        }
    )


def test_every_level_adds_up_to_the_difference_and_its_shares_to_one():
    parts = parts_of(CONV, LINEAR)
    for found in (kinds(parts), *(shares(parts, level) for level in LEVELS)):
        assert sum(one.difference for one in found) == pytest.approx(8.0)
        assert sum(one.share for one in found) == pytest.approx(1.0)
        assert sum(one.slower for one in found) == pytest.approx(10.0)
        assert sum(one.faster for one in found) == pytest.approx(2.0)


def test_without_a_profile_of_both_only_phases_are_told_apart():
    bare = Timed("bare", 2.0, {"forward": 0.5, "backward": 1.5})
    assert {one.name: one.difference for one in kinds(parts_of(CONV, bare))} == {"forward": 3.5, "backward": 4.5}


def test_what_is_in_no_phase_has_a_name():
    graph = Timed("graph", 12.0, {"forward": 4.0, "backward": 6.0})
    assert {one.name: one.difference for one in shares(parts_of(graph, CONV), "phase")} == {
        "not in any phase": 2.0,
        "forward": 0.0,
        "backward": 0.0,
    }


def test_an_idle_device_is_told_from_python():
    cuda = Timed("gpu", 1.0, {"forward": 1.0}, profile([], side="device", forward=1.0))
    assert [one.name for one in kinds(parts_of(cuda, cuda))] == ["idle device in forward"]


def test_equal_steps_have_no_shares():
    assert {one.share for one in kinds(parts_of(CONV, CONV))} == {None}


def test_modules_of_two_models_are_kept_apart():
    one, other = (Timed(name, 1.0, CONV.phases, CONV.profile, modules=f"{name}: ") for name in "ab")
    names = {one.name for one in shares(parts_of(one, other), "module")}
    assert {"a: 0", "a: 1", "b: 0", "b: 1"} <= names


times = st.floats(1e-6, 10.0)
rows = st.lists(
    st.tuples(
        st.sampled_from(PHASES), st.sampled_from(CATEGORIES), st.sampled_from("abc"), st.sampled_from("xyz"), times
    ),
    max_size=12,
)
sides = st.builds(
    lambda step, phases, found, windows: Timed("one", step, phases, profile(found, **windows)),
    times,
    st.dictionaries(st.sampled_from(PHASES), times, min_size=1),
    rows,
    st.dictionaries(st.sampled_from(PHASES), times),
)


@given(sides, sides)
def test_it_adds_up_for_any_two(one, other):
    parts = parts_of(one, other)
    assert sum(part.difference for part in parts) == pytest.approx(one.step - other.step, abs=1e-6)
    for level in LEVELS:
        assert sum(share.difference for share in shares(parts, level)) == pytest.approx(one.step - other.step, abs=1e-6)
