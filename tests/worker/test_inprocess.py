"""A cell in the caller's own process: the allocator is pinned by the thresholds that workers have."""

import ctypes

import pytest

from bench.process.worker import ENVIRONMENT
from bench.worker import inprocess


class Libc:
    """Keeps what mallopt(3) is asked for; `answer` is what it returns, 0 for an error."""

    def __init__(self, answer):
        self.answer, self.asked = answer, {}

    def mallopt(self, parameter, value):
        self.asked[parameter] = value
        return self.answer


@pytest.fixture
def libc(monkeypatch):
    def use(answer):
        library = Libc(answer)
        monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
        return library

    return use


def test_the_thresholds_are_those_of_a_worker_s_environment(libc):
    library = libc(1)
    assert inprocess.pin_allocator() == "glibc, pinned by mallopt"
    # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    assert {-3: ENVIRONMENT["MALLOC_MMAP_THRESHOLD_"], -1: ENVIRONMENT["MALLOC_TRIM_THRESHOLD_"]} == {
        parameter: str(value) for parameter, value in library.asked.items()
    }


def test_an_allocator_that_refuses_is_not_said_to_be_pinned(libc):
    libc(0)
    assert inprocess.pin_allocator() is None
