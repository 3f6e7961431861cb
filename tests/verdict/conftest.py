"""Comparison logs made by hand serve here too."""

from tests.compare.conftest import told

__all__ = ["told"]
