import json
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "traces"


@pytest.fixture(scope="session")
def real():
    """The path of a real CUDA trace by its name; skips where there are none."""

    def find(name):
        path = SHARED / f"{name}.pt.trace.json.gz"
        if not path.exists():
            pytest.skip(f"no trace at {path}")
        return path

    return find


@pytest.fixture
def written(tmp_path):
    """Writes events as a trace file and gives its path."""

    def write(events, name="small.pt.trace.json", **properties):
        path = tmp_path / name
        path.write_text(json.dumps({**properties, "traceEvents": events}), "utf-8")
        return path

    return write
