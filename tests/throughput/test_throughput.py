"""The quick suite's cells through pytest-benchmark: `pytest tests/throughput --benchmark-autosave`, then compare.

A later `pytest tests/throughput --benchmark-compare --benchmark-compare-fail=min:10%` fails on what became slower.
"""

import pytest

from bench.plan.plan import plan_from

QUICK = plan_from({"suite": "quick"})
FIELDS = {"optimizer": "adam", "implementation": "fused"}

pytestmark = pytest.mark.slow  # some seconds a cell; in parallel tests each is called once and not timed


@pytest.mark.parametrize("architecture", QUICK.architectures)
def test_train(bench_cell, architecture):
    bench_cell(architecture, **FIELDS)


@pytest.mark.parametrize("architecture", QUICK.architectures)
def test_inference(bench_cell, architecture):
    bench_cell(architecture, part="inference", **FIELDS)
