"""Seeing: images come back from their text as they were, what is damaged is left out, and numbers are the record's."""

import base64
import io
import json
import re
import zlib
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from bench.report import svg
from bench.report.drawing import pixels_of, png
from bench.report.load import read
from bench.report.predictions import seeing
from tests.report import report_sample as sample


def stored(pixels, shape=None):
    packed = base64.b64encode(zlib.compress(pixels.tobytes())).decode()
    return {"shape": list(pixels.shape if shape is None else shape), "pixels": packed}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 5, 7), (1, 1, 1)])
def test_a_png_shows_the_very_pixels(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    shown = matplotlib.image.imread(io.BytesIO(png(pixels)), format="png")
    plane = shown[..., None] if shown.ndim == 2 else shown[..., : shape[0]]
    assert np.array_equal(np.rint(plane * 255).astype(np.uint8), np.moveaxis(pixels, 0, -1))


def test_an_image_is_read_from_its_text():
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    assert np.array_equal(pixels_of(stored(pixels)), pixels)


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        "text",
        {},
        {"shape": [1, 2, 2], "pixels": "no base64 !"},
        {"shape": [1, 2, 2], "pixels": base64.b64encode(b"not deflated").decode()},
        stored(np.zeros((1, 2, 2), np.uint8), (1, 3, 3)),
        stored(np.zeros((1, 4, 4), np.uint8), (1, 2, 2)),
        stored(np.zeros((2, 2, 2), np.uint8)),
        stored(np.zeros((1, 2, 2), np.uint8), (1, 2, -2)),
        stored(np.zeros((1, 2, 2), np.uint8), (1, 2)),
        stored(np.zeros((1, 65, 65), np.uint8)),
        stored(np.zeros((1, 2, 2), np.uint8), ("1", "2", "2")),
        stored(np.zeros(10**6, np.uint8), (1, 2, 2)),
    ],
)
def test_what_is_no_image_is_left_out(damaged):
    assert pixels_of(damaged) is None


def pictures(root: Path, results) -> dict:
    with svg.style():
        return {one.name: one for one in seeing(read(sample.recorded(root, results)))}


def test_the_matrix_sums_the_seeds_and_tells_its_worst_cells(tmp_path):
    found = pictures(tmp_path, sample.results(("mlp",), seeds=3, repeats=1))
    matrix = found["seeing-confusion-r0"]
    numbers = re.findall(r">(\d+)</(?:\w+:)?text>", matrix.svg)
    assert numbers.count("2940") == 10
    assert "3 seeds together" in matrix.caption
    assert matrix.numbers[1] == ("r0", "mlp: 9 taken for 3 18 times")
    assert matrix.rows == "r0"


def test_the_accuracy_of_each_class_stands_beside_the_matrix(tmp_path):
    results = sample.results(("mlp",), seeds=2, repeats=1)
    results[0].training["confusion"] = [[3, 1, 0], [0, 4, 0], [0, 0, 0]]
    results[1].training["confusion"] = [[2, 0, 2], [0, 0, 4], [0, 0, 0]]
    matrix = pictures(tmp_path, results)["seeing-confusion-r0"]
    shown = re.findall(r">([\d.]+\u00a0%|-)</(?:\w+:)?text>", matrix.svg)
    assert shown == ["62.50\u00a0%", "50.00\u00a0%", "-"]
    told = "mlp, right of each class: 0 62.50\u00a0%, 1 50.00\u00a0%, 2 -"
    assert matrix.numbers[0][1] == told
    assert told in matrix.svg  # its description
    assert "At the end of a row" in matrix.caption


def test_scores_and_mistakes_are_those_of_the_record(tmp_path):
    found = pictures(tmp_path, sample.results(("mlp",), repeats=1))
    mistake = found["seeing-mistakes-r0"]
    assert len(mistake.numbers) == 12
    assert mistake.numbers[0][1] == "mlp, test image 100, class 0: 3 99.7 %, 4 0.26 %, 5 < 0.01 %"
    assert mistake.svg.count("<image") == 12
    assert "It is right on 10 of 10." in found["seeing-scores-r0"].caption


def test_of_many_classes_it_is_said_how_many_have_an_image(tmp_path):
    (result,) = sample.results(("mlp",), repeats=1)
    result.training["classes"] = [f"c{at}" for at in range(13)]
    found = pictures(tmp_path, [result])
    assert found["seeing-samples-r0"].caption.startswith("The first test image of each of 10 of 13 classes of mnist, ")
    assert "the first test image of each of 10 of 13 classes, after" in found["seeing-scores-r0"].caption


@pytest.mark.parametrize("share", [10**400, -0.5, 1e300], ids=["endless", "negative", "huge"])
def test_a_share_that_is_none_is_left_out_of_the_scores(tmp_path, share):
    (result,) = sample.results(("mlp",), repeats=1)
    result.training["mistakes"] = [{**result.training["mistakes"][0], "scores": [[3, share], [4, 0.25]]}]
    (_, words), *_ = pictures(tmp_path, [result])["seeing-mistakes-r0"].numbers
    assert words == "mlp, test image 100, class 0: 4 25 %"


def test_of_many_configurations_the_best_and_the_worst_are_looked_at(tmp_path):
    found = pictures(tmp_path, sample.results(repeats=1))
    confusions = [name for name in found if name.startswith("seeing-confusion")]
    assert len(confusions) == 4
    assert [name for name in found if name.startswith("seeing-samples")] == ["seeing-samples-r0"]


def test_damaged_records_leave_pictures_out_and_stop_nothing(tmp_path):
    results = sample.results(("mlp", "lenet5"), repeats=1)
    first, second = (result.training for result in results)
    first["confusion"] = [[1, 2], [3]]
    first["digits"] = [7, {"image": None}, first["digits"][0]]
    second["confusion"] = json.loads(json.dumps([[1] * 50] * 50))
    second["mistakes"] = []
    second["classes"] = None
    found = pictures(tmp_path, results)
    assert not [name for name in found if "confusion" in name]
    assert any("It is right on 1 of 1." in one.caption for one in found.values())
