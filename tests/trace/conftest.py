import json

import pytest

from bench.trace.events import load
from tests.trace import gpu
from tests.trace.recorded import END, VARIABLE, real_paths


def pytest_generate_tests(metafunc):
    """A test that takes `real` is made of each real trace, and skips where there is none."""
    if "real" in metafunc.fixturenames:
        why = f"no real trace here: name a folder with some ({END}) in {VARIABLE}"
        paths = real_paths() or {"none": pytest.param(None, marks=pytest.mark.skip(reason=why))}
        metafunc.parametrize("real", paths.values(), ids=paths, indirect=True, scope="session")


@pytest.fixture(scope="session")
def real(request):
    """A real trace of a GPU, read."""
    return load(request.param)


@pytest.fixture(scope="session")
def named():
    """Reads the real trace of that name; skips where it is not at hand."""
    traces = {}

    def find(name):
        if name not in real_paths():
            pytest.skip(f"no trace {name}{END}: name the folder that has it in {VARIABLE}")
        if name not in traces:
            traces[name] = load(real_paths()[name])
        return traces[name]

    return find


@pytest.fixture
def written(tmp_path):
    """Writes events as a trace file and gives its path."""

    def write(events, name="small.pt.trace.json", **properties):
        path = tmp_path / name
        path.write_text(json.dumps({**properties, "traceEvents": list(events)}), "utf-8")
        return path

    return write


@pytest.fixture
def training(written):
    """Three steps of a training on a GPU, made by hand and read."""
    return load(written(gpu.training(), **gpu.properties()))
