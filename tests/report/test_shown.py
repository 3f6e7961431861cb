"""Shown: pictures are of the first seed and say which, and say so where an image has channels that they leave out."""

from dataclasses import replace

import pytest

from bench.report import svg
from bench.report.insight import insight
from bench.report.load import read
from bench.report.predictions import seeing
from tests.report import report_sample as sample
from tests.report.insight_sample import insight as made_up
from tests.report.insight_sample import looked_into

LITTLE = {"fooled", "scores", "saliency", "filters", "features", "ascent", "edges"}
OF_IMAGES = LITTLE - {"filters", "features"}


def drawn(results, root):
    """The captions of all pictures, and all of their numbers in words, by the name of the picture."""
    record = read(sample.recorded(root, results))
    with svg.style():
        pictures = [*insight(record), *seeing(record)]
    return {each.name: f"{each.caption} {each.numbers}" for each in pictures}


def looked(seeds, names=("lenet5",)):
    """Nets whose first layer is named by their seed, and so are their classes; the last seed ran first."""
    every = [
        looked_into(each, made_up(layer=f"of seed {each.cell.seed}"))
        for each in sample.results(names, seeds=seeds, repeats=1)
    ]
    for each in every:
        each.training["classes"] = [f"{at} of seed {each.cell.seed}" for at in range(10)]
    return every[::-1]


def test_pictures_are_of_the_first_seed_whichever_ran_first(tmp_path):
    words = drawn(looked(3), tmp_path)
    assert {name for name, text in words.items() if "of seed 1" in text or "of seed 2" in text} == set()
    for name in LITTLE:
        assert "Pictures are of seed 0." in words[f"insight-{name}"]
    assert "of seed 0" in words["insight-filters"].partition("(")[2]
    assert "lenet5 (seed 0) gives" in words["seeing-scores-r0"]
    assert "lenet5 (seed 0) was most wrong" in words["seeing-mistakes-r0"]


def test_with_a_single_seed_it_is_not_named(tmp_path):
    assert not any("Pictures are of seed" in text for text in drawn(looked(1), tmp_path).values())


def test_a_net_whose_first_seed_was_not_looked_into_is_named(tmp_path):
    every = [
        replace(each, insight=None) if (each.cell.architecture, each.cell.seed) == ("mlp", 0) else each
        for each in looked(2, names=("lenet5", "mlp", "resnet8"))
    ]
    assert "Pictures are of seed 0, of mlp of seed 1." in drawn(every, tmp_path)["insight-filters"]


@pytest.mark.parametrize(
    ("channels", "shown"),
    [
        (2, "Of the 2 channels of mnist the first is shown."),
        (4, "Of the 4 channels of mnist the first three are shown, as red, green and blue."),
    ],
)
def test_channels_that_no_picture_shows_are_named(tmp_path, channels, shown):
    (result,) = looked(1)
    words = drawn([replace(result, training={**result.training, "shape": [channels, 28, 28]})], tmp_path)
    pictures = {f"insight-{name}" for name in OF_IMAGES} | {
        "seeing-samples-r0",
        "seeing-scores-r0",
        "seeing-mistakes-r0",
    }
    assert {name for name, text in words.items() if shown in text} == pictures
    assert "its first channel" in words["seeing-pixels-r0"]


@pytest.mark.parametrize("shape", [[1, 28, 28], [3, 28, 28], None, [], "odd", [None], {"channels": 2}])
def test_where_all_channels_are_shown_or_nothing_tells_none_is_named(tmp_path, shape):
    (result,) = looked(1)
    words = drawn([replace(result, training={**result.training, "shape": shape})], tmp_path)
    assert not any("are shown" in text or "is shown" in text for text in words.values())


def test_scores_of_what_fooled_a_net_are_of_all_of_the_image(tmp_path):
    text = drawn(looked(1), tmp_path)["insight-fooled"]
    assert "of whole images, all their pixels and channels, the changed one rounded to 8 bits" in text
