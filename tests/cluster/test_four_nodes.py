"""Four nodes of a real cluster: each of the cells once a repeat, and no node idle."""

import json
from collections import Counter
from importlib.util import find_spec

import pytest

from bench.cli import run_command_line
from bench.store.run import load
from tests.cluster.clusters import cluster_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")]

NETS = ("debug", "softmax_regression", "mlp_one_hidden")
FEW = "--datasets synthetic --seeds 0 --threads 1 --blocks 2 --epochs 0 --repeats 4 --again 0 --precision 0.001%"


def test_every_cell_is_measured_once_a_repeat_and_by_every_node(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with cluster_of(4, haste=True) as cluster:
        words = ["run", "--executor", "ray", "--address", cluster.address, "--architectures", *NETS, *FEW.split()]
        code = run_command_line([*words, "--run", "far", "--concurrent", "--no-report"])
    assert code == 0, capsys.readouterr().err

    run = load("far", tmp_path / "results")
    results = run.results()
    assert {result.status for result in results} == {"ok"}, [result.reason for result in results]
    assert Counter((result.cell.architecture, result.repeat) for result in results) == {
        (name, repeat): 1 for name in NETS for repeat in range(4)
    }
    nodes = json.loads((run.folder / "run.json").read_text("utf-8"))["nodes"]
    assert len(set(nodes)) == 4
    assert {result.system["node"] for result in results} == {*nodes}
