"""From a run's files: rows whose costs have another denominator are kept apart on the page, and looks are brackets."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.report import svg, write
from bench.report.conclusions import conclusions
from bench.report.learning_curves import learning
from bench.report.load import read
from bench.report.provenance import trust
from bench.report.table import columns, entries, placed
from bench.report.tradeoffs import choosing
from bench.store.result import Measurement
from tests.report import report_sample as sample
from tests.report.page_data import data_of

NAMES = ("mlp", "lenet5", "convnet")


def at_threads(results: list, threads: int) -> list:
    """The same results as measured with other threads, the reference too."""
    return [
        replace(
            result,
            cell=replace(result.cell, threads=threads),
            measurements=tuple(replace(taken, threads=taken.threads and threads) for taken in result.measurements),
        )
        for result in results
    ]


@pytest.fixture
def mixed(tmp_path: Path):
    """A run of three nets, at one and at two threads."""
    results = sample.results(NAMES, seeds=2)
    return sample.recorded(tmp_path / "results", [*at_threads(results, 1), *at_threads(results, 2)])


def test_a_page_with_two_denominators_ranks_and_draws_each_alone(mixed, tmp_path: Path):
    record = read(mixed)
    assert [row.cell["threads"] for row in record.rows] == [1, 1, 1, 2, 2, 2]
    assert [str(placed(record)[row.key]) for row in record.rows] == ["1", "2-3", "2-3"] * 2
    with svg.style():
        fronts = [(picture.name, picture.title) for picture in choosing(record) if "cost" in picture.name]
    assert fronts == [
        ("choose-relative-cost", "Accuracy against relative cost, with 1 thread"),
        ("choose-relative-cost-2", "Accuracy against relative cost, with 2 threads"),
    ]
    untrained = sample.results(NAMES, epochs=0)
    run = sample.recorded(tmp_path / "untrained", [*at_threads(untrained, 1), *at_threads(untrained, 2)])
    text = write(run, tmp_path / "reports").read_text("utf-8")
    for name in ("speed-cost", "speed-throughput"):
        assert f'<figure id="{name}"' in text
        assert f'<figure id="{name}-2"' in text
    assert {*data_of(text)["table"]["columns"]["relative_cost"]["group"]} == {"with 1 thread", "with 2 threads"}
    assert "Relative cost of a training step, with 2 threads" in text


def test_every_sentence_of_order_names_its_group(mixed):
    topics = ("Cheapest step", "Highest throughput of a step", "Most accurate", "On a budget", "Surprise")
    ordering = [one for one in conclusions(read(mixed)) if one.topic in topics and one.topic != "Most accurate"]
    assert len(ordering) >= 4
    assert all(one.claim.startswith(("With 1 thread: ", "With 2 threads: ")) for one in ordering)


def test_two_machines_in_one_run_are_two_denominators(tmp_path: Path):
    results = [
        replace(result, system={**sample.SYSTEM, "cpu": "Xeon"}) if result.cell.architecture == "convnet" else result
        for result in sample.results(NAMES)
    ]
    record = read(sample.recorded(tmp_path, results))
    assert {record.rows[at].label: str(rank) for at, rank in enumerate(placed(record).values())} == {
        "mlp": "1",
        "lenet5": "2",
    }
    (cheapest,) = (one for one in conclusions(record) if one.topic == "Cheapest step")
    assert cheapest.claim.startswith("On AMD EPYC 7B13: mlp, at ")


def test_a_time_to_accuracy_knows_the_look_before(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=3, repeats=1)))
    assert (record.target, record.aimed) == (0.98, False)
    (lenet5,) = (row for row in record.rows if "time_to_accuracy" in row.values)
    time = lenet5.values["time_to_accuracy"]
    ends = [training["epochs"] for training in lenet5.training]
    at = [next(n for n, entry in enumerate(entries) if entry["test_accuracy"] >= 0.98) for entries in ends]
    before = [entries[n - 1]["seconds"] for entries, n in zip(ends, at, strict=True)]
    assert time.before.value == pytest.approx((before[0] * before[1] * before[2]) ** (1 / 3))
    assert time.statistic == "geometric mean"
    (column,) = (column for column in columns(record) if column.metric == "time_to_accuracy")
    assert "evaluated once an epoch" in column.note
    assert "chosen after the run" in column.note
    assert entries(record, column)[lenet5.key].plus == f"not yet at {time.before.value:.2f}"


def test_a_plus_minus_stands_beside_what_the_next_run_repeats_alone(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=3, repeats=3)))
    beside = {column.metric: {entry.plus for entry in entries(record, column).values()} for column in columns(record)}
    assert all(text.startswith("±") for metric in ("relative_cost", "accuracy") for text in beside[metric])
    plain = ("step", "forward", "throughput", "peak_memory")
    assert [beside[metric] for metric in plain] == [{""}] * len(plain)
    assert all(row.values["step"].low < row.values["step"].high for row in record.rows)  # in words and files it stands


def test_the_ninth_configuration_has_its_curve_with_a_band(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=2, repeats=1)))
    ninth = replace(record, rows=(record.rows[0], replace(record.rows[1], index=8)))
    with svg.style():
        assert len(learning(ninth)) > 1


def test_the_heading_of_throughput_says_that_it_is_a_step_s(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(NAMES)))
    (column,) = (column for column in columns(record) if column.metric == "throughput")
    assert column.heading == "Step throughput"
    assert "fetch is left out" in column.note


def test_a_configuration_that_saw_two_machines_has_a_row_on_each(tmp_path: Path):
    newer = {**sample.SYSTEM, "torch": "2.15.0"}
    late = {"mlp": 3, "lenet5": 1, "convnet": 2}  # the first repeat on the newer software
    results = [
        replace(result, system=newer) if result.repeat >= late[result.cell.architecture] else result
        for result in sample.results(NAMES)
    ]
    record = read(sample.recorded(tmp_path, results))
    assert len(record.machines) == len(set(record.machines.values())) == 2  # of one name, and told apart
    assert sorted((row.cell["architecture"], row.values["step"].n) for row in record.rows) == [
        *(("convnet", 1), ("convnet", 2), ("lenet5", 1), ("lenet5", 2), ("mlp", 3))
    ]
    assert len({row.label for row in record.rows}) == 5
    assert len({row.values["accuracy"].value for row in record.rows if row.cell["architecture"] == "convnet"}) == 1
    assert any("Measured on 2 machines" in caveat for caveat in trust(record).caveats)


def test_a_page_of_more_configurations_than_a_picture_names(tmp_path: Path):
    results = [
        replace(result, cell=replace(result.cell, batch_size=size))
        for size in (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
        for result in sample.results(("lenet5", "convnet"), repeats=1)
    ]
    with svg.style():
        names = [picture.name for picture in choosing(read(sample.recorded(tmp_path, results)))]
    assert "choose-time-to-accuracy" in names


def test_a_step_of_training_keeps_its_threads_where_the_target_was_chosen_afterwards(tmp_path: Path):
    results = [
        replace(result, measurements=(*result.measurements, Measurement.of_value("training_step", 0.002, "mean", 2)))
        for result in sample.results(NAMES, repeats=1)
    ]
    record = read(sample.recorded(tmp_path, results))
    (column,) = (column for column in columns(record) if column.metric == "training_step")
    assert {row.values["training_step"].threads for row in record.rows} == {2}
    assert column.note.endswith("up to the evaluation that reached 98 %, where every seed has one")
