"""A real cluster on the loopback: every cell once, whatever happens to nodes, workers and the driver."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from threading import Thread

import pytest

from bench.cli import run_command_line
from bench.errors import BenchError
from bench.plan.catalogue import DeviceFacts
from bench.plan.cell import Cell
from bench.plan.plan import Plan
from bench.process import entries
from bench.process.executor import open_executor
from bench.session.collector import Collector
from bench.session.scheduler import Scheduler
from bench.store.run import load
from tests.cluster.clusters import ROOT, cluster_of, measuring_nodes
from tests.conftest import HANG

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

FEW = "--datasets synthetic --seeds 0 --threads 1 --blocks 2 --epochs 0 --repeats 2 --again 0 --precision 0.001%"
ERRANDS = "cluster_errands:measure"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "began.log"


@pytest.fixture
def scheduled(monkeypatch, tmp_path):
    """Runs errands as cells on a cluster; gives how they ended, and calls `heard` with the number of each result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(entries, "MEASURE_CELL", ERRANDS)

    def start(cluster, cells, heard=lambda count: None, **fields):
        plan = Plan(executor="ray", address=cluster.address, blocks=0, **{"repeats": 1, "again": 0, **fields})
        results = []

        def keep(result):
            results.append(result)
            heard(len(results))

        with open_executor(plan) as executor:
            collector = Collector(executor, tmp_path)
            devices = {"cpu": DeviceFacts("cpu", on_host=True)}
            schedule = Scheduler(plan, cells, collector, devices, keep, lambda *_: None)
            try:
                schedule.run()
            except BenchError as error:
                return results, executor, str(error)
        return results, executor, ""

    return start


class Killer:
    """Kills a node as soon as there are so many results, in a thread of its own: Ray waits for its processes."""

    def __init__(self, cluster, after):
        self.after = after
        node = measuring_nodes(cluster)[0]
        self.thread = Thread(target=cluster.remove_node, args=(node,), kwargs={"allow_graceful": False})

    def __call__(self, count):
        if count == self.after:
            self.thread.start()


def cells(count, milliseconds=300, first=()):
    named = [Cell(name, batch_size=10) for name in first]
    return [*named, *(Cell(f"net{number}", batch_size=milliseconds) for number in range(count))]


@pytest.mark.parametrize("count", [2, 4])
def test_every_cell_is_measured_once_a_repeat_on_nodes_that_are_named(count, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(
        "from layers import layer\n\n\ndef net(input_shape, num_classes):\n    return layer(input_shape, num_classes)\n"
    )
    (tmp_path / "layers.py").write_text(
        "from math import prod\n\nfrom torch import nn\n\n\ndef layer(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), classes))\n"
    )
    nets = ["debug", "softmax_regression", "mlp", "nets.py:net"]
    with cluster_of(count) as cluster:
        words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", *nets, *FEW.split()]
        code = run_command_line([*words, "--run", "far", "--concurrent", "--no-report"])
    assert code == 0, capsys.readouterr().err

    run = load("far", tmp_path / "results")
    results = run.results()
    assert {result.status for result in results} == {"ok"}, [result.reason for result in results]
    assert Counter((result.cell.architecture, result.repeat) for result in results) == {
        (name, repeat): 1 for name in ("debug", "softmax_regression", "mlp", "net") for repeat in range(2)
    }
    nodes = json.loads((run.folder / "run.json").read_text("utf-8"))["nodes"]
    assert len(set(nodes)) == count
    assert {result.system["node"] for result in results} <= {*nodes}
    assert len({result.system["node"] for result in results}) > 1
    assert all(result.system["allocator"] == "glibc, pinned" for result in results)
    origin = next(facts for facts in run.facts.origins.values() if facts.get("text") == "nets.py:net")
    assert origin["file"] == str(tmp_path / "nets.py")


def test_a_node_that_is_killed_loses_nothing_and_nothing_counts_twice(scheduled, log):
    with cluster_of(3, log) as cluster:
        killer = Killer(cluster, 3)
        results, executor, error = scheduled(cluster, cells(18, 700), killer)
        killer.thread.join(HANG)
    assert error == ""
    assert Counter(result.cell.architecture for result in results) == {f"net{number}": 1 for number in range(18)}
    assert {result.status for result in results} == {"ok"}
    lost = [warning for result in results for warning in result.warnings if warning.kind == "node lost"]
    assert len(lost) == 1
    name = lost[0].text.partition(" ")[0]
    assert name in executor.nodes
    again = next(result for result in results if result.warnings)
    assert again.system["node"] != name
    assert len(log.read_text().splitlines()) in (18, 19)  # it vanished while measuring, or just before


def test_the_last_node_that_is_killed_ends_the_run_with_what_was_measured(scheduled, log, capsys):
    with cluster_of(1, log) as cluster:
        killer = Killer(cluster, 2)
        results, _, error = scheduled(cluster, cells(6, 700), killer)
        killer.thread.join(HANG)
    assert "no node is left of the cluster" in error
    assert "--resume" in error
    assert capsys.readouterr().out == ""  # which may have to be one JSON document
    assert 2 <= len(results) < 6
    assert {result.status for result in results} == {"ok"}


def test_a_worker_that_is_killed_is_tried_again_and_one_that_hangs_is_ended(scheduled, log):
    with cluster_of(2, log) as cluster:
        results, _, error = scheduled(cluster, cells(4, 100, ("is_killed_once", "hangs")), timeout=5.0)
    assert error == ""
    statuses = {result.cell.architecture: result.status for result in results}
    assert statuses == {"hangs": "timeout", "is_killed_once": "ok", **{f"net{number}": "ok" for number in range(4)}}
    began = Counter(line.partition("-")[0] for line in log.read_text().splitlines())
    assert began["is_killed_once"] == 2
    assert began["hangs"] == 1


def test_a_slow_node_takes_fewer_cells_and_no_cell_twice(scheduled, log):
    slow = {"env_vars": {"BENCH_TEST_SLOW": "6"}}
    with cluster_of(2, log, node0=slow) as cluster:
        results, _, error = scheduled(cluster, cells(14, 500))
    assert error == ""
    assert Counter(result.cell.architecture for result in results) == {f"net{number}": 1 for number in range(14)}
    assert {result.system["niceness"] for result in results} == {os.getpriority(os.PRIO_PROCESS, 0)}  # not Ray's 15
    by_node = Counter(result.system["node"] for result in results)
    assert len(by_node) == 2
    assert max(by_node.values()) > min(by_node.values())


def test_a_driver_that_is_killed_is_resumed_without_a_cell_twice(tmp_path):
    words = [sys.executable, "-m", "bench", "run", "--concurrent"]
    lines = tmp_path / "results" / "far" / "results.jsonl"
    with cluster_of(2) as cluster:
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


def test_a_cluster_without_nodes_to_measure_on_is_refused_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with cluster_of(0) as cluster:
        words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", "debug"]
        assert run_command_line(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "offers bench_node" in line
    assert list(tmp_path.iterdir()) == []


def test_gpus_that_no_node_has_are_refused_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with cluster_of(1) as cluster:
        words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", "debug"]
        assert run_command_line([*words, "--devices", "cuda"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "has 1 GPU" in line
