"""Files of pytest-benchmark: one that version 4.0.0 wrote, one of the installed version made here, and damaged ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.frame import frame
from bench.store.pytest_benchmark import read
from bench.store.run import create
from tests.conftest import outside_xdist

ROOT = Path(__file__).parent.parent.parent
OLD = Path(__file__).parent / "pytest_benchmark_4.json"  # cut short: three of the processor's flags


@pytest.fixture
def changed(tmp_path):
    """Writes the file of version 4 with one change, and gives its path."""

    def write(change):
        document = json.loads(OLD.read_text())
        change(document)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(document))
        return path

    return write


def test_a_file_of_version_4_gives_a_foreign_cell_for_each_benchmark():
    stored = json.loads(OLD.read_text())
    facts, results = read(OLD)
    assert [result.cell.id for result in results] == [one["fullname"] for one in stored["benchmarks"]]
    assert all(result.cell.is_foreign and result.status == "ok" for result in results)
    for result, one in zip(results, stored["benchmarks"], strict=True):
        (call,) = result.measurements
        assert (call.metric, call.unit, call.statistic, call.threads) == ("call", "s", "median", None)
        assert call.value == one["stats"]["median"]
        assert call.samples.size == 0  # saved without --benchmark-save-data
    assert results[0].system["cpu"] == stored["machine_info"]["cpu"]["brand_raw"]
    assert results[0].system["python"] == stored["machine_info"]["python_version"]
    assert facts["git"]["revision"] == stored["commit_info"]["id"]
    assert facts["git"]["committed"] == stored["commit_info"]["time"]
    assert facts["started"].endswith("+00:00")
    assert facts["versions"] == {"pytest-benchmark": "4.0.0"}


def test_a_file_of_version_3_names_the_processor_otherwise(changed):
    def older(document):
        cpu = document["machine_info"]["cpu"]
        cpu["brand"] = cpu.pop("brand_raw")

    _, results = read(changed(older))
    assert results[0].system["cpu"]


def test_a_file_of_the_installed_version(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "def test_sum(benchmark):\n    benchmark(sum, range(10))\n"
        "def test_step(bench_cell):\n    bench_cell('debug', dataset='synthetic', batch_size=4)\n"
        "def test_inference(bench_cell):\n    bench_cell('debug', 'inference', dataset='synthetic', batch_size=4)\n"
    )
    options = ("--benchmark-json=new.json", "--benchmark-max-time=0.01", "--benchmark-min-rounds=2")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "bench.pytest_plugin", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        env=outside_xdist(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    facts, results = read(tmp_path / "new.json")
    plain, ours = results
    assert plain.cell == Cell.foreign("test_mine.py::test_sum")
    assert ours.cell == Cell("debug", dataset="synthetic", batch_size=4)
    assert plain.measurements[0].samples.size >= 2
    found = [one.metric for one in ours.measurements]
    assert found == ["step_wall", "parameters", "flops", "flops_forward", "inference_wall"]
    assert ours.system["torch"]

    run = create("mine", facts, tmp_path / "results")
    for result in results:
        run.append(result)
    table = frame(run)
    assert set(table["id"]) == {"test_mine.py::test_sum", "debug-sgd-synthetic-b4-cpu-t1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda document: document.pop("benchmarks"), "it has no list of benchmarks"),
        (lambda document: document.update(benchmarks=[]), "holds no benchmark"),
        (lambda document: document.pop("machine_info"), "on which machine"),
        (lambda document: document["benchmarks"].append("text"), "benchmark 3 has no stats"),
        (lambda document: document["benchmarks"][0].pop("stats"), "benchmark 1 has no stats"),
        (lambda document: document["benchmarks"][0]["stats"].pop("median"), "median None"),
        (lambda document: document["benchmarks"][0]["stats"].update(median=float("nan")), "median nan"),
        (lambda document: document["benchmarks"][0]["stats"].update(median=-1.0), "median -1.0"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(changed, change, words):
    with pytest.raises(BenchError, match=words) as raised:
        read(changed(change))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"benchmarks": [{', "\xff\xfe"])
def test_what_is_no_such_file_at_all_is_refused(tmp_path, text):
    path = tmp_path / "foreign.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BenchError, match="pytest wrote"):
        read(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BenchError, match="No such file"):
        read(tmp_path / "none.json")


def test_fields_of_a_cell_that_have_another_type_are_passed_over(changed):
    def tamper(document):
        cell = {"architecture": "mlp", "batch_size": "many", "threads": 1, "invented": 3}
        document["benchmarks"][0]["extra_info"] = {"bench_cell": cell, "parameters": "few"}

    _, results = read(changed(tamper))
    assert results[0].cell == Cell("mlp")
    assert [one.metric for one in results[0].measurements] == ["step_wall"]
