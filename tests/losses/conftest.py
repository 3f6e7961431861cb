"""The fixtures of the engine serve here too."""

from tests.measure.conftest import mnist, workload

__all__ = ["mnist", "workload"]
