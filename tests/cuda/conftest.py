"""The fixtures of the engine serve here too, and the first GPU."""

import pytest

from bench.devices import open_device
from tests.measure.conftest import mnist, workload

__all__ = ["mnist", "workload"]


@pytest.fixture
def gpu():
    return open_device("cuda")
