"""Puts a stand-in in the place of NVIDIA's library."""

import sys

import pytest

from tests.counters.doubles import FakeNvml


@pytest.fixture
def nvml(monkeypatch):
    library = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", library)
    return library
