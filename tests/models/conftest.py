"""A fixture of the engine serves here too."""

from tests.measure.conftest import quick

__all__ = ["quick"]
