"""The report: one self-contained HTML page a run, and an index of all pages."""

from bench.report.page import write

__all__ = ["write"]
