"""Four nodes of a real cluster: each of the cells once a repeat, and no node idle."""

from importlib.util import find_spec
from itertools import product

import pytest

from tests.cluster.clusters import cluster_of, measured_once, nodes_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")]

NETS = ("debug", "softmax_regression", "mlp_one_hidden")
FEW = "--datasets synthetic --seeds 0 --threads 1 --blocks 2 --epochs 0 --repeats 2 --again 0 --precision 0.001%"


def test_every_cell_is_measured_once_a_repeat_and_by_every_node(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with cluster_of(4, haste=True) as cluster:
        run = measured_once(cluster, ["--architectures", *NETS, *FEW.split()], product(NETS, range(2)))
    named, measured_on = nodes_of(run)
    assert len(set(named)) == 4
    assert measured_on == {*named}
