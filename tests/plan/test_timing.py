"""Timing: every constant is said to decide a time or not, so that none is forgotten."""

from collections import Counter

from bench.plan import timing

LISTS = {"DECIDE_A_TIME", "DECIDE_NO_TIME"}


def test_each_constant_is_said_once_to_decide_a_time_or_not():
    listed = Counter((*timing.DECIDE_A_TIME, *timing.DECIDE_NO_TIME))
    constants = {name for name in vars(timing) if name.isupper()} - LISTS
    assert listed == Counter(constants)
