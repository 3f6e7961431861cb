"""What it costs to measure on the nodes of a cluster: of one cell, of many nodes, and of very many cells.

All nodes are on this machine's loopback, and cells of fixed length sleep: what is seen is the cost of the fan-out, and
nothing of a network. CLUSTER_SECONDS is the length of such a cell (default: 5, a short one of the suites).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.plan.plan import Plan
from bench.process.executor import open_executor
from tests.benchmarks.fan_out import efficiency, seconds_of, simulate
from tests.cluster.clusters import ON_NODES, cluster_of

ROUNDS, EACH, CELLS, MANY = 20, 3, 10_000, 100_000
LENGTH = float(os.environ.get("CLUSTER_SECONDS", "5"))
ROOT = Path(__file__).parents[2]
LIFETIME = 7 * 24 * 3600.0  # of a node, seconds; one that can be taken away at any time lives shorter
MEASURED = {}  # what the simulation takes from the benchmarks before it


@pytest.fixture
def cluster(monkeypatch):
    """Opens an executor on a cluster of so many nodes."""
    pytest.importorskip("ray")
    monkeypatch.syspath_prepend(str(ON_NODES))  # for the local executor's workers too
    return cluster_of


def opened(cluster):
    return open_executor(Plan(executor="ray", address=cluster.address))


@pytest.mark.benchmark(group="fan-out")
def bench_a_cell_on_a_node(benchmark, workers, tell, cluster):
    """In turn, a process here and a process on a node, which do nothing."""

    def rounds():
        with cluster(1) as only, opened(only) as executor:
            seconds_of(executor), seconds_of(workers)
            return np.array([(seconds_of(executor), seconds_of(workers)) for _ in range(ROUNDS)])

    there, here = np.median(benchmark.pedantic(rounds, rounds=1, iterations=1), axis=0)
    MEASURED["overhead"] = there - here
    figure = f"{(there - here) * 1e3:.0f} ms"
    tell("a cell on a node over a local one, median", figure, "<= 150 ms", there=there, here=here)


@pytest.mark.parametrize("nodes", [1, 2, 4, 8])
@pytest.mark.benchmark(group="fan-out")
def bench_efficiency(benchmark, tell, cluster, nodes):
    def measured():
        with cluster(nodes) as several, opened(several) as executor:
            return efficiency(executor, LENGTH, EACH)

    share = benchmark.pedantic(measured, rounds=1, iterations=1)
    tell(f"cells of {LENGTH:g} s on {nodes} nodes: efficiency", f"{share * 100:.1f} %", ">= 95 %", share=share)


@pytest.mark.benchmark(group="fan-out")
def bench_many_cells_through_the_store(benchmark, tell, tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.fan_out", str(CELLS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def stored():
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    numbers = benchmark.pedantic(stored, rounds=1, iterations=1)
    assert numbers["lines"] == CELLS
    MEASURED["writing"] = numbers["seconds"]
    figure = f"{numbers['seconds'] * 1e3:.2f} ms, {numbers['bytes'] / 1024:.1f} KiB of memory"
    tell(f"{CELLS:,} cells that do nothing through the store, each", figure, "memory bounded", **numbers)


@pytest.mark.parametrize("nodes", [64, 512])
@pytest.mark.benchmark(group="fan-out")
def bench_very_many_cells(benchmark, tell, nodes):
    """By simulation: the lengths are those of recorded cells, the costs what was measured before in this session."""
    if not {"overhead", "writing"} <= {*MEASURED}:
        pytest.skip("what it follows from was not measured in this session")
    lines = (ROOT / "tests/golden/results/second/results.jsonl").read_text("utf-8").splitlines()
    lengths = [line["seconds"] for line in map(json.loads, lines) if line["seconds"]]
    costs = (MEASURED["overhead"], MEASURED["writing"])
    outcome = benchmark.pedantic(
        simulate, args=(MANY, nodes, lengths, *costs), kwargs={"lifetime": LIFETIME}, rounds=1, iterations=1
    )
    shares = f"{outcome.efficiency * 100:.1f} % in cells, driver {outcome.driver * 100:.1f} % busy"
    figure = f"{outcome.seconds / 3600:.1f} h, {shares}, {outcome.lost} cells anew"
    tell(f"{MANY:,} cells on {nodes} nodes, simulated", figure, seconds=outcome.seconds)
