import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.result import Measurement, Result
from bench.store.run import create


@pytest.fixture
def run(tmp_path):
    """A new run in a folder of its own."""
    return create("mine", {"plan": {"epochs": 1}}, tmp_path / "results")


@pytest.fixture
def result():
    """Builds the result of a process with a sampled time, a ratio, a share and an exact count; any field may differ."""

    def build(seed=0, cell=Cell("mlp"), **fields):  # noqa: B008 - a cell is frozen
        random = np.random.default_rng(seed)
        found = (
            Measurement.of_samples("step", random.lognormal(-6, 0.1, 50), threads=2),
            Measurement("relative_cost", "1", "lower", random.lognormal(0.5, 0.05), "p25", 1),
            Measurement("accuracy", "1", "higher", random.uniform(0.9, 1), "final"),
            Measurement("parameters", "1", "lower", 1234.0, "exact"),
        )
        return Result(cell, "ok", **{"measurements": found, "system": {"cpu": "made up"}, **fields})

    return build
