"""The fixtures of the engine serve here too, and a GPU that is pretended."""

import pytest

from tests.devices.pretended import Pretended
from tests.measure.conftest import mnist, quick, workload

__all__ = ["mnist", "pretended", "quick", "workload"]


@pytest.fixture
def pretended(monkeypatch):
    return Pretended(monkeypatch)
