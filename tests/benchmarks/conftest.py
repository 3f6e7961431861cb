"""The table that `make bench` prints: one row per figure, in Markdown, ready for the README."""

import os
from contextlib import closing

import pytest

from bench.process.local import Workers

ROWS = []


@pytest.fixture(scope="session")
def workers():
    with closing(Workers()) as workers:
        yield workers


@pytest.fixture
def tell(benchmark):
    """Adds a row to the table and to pytest-benchmark's own record."""

    def add(figure, measured, goal="", **numbers):
        ROWS.append((figure, measured, goal))
        benchmark.extra_info.update(numbers)

    return add


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    terminalreporter.write_line(f"\nload average at the end: {os.getloadavg()[0]:.1f}\n")
    terminalreporter.write_line("| figure | measured | goal |\n|---|---|---|")
    for row in ROWS:
        terminalreporter.write_line("| " + " | ".join(row) + " |")
