from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare.log import Ledger

CELLS = ("lenet5", "mlp")
FACTS = {
    "started": "2026-11-22T01:02:03+00:00",
    "command": "python -m bench ab HEAD~1",
    "before": {"label": "HEAD~1 (3fedea3)"},
    "after": {"label": "the working tree (3fedea3)"},
    "metric": "step",
    "tolerance": 0.05,
    "aside": [],
    "machine": {"cpu": "x"},
    "notes": [],
}


def logs(slowdown, count, spread=0.01):
    """Log ratios with exactly that mean and about that spread, in an order that changes sign."""
    noise = np.resize([1.0, -1.0, 0.5, -0.5], count)
    return [float(one) for one in np.log1p(slowdown) + spread * (noise - noise.sum() / max(1, count))]


def pair(log_ratio, before=0.004, **more):
    after = before * float(np.exp(log_ratio))
    phases = {"forward": [before / 2, before / 2], "backward": [before / 2, after - before / 2]}
    return {"log_ratio": log_ratio, "before": before, "after": after, "phases": phases, **more}


@pytest.fixture
def told():
    """Makes a ledger in memory from log ratios by cell and run, and ends it."""

    def make(runs, *, ended="", path=None, before=0.004, cells=CELLS, **facts):
        ledger = Ledger(path, {**FACTS, "cells": {name: [] for name in cells}, **facts})
        for (cell, run), ratios in runs.items():
            for at, one in enumerate(ratios):
                reference = before[at % len(before)] if isinstance(before, list) else before
                ledger.note({"cell": cell, "run": run, "pair": pair(one, reference)})
        ledger.note({"ended": ended, "seconds": 42.0})
        return ledger

    return SimpleNamespace(ledger=make, logs=logs, pair=pair, facts=FACTS)
