"""Pages to look at: each is written once a session."""

from pathlib import Path

import pytest

from bench.report import write
from tests.report import report_sample as sample


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a quick run in which three configurations fail."""
    root = tmp_path_factory.mktemp("quick")
    return write(sample.recorded(root / "results", sample.troubled()), root / "reports")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run whose texts try to break out of it."""
    root = tmp_path_factory.mktemp("hostile")
    return write(sample.hostile(root / "results"), root / "reports")
