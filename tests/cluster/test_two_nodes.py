"""Real cells on two nodes of a real cluster: each once a repeat, also where the driver is killed and resumed."""

import os
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from itertools import product

import pytest

from bench.cli import run_command_line
from bench.store.run import load
from tests.cluster.clusters import cluster_of, measured_once, nodes_of
from tests.conftest import HANG, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")]

FEW = "--datasets synthetic --seeds 0 --threads 1 --blocks 2 --epochs 0 --repeats 2 --again 0 --precision 0.001%"


@pytest.fixture(scope="module")
def cluster():
    """Two nodes, which measure in haste."""
    with cluster_of(2, haste=True) as cluster:
        yield cluster


def test_every_cell_is_measured_once_a_repeat_on_nodes_that_are_named(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(
        "from layers import layer\n\n\ndef net(input_shape, num_classes):\n    return layer(input_shape, num_classes)\n"
    )
    (tmp_path / "layers.py").write_text(
        "from math import prod\n\nfrom torch import nn\n\n\ndef layer(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), classes))\n"
    )
    nets = ["debug", "softmax_regression", "mlp", "nets.py:net"]
    cells = product(("debug", "softmax_regression", "mlp", "net"), range(2))
    run = measured_once(cluster, ["--architectures", *nets, *FEW.split()], cells)
    named, measured_on = nodes_of(run)
    assert len(set(named)) == 2
    assert measured_on == {*named}
    assert all(result.system["allocator"] == "glibc, pinned" for result in run.results())
    origin = next(facts for facts in run.facts.origins.values() if facts.get("text") == "nets.py:net")
    assert origin["file"] == str(tmp_path / "nets.py")


def test_a_driver_that_is_killed_is_resumed_without_a_cell_twice(cluster, tmp_path):
    words = [sys.executable, "-m", "bench", "run", "--concurrent"]
    lines = tmp_path / "results" / "far" / "results.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    nets = ["--architectures", "debug", "softmax_regression", "mlp"]
    grid = ["--executor", "ray", "--address", cluster.address, *nets]
    command = [*words, *grid, *FEW.split(), "--run", "far", "--no-report"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as driver:
        try:
            until = time.monotonic() + HANG
            while not (lines.is_file() and lines.read_text().count("\n") >= 2):
                assert driver.poll() is None, driver.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.05)
        finally:
            driver.kill()
    stored = [line for line in lines.read_text().splitlines(keepends=True) if line.endswith("\n")]
    resumed = [*words, "--resume", "far", "--address", cluster.address, "--no-report"]
    done = subprocess.run(
        resumed, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=HANG, check=False
    )
    assert done.returncode == 0, done.stderr
    results = load("far", tmp_path / "results").results()
    assert Counter((result.cell.architecture, result.repeat, result.status) for result in results) == {
        (name, repeat, "ok"): 1 for name in ("debug", "softmax_regression", "mlp") for repeat in range(2)
    }
    assert lines.read_text().startswith("".join(stored))


def test_gpus_that_no_node_has_are_refused_in_one_line(cluster, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", "debug"]
    assert run_command_line([*words, "--devices", "cuda"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "has 1 GPU" in line
