"""The phases of a step: nothing while nobody listens, and told one by one to who does."""

import pytest

import bench
from bench import phases


class Heard:
    def __init__(self):
        self.words = []

    def enter(self, name):
        self.words.append(f"enter {name}")

    def leave(self):
        self.words.append("leave")


def test_a_phase_that_nobody_times_is_one_object_that_does_nothing():
    first, second = bench.phase("forward"), bench.phase("any name at all")
    assert first is second
    with first as entered:
        assert entered is None
    with pytest.raises(KeyError), first:
        raise KeyError  # it takes no error away


def test_a_recorder_hears_of_phases_until_the_end_of_its_block():
    heard = Heard()
    with phases.recorded(heard):
        with bench.phase("forward"), bench.phase("loss"):
            heard.words.append("work")
        with pytest.raises(KeyError), bench.phase("backward"):
            raise KeyError
    with bench.phase("forward"):
        pass
    assert heard.words == ["enter forward", "enter loss", "work", "leave", "leave", "enter backward", "leave"]


def test_a_recorder_within_another_one_hands_back():
    outer, inner = Heard(), Heard()
    with phases.recorded(outer):
        with phases.recorded(inner), bench.phase("a"):
            pass
        with bench.phase("b"):
            pass
    assert (outer.words, inner.words) == (["enter b", "leave"], ["enter a", "leave"])
