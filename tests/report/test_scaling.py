"""The pictures of several ranks: efficiency by world size, and what of a step is communication."""

from dataclasses import replace

import pytest

from bench.cli.render.tables import legend, overview
from bench.plan.cell import Cell
from bench.report import load, svg
from bench.report.scaling import scaling
from bench.report.table import columns
from bench.store.frame import configurations
from bench.store.result import Measurement, Result
from bench.store.run import create
from bench.store.warning import Warning

ALONE = Cell("mlp", batch_size=64, threads=1)
SHARED = (Warning("phases", "oversubscribed", 2.0, "4 ranks with 4 threads in all share 2 cores"),)


def recorded(folder, worlds=(1, 2, 4)):
    run = create("mine", {}, folder)
    for world in worlds:
        for repeat in range(3):
            for size in {64, 64 * world}:
                rate = 1000 * world * (1 - 0.05 * world) * (1 + 0.01 * repeat)
                taken = [("throughput", rate, "p25"), ("step", size / rate, "p25")]
                taken += [("communication", 0.02, "mean"), ("communication_exposed", 0.005, "mean")] * (world > 1)
                measurements = tuple(Measurement.of_value(name, value, kind, 1) for name, value, kind in taken)
                warnings = SHARED if world == 4 else ()
                cell = replace(ALONE, batch_size=size, world_size=world)
                run.append(Result(cell, "ok", repeat=repeat, measurements=measurements, warnings=warnings))
    return run


@pytest.fixture
def pictures(tmp_path):
    with svg.style():
        return {picture.name: picture for picture in scaling(load.read(recorded(tmp_path)))}


def test_there_is_a_picture_of_efficiency_and_one_of_communication(pictures):
    assert set(pictures) == {"ranks-efficiency", "ranks-communication"}


def test_each_efficiency_has_its_interval_and_launches_in_words(pictures):
    words = [text for _, text in pictures["ranks-efficiency"].numbers]
    assert len(words) == 4  # weak and strong, of two and of four ranks
    assert all("n = 3 processes" in text for text in words)
    assert sum("weak efficiency" in text for text in words) == sum("strong efficiency" in text for text in words) == 2


def test_shared_cores_are_told(pictures):
    for picture in pictures.values():
        marked = [text for _, text in picture.numbers if "oversubscribed" in text]
        assert marked
        assert all("4 ranks" in text for text in marked)


def test_communication_is_drawn_exposed_and_hidden(pictures):
    assert "exposed" in pictures["ranks-communication"].numbers[0][1]
    assert "Infinity" not in pictures["ranks-communication"].svg


def test_a_run_of_single_ranks_has_neither(tmp_path):
    assert scaling(load.read(recorded(tmp_path, worlds=(1,)))) == []


def test_an_efficiency_beyond_one_keeps_its_interval(tmp_path):
    run = create("fast", {}, tmp_path)
    for world, rate in ((1, 100.0), (2, 250.0)):
        for repeat in range(3):
            taken = (Measurement.of_value("throughput", rate * (1 + 0.01 * repeat), "p25", 1),)
            run.append(Result(replace(ALONE, world_size=world), "ok", repeat=repeat, measurements=taken))
    with svg.style():
        (picture,) = scaling(load.read(run))
    (words,) = [text for _, text in picture.numbers]
    assert "125" in words
    assert "100.00" not in words


def test_the_table_has_the_columns_where_world_sizes_differ(tmp_path):
    record = load.read(recorded(tmp_path))
    shown = {column.metric for column in columns(record) if column.shown}
    assert {"weak_efficiency", "strong_efficiency", "communication", "communication_exposed"} <= shown


def test_the_terminal_has_them_too(tmp_path):
    table = configurations(recorded(tmp_path))
    rows = {row["cell"]: row for row in overview(table)}
    assert rows["mlp-sgd-mnist-b128-cpu-t1-world2"]["weak efficiency"].startswith("95 ±")
    assert rows["mlp-sgd-mnist-b64-cpu-t1"]["weak efficiency"] == "-"
    assert "weak and strong efficiency: images/s over world size times" in legend(table, {})
