"""Files of pytest-benchmark: one that version 4.0.0 wrote, one of the installed version made here, and damaged ones."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.store.benchmark import Benchmark
from bench.store.fingerprint import fingerprint, threads_of
from bench.store.frame import frame
from bench.store.pytest_benchmark import _joins, read
from bench.store.result import Measurement
from bench.store.run import create
from bench.store.spread import NAMES
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


@pytest.mark.slow
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


def noted(**fields):
    """Puts a note of `bench_cell` into the first benchmark."""

    def tamper(document):
        document["benchmarks"][0]["extra_info"] = {"bench_cell": {"architecture": "mlp", **fields}, "parameters": "few"}

    return tamper


def test_fields_of_a_cell_that_nobody_knows_are_passed_over(changed):
    _, results = read(changed(noted(threads=2, invented=3)))
    assert results[0].cell == Cell("mlp", threads=2)
    assert [one.metric for one in results[0].measurements] == ["step_wall"]


@pytest.mark.parametrize(
    "fields",
    [
        *({"batch_size": value} for value in ("many", True, 1.5, None)),
        *({"learning_rate": value} for value in ("high", True, -0.1, 0)),
        *({"origins": value} for value in ("architecture=a.py:A", ["a.py:A"], [3])),
        {"device": 3},
        {"seed": -1},
    ],
)
def test_a_field_of_a_cell_that_it_cannot_have_is_refused_since_the_default_would_be_a_claim(changed, fields):
    with pytest.raises(BenchError, match=rf"benchmark 1 \(test_sums.py::test_sum\[10\]\) has {next(iter(fields))} "):
        read(changed(noted(**fields)))


def test_all_figures_of_the_rounds_are_kept_with_and_without_their_data(changed):
    stats = json.loads(OLD.read_text())["benchmarks"][0]["stats"]
    data = [stats["min"], stats["median"], stats["max"]]
    for path in (OLD, changed(lambda document: document["benchmarks"][0]["stats"].update(data=data))):
        _, results = read(path)
        (call,) = results[0].measurements
        assert call.value == stats["median"]
        assert call.spread.to_dict() == {name: stats[name] for name in NAMES}
    assert call.samples.tolist() == data


def test_figures_that_a_file_lacks_stay_open(changed):
    def trim(document):
        for name in ("rounds", "iqr", "stddev"):
            del document["benchmarks"][0]["stats"][name]
        document["benchmarks"][0]["stats"]["mean"] = None

    (call,) = read(changed(trim))[1][0].measurements
    assert set(call.spread.to_dict()) == {"iterations", "min", "q1", "q3", "max"}


def test_the_frame_has_the_figures_and_says_nothing_that_the_file_does_not(tmp_path):
    facts, results = read(OLD)
    run = create("mine", facts, tmp_path / "results")
    for result in results:
        run.append(result)
    first, second = frame(run).to_dict("records")
    assert (first["rounds"], first["iterations"], second["rounds"]) == (10, 33, 7)
    assert first["stddev"] == json.loads(OLD.read_text())["benchmarks"][0]["stats"]["stddev"]
    assert first["median"] == pytest.approx(first["value"])
    silent = [field.name for field in fields(Cell) if field.name not in ("architecture", "dataset")]
    assert [name for name in (*silent, "seeds", "threads_used") if not pd.isna(first[name])] == []
    (stored, _) = run.lines()
    assert {name for name, value in stored["cell"].items() if value is not None} == {"architecture", "dataset"}
    assert stored["seconds"] is None
    assert Cell.from_dict(stored["cell"]) == results[0].cell


def test_two_benchmarks_of_one_name_are_two_results_of_one_cell(changed, tmp_path):
    facts, results = read(changed(lambda document: document["benchmarks"].append(copy_of(document, 0, median=4e-7))))
    twice = [(result.repeat, result.measurements[0].value) for result in results if "[10]" in result.cell.id]
    assert twice == [(0, 3.096818159754162e-07), (1, 4e-7)]
    assert facts["cells"] == 2
    run = create("mine", facts, tmp_path / "results")
    for result in results:
        run.append(result)
    row = frame(run).iloc[0]
    assert (row["n"], row["rounds"], row["iterations"]) == (2, 20, 33)
    assert pd.isna(row["stddev"])  # the spread of neither
    assert row["value"] == pytest.approx((3.096818159754162e-07 * 4e-7) ** 0.5)


def copy_of(document, at, **stats):
    benchmark = document["benchmarks"][at]
    return {**benchmark, "stats": {**benchmark["stats"], **stats}}


def test_two_benchmarks_of_our_cell_keep_their_times_and_counts(changed):
    def again(document):
        first, second = document["benchmarks"]
        cell = {"architecture": "mlp"}
        first["extra_info"] = {"bench_cell": cell, "bench_part": "train", "flops": 10}
        second["extra_info"] = {"bench_cell": cell, "bench_part": "train", "flops": 20}
        inference = {"bench_cell": cell, "bench_part": "inference", "flops": 10}
        document["benchmarks"].append({**first, "extra_info": inference})

    _, results = read(changed(again))
    assert [[(one.metric, one.value) for one in result.measurements] for result in results] == [
        [("step_wall", 3.096818159754162e-07), ("flops", 10), ("inference_wall", 3.096818159754162e-07)],
        [("step_wall", 1.4897999790264294e-05), ("flops", 20)],
    ]
    assert [result.repeat for result in results] == [0, 1]


def test_only_counts_that_such_a_file_may_have_are_taken(changed):
    noted = {"bench_cell": {"architecture": "mlp"}, "flops": 10, "flops_backward": 7, "call": 3.0, "peak_memory": 5}
    _, results = read(changed(lambda document: document["benchmarks"][0].update(extra_info=noted)))
    (ours,) = (result for result in results if not result.cell.is_foreign)
    assert [reading.metric for reading in ours.measurements] == ["step_wall", "flops"]


def test_a_median_below_the_clock_s_resolution_costs_that_benchmark_alone(changed):
    _, results = read(changed(lambda document: document["benchmarks"][0]["stats"].update(median=0.0)))
    assert [(result.status, len(result.measurements)) for result in results] == [("skipped", 0), ("ok", 1)]
    assert "the clock" in results[0].reason

    def nothing(document):
        for benchmark in document["benchmarks"]:
            benchmark["stats"]["median"] = 0

    with pytest.raises(BenchError, match="holds no time"):
        read(changed(nothing))


def test_a_round_of_0_s_is_one_where_the_median_is_not(changed):
    _, results = read(changed(lambda document: document["benchmarks"][0]["stats"].update(data=[0, 1e-7, 2e-7])))
    assert results[0].measurements[0].samples.tolist() == [0, 1e-7, 2e-7]


GIANT = 10**400
ODD = {
    "true": {"median": True},
    "giant": {"median": GIANT},
    "longer than Python reads": {"median": "9" * 5000},
    "infinite": {"median": float("inf")},
    "text": {"median": "4.4e-05"},
    "nan beside": {"stddev": float("nan")},
    "negative quartile": {"q1": -1e-7},
    "true rounds": {"rounds": True},
    "half a round": {"rounds": 2.5},
    "no rounds": {"rounds": 0},
    "negative iterations": {"iterations": -3},
    "giant rounds": {"rounds": GIANT},
    "nan in data": {"data": [1e-7, float("nan")]},
    "truth in data": {"data": [1e-7, True]},
    "negative in data": {"data": [1e-7, -1e-7]},
    "giant in data": {"data": [1, GIANT]},
    "text in data": {"data": ["1e-7"]},
}


@pytest.mark.parametrize("stats", ODD.values(), ids=ODD)
def test_an_odd_number_is_refused_under_the_benchmark_s_name(changed, stats):
    path = changed(lambda document: document["benchmarks"][1]["stats"].update(stats))
    path.write_text(path.read_text().replace(f'"{"9" * 5000}"', "9" * 5000))
    with pytest.raises(BenchError, match=r"benchmark 2 \(test_sums.py::test_sum\[1000\]\) has the ") as raised:
        read(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300 + len(str(path))


@pytest.mark.parametrize("value", [True, GIANT, float("nan"), float("-inf"), -1], ids=lambda value: str(value)[:5])
def test_an_odd_count_is_refused_too(changed, value):
    with pytest.raises(BenchError, match=r"test_sum\[10\]\) has the flops"):
        read(changed(lambda document: document["benchmarks"][0]["extra_info"].update(flops=value)))


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ({"memory": GIANT}, "the number"),
        ({"load": float("nan")}, "the number nan"),
        ({"cpu": "half \ud800"}, "half a character"),
        ({"\udfff": 1}, "half a character"),
        ({"cpu": [[[[[]]]]] * 2}, None),
        ({"cpu": json.loads("[" * 60 + "]" * 60)}, "nested too deeply"),
    ],
)
def test_what_a_benchmark_says_of_its_system_can_be_stored_and_shown(changed, system, words):
    def tamper(document):
        noted()(document)
        document["benchmarks"][0]["extra_info"]["system"] = system

    if words is None:
        assert read(changed(tamper))[1][0].system == system
        return
    with pytest.raises(BenchError, match=words):
        read(changed(tamper))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_does_not_have_is_refused(changed, moment):
    with pytest.raises(BenchError, match=r"has the datetime '.*, which UTC does not have"):
        read(changed(lambda document: document.update(datetime=moment)))
    with pytest.raises(BenchError, match="the time of its commit"):
        read(changed(lambda document: document["commit_info"].update(time=moment)))


@pytest.mark.parametrize("time", ["yesterday", "", None, 5])
def test_a_commit_whose_time_is_none_has_none(changed, time):
    git = read(changed(lambda document: document["commit_info"].update(time=time)))[0]["git"]
    assert (bool(git["revision"]), "committed" in git) == (True, False)


@pytest.mark.parametrize("key", ["fullname", "name"])
def test_half_a_character_in_a_name_is_refused_with_a_line_that_can_be_printed(changed, key):
    def tamper(document):
        document["benchmarks"][0].pop("fullname")
        document["benchmarks"][0][key] = "test[\ud800]"

    with pytest.raises(BenchError, match=r"benchmark 1 has the name test\[\\ud800\]") as raised:
        read(changed(tamper))
    str(raised.value).encode("utf-8")


def test_half_a_character_in_what_is_not_read_does_not_matter(changed):
    assert len(read(changed(lambda document: document["benchmarks"][0]["params"].update(n="\ud800")))[1]) == 2


def test_json_that_is_nested_too_deeply_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(BenchError, match="nested too deeply"):
        read(path)


def test_a_byte_order_mark_is_read_and_utf_16_told(tmp_path):
    path = tmp_path / "marked.json"
    path.write_text(OLD.read_text(), "utf-8-sig")
    assert [result.cell for result in read(path)[1]] == [result.cell for result in read(OLD)[1]]
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        path.write_text(OLD.read_text(), encoding)
        with pytest.raises(BenchError, match="is UTF-16 text: save it as UTF-8"):
            read(path)


def test_the_machine_says_what_the_file_says_and_no_more(changed):
    def trim(document):
        document["machine_info"] = {"machine": "arm64", "cpu": {"count": 8, "brand_raw": ["odd"]}, "system": 3}
        document["commit_info"] = {"id": "abc"}

    facts, results = read(changed(trim))
    assert results[0].system == {"cores": 8, "arch": "arm64"}
    assert facts["git"] == {"revision": "abc"}
    assert "threads" not in fingerprint(results[0].system, threads_of(results[0].cell, None)).fields


@pytest.mark.parametrize(
    ("noted", "joins"),
    [({}, True), ({"flops": 8.0}, True), ({"flops": 9.0}, False), ({"step_wall": 1.0}, False), ({"call": 1.0}, True)],
)
def test_a_benchmark_joins_what_has_no_other_count_and_not_its_own_time(noted, joins):
    benchmark = Benchmark(Cell("mlp"), None, "step_wall", (Measurement.of_value("flops", 8.0, "exact"),), {})
    values = {metric: Measurement.of_value(metric, value, "single") for metric, value in noted.items()}
    assert _joins(benchmark, values) is joins
