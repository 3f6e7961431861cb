"""Result: it comes back from its line as it was, samples to float32, and a line is JSON that any reader takes."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from bench.plan.cell import Cell
from bench.store.result import QUANTILES, SCHEMA, Measurement, Result, decode_samples
from bench.store.stored import parse_line
from bench.store.warning import Warning
from bench.vocabulary import STATUSES

SAMPLES = np.random.default_rng(0).lognormal(-7, 0.2, 1001)
WHOLE = Result(
    cell=Cell("mlp", device="cuda:0", seed=3),
    status="failed",
    reason='RuntimeError: out of "luck"\nor µ',
    repeat=2,
    measurements=(
        Measurement.of_samples("step", SAMPLES, threads=2),
        Measurement("parameters", "1", "lower", 61_706.0, "exact"),
    ),
    blocks=({"subject": "train", "wall": 0.1, "steps": 3},),
    training={"seed": 3, "epochs": [{"epoch": 1, "test_loss": 0.25}]},
    operators={"forward": {"aten.addmm": 3}},
    profile={"side": "host", "rows": [["forward", "matrix multiply", "aten::addmm", "layers.1", 1e-4, 3]]},
    system={"cpu": "made up", "gpu": None},
    warnings=(
        Warning("phases", "not steady", None, "no steady state within the longest warm-up"),
        Warning("phases", "contended", 0.48, "the process had 48 % of its core"),
    ),
    started="2026-01-31T12:00:00+00:00",
    seconds=1.25,
)


def there_and_back(result):
    return Result.from_dict(parse_line(result.to_line().encode()))


def test_a_result_comes_back_as_it_was():
    again = there_and_back(WHOLE)
    assert replace(again, measurements=()) == replace(WHOLE, measurements=())
    for found, expected in zip(again.measurements, WHOLE.measurements, strict=True):
        assert replace(found, samples=None) == replace(expected, samples=None)
        np.testing.assert_array_equal(found.samples, expected.samples.astype("<f4"))


def test_a_warning_is_stored_as_an_object():
    assert json.loads(WHOLE.to_line())["warnings"][1] == {
        "part": "phases",
        "kind": "contended",
        "amount": 0.48,
        "text": "the process had 48 % of its core",
    }


def test_samples_keep_their_order_and_seven_digits():
    found = there_and_back(WHOLE).measurements[0].samples
    np.testing.assert_allclose(found, SAMPLES, rtol=2**-24)
    assert found.dtype == np.float64


def test_a_second_trip_changes_nothing():
    once = there_and_back(WHOLE)
    assert there_and_back(once).to_line() == once.to_line()
    assert json.loads(once.to_line())["samples"] == json.loads(WHOLE.to_line())["samples"]


def test_the_head_of_a_line_ends_with_the_measurements():
    line = WHOLE.to_line().encode()
    whole, head = parse_line(line), parse_line(line, whole=False)
    assert whole["measurements"][0].pop("samples")
    assert head == {key: whole[key] for key in head}
    assert list(head)[-1] == "measurements"


def test_a_line_is_one_line_with_its_schema_and_id():
    line = WHOLE.to_line()
    stored = json.loads(line)
    assert "\n" not in line
    assert (stored["schema"], stored["id"]) == (SCHEMA, WHOLE.cell.id)


def test_samples_are_little_endian_float32():
    stored = WHOLE.measurements[0].to_dict()
    raw = base64.b64decode(stored["samples"])
    assert len(raw) == 4 * len(SAMPLES)
    assert raw[:4] == np.float32(SAMPLES[0]).astype("<f4").tobytes()
    np.testing.assert_allclose(decode_samples(stored), SAMPLES, rtol=2**-24)


def test_number_and_median_are_those_of_the_samples():
    stored = WHOLE.measurements[0].to_dict()
    assert stored["n"] == len(SAMPLES)
    assert stored["median"] == pytest.approx(np.median(decode_samples(stored)), rel=1e-6)


def test_the_value_is_the_quantile_it_names():
    for name, share in QUANTILES.items():
        found = Measurement.of_samples("step", SAMPLES, statistic=name)
        assert (found.value, found.statistic) == (np.quantile(SAMPLES, share), name)


def test_a_single_reading_has_no_samples_and_no_median():
    stored = WHOLE.measurements[1].to_dict()
    assert not {"samples", "median", "n"} & set(stored)
    assert Measurement.from_dict(stored).samples.size == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), np.float64("nan")])
def test_what_json_cannot_hold_is_stored_as_null(value):
    result = Result(
        Cell("mlp"),
        "diverged",
        measurements=(Measurement("test_loss", "1", "lower", value, "final"),),
        training={"epochs": [{"train_loss": value, "test_accuracy": 0.5}]},
        blocks=({"wall": (value, 1.0)},),
    )
    stored = json.loads(result.to_line(), parse_constant=pytest.fail)
    assert stored["measurements"][0]["value"] is None
    assert stored["training"]["epochs"] == [{"train_loss": None, "test_accuracy": 0.5}]
    assert stored["blocks"] == [{"wall": [None, 1.0]}]


@pytest.mark.parametrize("status", STATUSES)
def test_a_result_of_any_status_may_have_nothing_but_its_cell(status):
    result = Result(Cell("mlp"), status)
    assert there_and_back(result) == result


def test_the_quantiles_are_what_they_are_called():
    hundred = np.arange(1.0, 102.0)
    values = {name: Measurement.of_samples("step", hundred, statistic=name).value for name in QUANTILES}
    expected = {
        "min": 1.0,
        "p10": 11.0,
        "p25": 26.0,
        "median": 51.0,
        "p75": 76.0,
        "p90": 91.0,
        "p99": 100.0,
        "max": 101.0,
    }
    assert values == pytest.approx(expected)
