"""Runs of as many cells as asked for, to see what a page of them weighs and takes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from bench.store.result import Measurement, Result
from bench.store.run import Run
from tests.report import report_sample as sample

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "nadam")
BATCHES = (16, 32, 64, 128, 256, 512)
RATES = (None, 0.0003, 0.001, 0.003, 0.01)


def grid() -> Iterator[dict[str, Any]]:
    """What tells the cells of a large grid apart, 1,050 of them."""
    for optimizer, batch, rate, name in product(OPTIMIZERS, BATCHES, RATES, sample.NETS):
        yield {"architecture": name, "optimizer": optimizer, "batch_size": batch, "learning_rate": rate}


def many(root: Path, cells: int, *, repeats: int = 1) -> Run:
    """A run of so many configurations that were timed and trained, no two alike in cost or accuracy."""
    random = np.random.default_rng(1)
    patterns = {result.cell.architecture: result for result in sample.results(repeats=1, noise=0.0)}
    results = []
    for fields in islice(grid(), cells):
        factor = float(np.exp(random.normal(0, 0.3)))
        factors = factor * np.exp(random.normal(0, 0.01, repeats))
        results += [_drawn(patterns[fields["architecture"]], fields, each, at) for at, each in enumerate(factors)]
    return sample.recorded(root, results, f"of{cells}")


def _drawn(pattern: Result, fields: dict[str, Any], factor: float, repeat: int) -> Result:
    """The pattern as another cell, `factor` times as costly and as far from its accuracy."""
    scaled = {"time": factor, "ratio": factor, "rate": 1 / factor}
    taken = tuple(
        _scaled(entry, scaled.get(sample.METRICS[entry.metric].kind, 1.0))
        for entry in pattern.measurements
        if not (repeat and entry.metric == "accuracy")
    )
    cell = replace(pattern.cell, **fields)
    training = pattern.training if not repeat else None
    return replace(pattern, cell=cell, repeat=repeat, measurements=taken, training=training)


def _scaled(entry: Measurement, factor: float) -> Measurement:
    """Its samples too, or a page of them would be packed as no page of real ones is."""
    return replace(entry, value=entry.value * factor, samples=entry.samples * factor)
