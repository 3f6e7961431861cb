from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare.facts import ComparisonFacts, SideFacts
from bench.compare.log import ComparisonLog
from bench.compare.records import EndRecord, PairRecord
from bench.plan.cell import Cell

CELLS = ("lenet5", "mlp")


def facts_of(*cells, **facts):
    """The first line of a comparison of these architectures, each with itself."""
    return ComparisonFacts(
        **{
            "started": "2026-11-22T01:02:03+00:00",
            "command": "python -m bench ab HEAD~1",
            "before": SideFacts("HEAD~1 (3fedea3)", "3fedea3"),
            "after": SideFacts("the working tree (3fedea3)", "3fedea3", ("a.py",)),
            "cells": {name: (Cell(name), Cell(name)) for name in cells},
            "metric": "step",
            "tolerance": 0.05,
            "blocks": 3,
            "order_seed": 0,
            "machine": {"cpu": "x"},
            "system": {"cpu": "x", "cores_usable": 2},
            **facts,
        }
    )


def log_ratios(slowdown, count, spread=0.01):
    """Log ratios with exactly that mean and about that spread, in an order that changes sign."""
    noise = np.resize([1.0, -1.0, 0.5, -0.5], count)
    return [float(one) for one in np.log1p(slowdown) + spread * (noise - noise.sum() / max(1, count))]


def pair(log_ratio, before=0.004, cell="mlp", run=1, **more):
    after = before * float(np.exp(log_ratio))
    phases = {"forward": (before / 2, before / 2), "backward": (before / 2, after - before / 2)}
    return PairRecord(cell=cell, run=run, log_ratio=log_ratio, before=before, after=after, phases=phases, **more)


@pytest.fixture
def told():
    """Makes a comparison log in memory from log ratios by cell and run, and ends it."""

    def make(runs, *, ended="", path=None, before=0.004, cells=CELLS, **facts):
        log = ComparisonLog(path, facts_of(*cells, **facts))
        for (cell, run), ratios in runs.items():
            for at, log_ratio in enumerate(ratios):
                reference = before[at % len(before)] if isinstance(before, list) else before
                log.note(pair(log_ratio, reference, cell, run))
        log.note(EndRecord(ended, 42.0))
        return log

    return SimpleNamespace(log=make, log_ratios=log_ratios, pair=pair, facts=facts_of)
