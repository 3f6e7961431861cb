"""The pictures of engines: latency, throughput against batch, accuracy lost, start-up and size."""

import pytest

from bench.cli.render.summary import summary
from bench.plan.cell import Cell
from bench.report import load, svg
from bench.report.answers import answers
from bench.report.table import columns
from bench.store.result import Measurement, Result
from bench.store.run import create

ENGINES = {"eager": 1.0, "inference_mode": 0.9, "freezing": 0.5, "static_int8": 0.4}


def recorded(folder, *, trained=True, engines=ENGINES):
    run = create("mine", {}, folder)
    for net in ("mlp", "lenet5"):
        for engine, times in engines.items():
            for repeat in range(3):
                seconds = times * (1e-4 if net == "mlp" else 2e-4) * (1 + 0.02 * repeat)
                taken = [("latency", seconds, "median"), ("latency_p90", 1.2 * seconds, "p90")]
                taken += [("latency_p99", 2 * seconds, "p99"), ("start_up", 200 * seconds, "single")]
                taken += [(f"served_at_{size}", size**0.8 / seconds, "p25") for size in (1, 8, 64)]
                taken += [
                    ("size_on_disk", 4e5 * times, "exact"),
                    ("answer_error", 1e-3 * (engine == "static_int8"), "single"),
                ]
                if trained and repeat == 0:
                    lost = 12 * (engine == "static_int8")
                    taken += [
                        ("accuracy_lost", (lost - 4) / 1e4, "final"),
                        ("answers_differ", (lost + 9) / 1e4, "final"),
                    ]
                    taken += [("answers_lost", lost, "final"), ("answers_gained", 4, "final")]
                    taken += [("answers_scored", 1e4, "final"), ("answer_accuracy", 0.98, "final")]
                kept = tuple(Measurement.of_value(name, float(value), kind, 2) for name, value, kind in taken)
                run.append(Result(Cell(net, engine=engine, threads=2), "ok", repeat=repeat, measurements=kept))
    return run


@pytest.fixture
def pictures(tmp_path):
    with svg.style():
        return {picture.name: picture for picture in answers(load.read(recorded(tmp_path)))}


def test_there_are_four_pictures_and_three_where_nothing_was_trained(pictures, tmp_path):
    names = {"answers-latency", "answers-rate", "answers-lost", "answers-start"}
    assert {*pictures} == names
    with svg.style():
        untrained = answers(load.read(recorded(tmp_path / "untrained", trained=False)))
    assert {picture.name for picture in untrained} == names - {"answers-lost"}


def test_each_percentile_has_its_interval_in_words(pictures):
    words = [text for _, text in pictures["answers-latency"].numbers]
    assert len(words) == 8 * 3
    assert all("n = 3 processes" in text and " to " in text for text in words)
    assert any("mlp · freezing: latency, p99" in text and "99th percentile" in text for text in words)


def test_the_fastest_engine_stands_first(pictures):
    first = pictures["answers-latency"].numbers[0][1]
    assert first.startswith("mlp · static_int8: latency, p50 40.8\xa0µs (38.9 to 42.8, this run, n = 3 processes)")


def test_each_batch_size_is_a_mark(pictures):
    words = [text for _, text in pictures["answers-rate"].numbers]
    assert len(words) == 8 * 3
    assert sum("answers, batch 64" in text for text in words) == 8


def test_a_loss_has_its_interval_below_0_too_and_how_many_answers_differ(pictures):
    words = [text for _, text in pictures["answers-lost"].numbers]
    (eager,) = [text for text in words if text.startswith("lenet5 · eager")]
    assert "accuracy lost -0.04\xa0% (-0.08 to 0.00, n = 1 seed)" in eager
    assert sum("21 answers of 10,000 differ" in text for text in words) == 2


def test_the_size_stands_beside_the_start(pictures):
    words = [text for _, text in pictures["answers-start"].numbers]
    assert sum("; 400\xa0kB on disk" in text for text in words) == 2  # of eager


def test_the_table_of_the_page_has_the_columns(tmp_path):
    shown = [column.metric for column in columns(load.read(recorded(tmp_path))) if column.shown]
    assert {"latency", "latency_p99", "served_at_64", "size_on_disk", "start_up", "accuracy_lost"} <= {*shown}
    assert "served_at_512" not in shown


def test_the_terminal_has_one_table_of_100_columns(tmp_path):
    lines = ["".join(text for text, _ in line).rstrip() for line in summary(recorded(tmp_path), width=100)]
    assert max(map(len, lines)) <= 100
    (head,) = [line for line in lines if "p50" in line and "p99" in line]
    assert all(word in head for word in ("at 64", "disk", "start", "lost"))
    rows = [line for line in lines if line.startswith(("mlp", "lenet5"))]
    assert [line.split()[2] for line in rows[:2]] == ["static_int8", "freezing"]
    assert all("±" in line for line in rows)


def test_a_run_of_training_steps_has_none(tmp_path):
    run = create("mine", {}, tmp_path)
    run.append(Result(Cell("mlp"), "ok", measurements=(Measurement.of_value("step", 1.0, "p25", 1),)))
    record = load.read(run)
    assert answers(record) == []
    assert not {column.metric for column in columns(record)} & {"latency", "start_up"}
