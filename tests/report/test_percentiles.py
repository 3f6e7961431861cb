"""Percentiles of times: from each process's samples, pooled as the table's own numbers are."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.report.cell_panel import panels
from bench.report.load import read
from bench.report.percentiles import PERCENTILES, of_line, over_processes
from bench.store.pooling import pooled
from bench.store.result import Measurement
from bench.store.warning import Warning
from tests.report import report_sample as sample
from tests.report.page_data import data_of, packed_in

BUSY = Warning("phases", "contended", 0.4, "40 % of a core")


def test_the_percentile_that_the_table_shows_is_the_same_number(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.results(("mlp", "lenet5"), seeds=2)))
    for row in record.rows:
        for metric in ("step", "forward", "backward", "inference"):
            value, same = row.values[metric], row.percentiles[metric]["p25"]
            assert value.statistic == "p25"
            assert (same.value, same.low, same.high) == pytest.approx((value.value, value.low, value.high), rel=1e-6)
            assert same.n == value.n == 6


def test_each_is_the_geometric_mean_of_those_of_the_processes(tmp_path: Path):
    results = sample.results(("mlp",))
    (row,) = read(sample.recorded(tmp_path, results)).rows
    samples = [entry.samples for result in results for entry in result.measurements if entry.metric == "step"]
    for name, share in PERCENTILES.items():
        expected = pooled([np.quantile(each, share) for each in samples], "log_mean")
        taken = row.percentiles["step"][name]
        ends = (expected.value, expected.low, expected.high)
        assert (taken.value, taken.low, taken.high) == pytest.approx(ends, rel=1e-6)
    values = [row.percentiles["step"][name].value for name in PERCENTILES]
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_there_is_none_beyond_which_no_sample_need_lie():
    entry = Measurement.of_samples("step", np.linspace(1.0, 2.0, 30)).to_dict()
    readings = {metric: [reading] for metric, reading in of_line({"measurements": [entry]}).items()}
    assert [*over_processes(readings)["step"]] == ["p10", "p25", "p50", "p75", "p90", "p95"]


def test_a_disturbed_process_is_left_out_as_it_is_of_the_table(tmp_path: Path):
    results = sample.results(("mlp",))
    slow = [replace(entry, samples=entry.samples * 3) for entry in results[1].measurements if entry.metric == "step"]
    rest = [entry for entry in results[1].measurements if entry.metric != "step"]
    results[1] = replace(results[1], measurements=(*slow, *rest), warnings=(BUSY,))
    (row,) = read(sample.recorded(tmp_path, results)).rows
    assert row.values["step"].left_out == 1
    assert row.percentiles["step"]["p25"].n == 2
    assert row.percentiles["step"]["p25"].value == pytest.approx(row.values["step"].value, rel=1e-6)


def test_without_samples_there_are_none():
    assert over_processes({}) == {}
    assert of_line({"measurements": [Measurement.of_value("parameters", 3, "exact").to_dict()]}) == {}


def test_the_panels_say_what_the_files_say(tmp_path: Path):
    record = read(sample.recorded(tmp_path, sample.troubled()))
    panes = panels(record)
    by_label = {row.label: panes["cells"][row.key] for row in record.rows}
    assert by_label["vgg8"]["reason"] == "killed while it held 7.9 GB"
    assert by_label["vgg8"]["distribution"] is None
    warnings = [text for text, _ in by_label["convnet"]["warnings"]]
    assert any("412 page faults" in text for text in warnings)
    spread = by_label["mlp"]["distribution"]
    assert (sum(spread["counts"]), len(spread["processes"])) == (1200, 3)
    assert dict(panes["environment"])["cpu"] == "AMD EPYC 7B13"
    assert by_label["mlp"]["curves"][-1][2] == pytest.approx(record.rows[1].values["accuracy"].value, rel=1e-3)


def test_no_text_of_a_result_ends_the_data(hostile: Path):
    text = hostile.read_text("utf-8")
    assert re.fullmatch(r"[\w+/=]+", packed_in(text), re.ASCII)
    texts = [text for cell in data_of(text)["cells"].values() for text, _ in cell["warnings"]]
    assert any(sample.ATTACK in text for text in texts)
