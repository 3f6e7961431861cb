"""A real cluster on the loopback: every cell once, whatever happens to nodes and workers; these do errands."""

import os
from collections import Counter
from importlib.util import find_spec
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
from tests.cluster.clusters import cluster_of, measuring_nodes
from tests.conftest import HANG

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")]

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


def test_a_node_that_is_killed_loses_nothing_and_nothing_counts_twice(scheduled, log):
    with cluster_of(4, log, haste=True) as cluster:
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
    with cluster_of(1, log, haste=True) as cluster:
        killer = Killer(cluster, 2)
        results, _, error = scheduled(cluster, cells(6, 700), killer)
        killer.thread.join(HANG)
    assert "no node is left of the cluster" in error
    assert "--resume" in error
    assert capsys.readouterr().out == ""  # which may have to be one JSON document
    assert 2 <= len(results) < 6
    assert {result.status for result in results} == {"ok"}


def test_a_worker_that_is_killed_is_tried_again_and_one_that_hangs_is_ended(scheduled, log):
    with cluster_of(2, log, haste=True) as cluster:
        results, _, error = scheduled(cluster, cells(4, 100, ("is_killed_once", "hangs")), timeout=5.0)
    assert error == ""
    statuses = {result.cell.architecture: result.status for result in results}
    assert statuses == {"hangs": "timeout", "is_killed_once": "ok", **{f"net{number}": "ok" for number in range(4)}}
    began = Counter(line.partition("-")[0] for line in log.read_text().splitlines())
    assert began["is_killed_once"] == 2
    assert began["hangs"] == 1


def test_a_slow_node_takes_fewer_cells_and_no_cell_twice(scheduled, log):
    slow = {"env_vars": {"BENCH_TEST_SLOW": "6"}}
    with cluster_of(2, log, haste=True, node0=slow) as cluster:
        results, _, error = scheduled(cluster, cells(14, 500))
    assert error == ""
    assert Counter(result.cell.architecture for result in results) == {f"net{number}": 1 for number in range(14)}
    assert {result.system["niceness"] for result in results} == {os.getpriority(os.PRIO_PROCESS, 0)}  # not Ray's 15
    by_node = Counter(result.system["node"] for result in results)
    assert len(by_node) == 2
    assert max(by_node.values()) > min(by_node.values())


def test_a_cluster_without_nodes_to_measure_on_is_refused_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with cluster_of(0) as cluster:
        words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", "debug"]
        assert run_command_line(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "offers bench_node" in line
    assert list(tmp_path.iterdir()) == []
