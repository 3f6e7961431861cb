"""Clusters of Ray on this machine's loopback: a head that measures nothing, and nodes that may be killed."""

import json
import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from bench.cli import run_command_line
from bench.cluster.nodes import RESOURCE
from bench.store.run import load
from tests.conftest import HASTE, ROOT

ON_NODES = Path(__file__).parent / "on_nodes"
LOOPBACK = {"node_ip_address": "127.0.0.1", "object_store_memory": 80 * 2**20}
# So that a node which is gone is known to be within seconds, and one that gets no core for some is not taken for gone;
# Ray reads them as its processes start.
QUICK = {
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else a driver looks for 127.0.0.1 at this machine's other address
}


@contextmanager
def cluster_of(count, log=None, *, haste=False, **more):
    """A cluster of a head and `count` nodes, whose workers find the errands; gone at the end of the block.

    They measure in haste if that is asked. `more` holds further arguments of nodes by their number.
    """
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    path = os.pathsep.join(
        map(str, filter(None, [HASTE if haste else None, ON_NODES, ROOT, os.environ.get("PYTHONPATH")]))
    )
    variables = {**QUICK, "PYTHONPATH": path, **({"BENCH_TEST_LOG": str(log)} if log else {})}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    ray_constants.ENABLE_RAY_CLUSTER = False  # read from the variable when Ray was imported
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=1, include_dashboard=False, **LOOPBACK)
        for number in range(count):
            own = more.get(f"node{number}", {})
            cluster.add_node(num_cpus=1, resources={RESOURCE: 1}, **{**LOOPBACK, **own})
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def measuring_nodes(cluster):
    """The nodes that cells are measured on, which are all but the head."""
    return [node for node in cluster.list_all_nodes() if node is not cluster.head_node]


def measured_once(cluster, words, cells):
    """The run of `words` on it, in the working directory; each of the `cells` (net, repeat) has one result."""
    command = ["run", "--executor", "ray", "--address", cluster.address, *words]
    assert run_command_line([*command, "--run", "far", "--concurrent", "--no-report"]) == 0
    run = load("far")
    results = run.results()
    assert {result.status for result in results} == {"ok"}, [result.reason for result in results]
    assert Counter((result.cell.architecture, result.repeat) for result in results) == dict.fromkeys(cells, 1)
    return run


def nodes_of(run):
    """The nodes that run.json names, and those that its results name."""
    named = json.loads((run.folder / "run.json").read_text("utf-8"))["nodes"]
    return named, {result.system["node"] for result in run.results()}
