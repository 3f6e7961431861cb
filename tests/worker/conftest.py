"""The fixtures of the engine serve here too."""

from tests.measure.conftest import mnist, quick, workload

__all__ = ["mnist", "quick", "workload"]
