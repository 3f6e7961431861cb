"""What two moments of a GPU say of the block between them."""

import pytest

from bench.counters.gpu import HELD, Around, Moment, around


def test_a_block_has_the_mean_clock_and_what_was_read_after_it():
    before, after = Moment(clock=1.9e9, watts=100.0, celsius=50.0), Moment(clock=1.7e9, watts=400.0, celsius=70.0)

    assert around(before, after, 0.1, own=1) == Around(clock=1.8e9, watts=400.0, celsius=70.0)
    assert around(before, Moment(), 0.1, own=1).clock == 1.9e9
    assert around(Moment(), Moment(), 0.1, own=1) == Around()


@pytest.mark.parametrize(("share", "throttled"), [(HELD * 0.9, ()), (HELD * 1.1, ("power cap",))])
def test_a_block_is_throttled_by_what_held_its_clock_down_meanwhile(share, throttled):
    """What held it before, or is told the moment it is idle again, counts for nothing."""
    before = Moment(held={"power cap": 7.0, "thermal": 3.0})
    after = Moment(held={"power cap": 7.0 + share * 0.2, "thermal": 3.0}, reasons=("software thermal",))

    assert around(before, after, 0.2, own=1).throttled == throttled


def test_where_the_driver_does_not_count_it_the_reasons_after_it_tell():
    assert around(Moment(), Moment(reasons=("power brake",)), 0.1, own=1).throttled == ("power brake",)


@pytest.mark.parametrize(("users", "own", "others"), [(None, 1, 0), (0, 1, 0), (1, 1, 0), (3, 1, 2), (3, 2, 1)])
def test_processes_that_are_not_ours_are_counted(users, own, others):
    """They are counted, not named: in a container nobody knows the numbers that the driver has for them."""
    assert around(Moment(), Moment(users=users), 0.1, own).others == others


def test_what_is_stored_is_what_is_told():
    assert Around().to_dict() == {"throttled": (), "others": 0}
    assert Around(clock=1.0, throttled=("thermal",)).to_dict() == {"clock": 1.0, "throttled": ("thermal",), "others": 0}
