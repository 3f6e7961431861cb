"""The report: one self-contained HTML page a run, and an index of all pages."""

from bench.report.page import page_of, write, write_to

__all__ = ["page_of", "write", "write_to"]
