"""Insight on the page: numbers are the record's, names are text, what is damaged or absent is left out and told."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from bench.metrics import ROBUST_OF
from bench.report import svg
from bench.report.conclusions import conclusions
from bench.report.insight import insight
from bench.report.load import read
from bench.report.multiples import diverging
from bench.report.page import page
from bench.report.score_bars import softmax
from bench.store.result import Measurement
from bench.vocabulary import INSIGHT_KINDS
from tests.report import report_sample as sample
from tests.report.insight_sample import image as picture_of
from tests.report.insight_sample import insight as made_up
from tests.report.insight_sample import looked_into

NAMES = {
    "insight-robustness",
    "insight-reliability",
    "insight-fooled",
    "insight-scores",
    "insight-saliency",
    "insight-filters",
    "insight-features",
    "insight-ascent",
    "insight-edges",
}


def seen_in(results, root):
    with svg.style():
        return {picture.name: picture for picture in insight(read(sample.recorded(root, results)))}


def results(seeds=1, names=("lenet5", "resnet8"), **changes):
    """Nets of which the first keeps less; `changes` are of their insights."""
    kept = dict(zip(names, (0.43, 0.71), strict=False))
    return [
        looked_into(each, replace(made_up(kept[each.cell.architecture], seed=each.cell.seed), **changes))
        for each in sample.results(names, seeds=seeds, repeats=1)
    ]


def test_without_insight_there_is_no_section(tmp_path):
    assert seen_in(sample.results(("mlp",), repeats=1), tmp_path) == {}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Those of two nets with one seed."""
    return seen_in(results(), tmp_path_factory.mktemp("pictures"))


def test_each_kind_is_a_picture_with_a_sentence(pictures):
    assert set(pictures) == NAMES
    for picture in pictures.values():
        assert picture.caption.endswith(".")
        assert picture.numbers
        assert picture.numbers[0][1] in picture.svg  # said on hovering, and in its description


def test_nets_are_compared_by_what_they_keep(pictures):
    caption = pictures["insight-robustness"].caption
    assert caption.startswith("resnet8 keeps 71.00\u00a0% at eps 0.1, lenet5 43.00\u00a0%. ")


def test_several_seeds_give_an_interval(tmp_path):
    pictures = seen_in(results(seeds=3), tmp_path)
    robustness = pictures["insight-robustness"]
    assert robustness.caption.startswith("resnet8 keeps 72 ± 2.5\u00a0% at eps 0.1, lenet5 44 ± 2.5\u00a0%. ")
    assert "n = 3 seeds" in robustness.numbers[0][1]
    assert "of 2,700 answers of 3 seeds" in pictures["insight-reliability"].numbers[0][1]


def of_two_data_sets(root, **training):
    """The pictures of a net on one data set and of another on `two`, whose learning record has `training` too."""
    first, second = results()
    second.insight["adversarial"]["images"] = 30
    second = replace(second, cell=replace(second.cell, dataset="two"), training={**second.training, **training})
    return seen_in([first, second], root)


def test_nets_of_several_data_sets_are_not_ranked_together(tmp_path):
    pictures = of_two_data_sets(tmp_path)
    robustness, reliability = (pictures[f"insight-{name}"].caption for name in ("robustness", "reliability"))
    assert robustness.startswith(
        "On mnist: lenet5 \u00b7 mnist keeps 43.00\u00a0% at eps 0.1. "
        "On two: resnet8 \u00b7 two keeps 71.00\u00a0% at eps 0.1. "
    )
    assert "are the same for all nets of a data set (500 images of mnist and 30 images of two), each" in robustness
    assert reliability.startswith(
        "Calibration error, on mnist: lenet5 \u00b7 mnist 2.00\u00a0%. "
        "Calibration error, on two: resnet8 \u00b7 two 2.00\u00a0%. "
    )


def test_a_data_set_whose_nets_all_guess_has_no_sentence_of_its_own(tmp_path):
    caption = of_two_data_sets(tmp_path, confusion=[[1, 0], [9999, 0]])["insight-robustness"].caption
    left = "Hardly more often right than a guess, without any attack: resnet8 \u00b7 two. "
    assert caption.startswith(f"On mnist: lenet5 \u00b7 mnist keeps 43.00\u00a0% at eps 0.1. {left}")


def headings(picture):
    return re.findall(r">class (\w+)</", picture.svg)


def test_classes_stand_above_the_maps_of_the_nets_that_have_them(tmp_path, pictures):
    assert headings(pictures["insight-features"]) == ["0", "1"]
    own = of_two_data_sets(tmp_path, classes=["cat", "dog"])["insight-features"]
    assert headings(own) == ["cat", "dog", "0", "1"]


def test_images_of_features_without_known_classes_have_their_numbers(tmp_path):
    picture = seen_in(results(names=("lenet5",), scores=None), tmp_path)["insight-features"]
    assert f"test image: no. {WHOLE.features[0].index}" in picture.svg
    assert "class None" not in picture.svg


def test_the_maps_of_an_image_begin_below_its_class_whatever_the_layer_has(tmp_path):
    whole = made_up()
    narrow = tuple(
        replace(each, layers=(replace(each.layers[0], channels=2, maps=picture_of(2, 14)), *each.layers))
        for each in whole.features
    )
    picture = seen_in(results(names=("lenet5",), features=narrow), tmp_path)["insight-features"]
    first = re.findall(r"<title>[^<]*map 1 of (\d), test image: class (\d)</title><image x=\"([\d.]+)\"", picture.svg)
    places = {(maps, label): float(x) for maps, label, x in first}
    assert places["2", "0"] == places["6", "0"] < places["2", "1"] == places["6", "1"]


@pytest.mark.parametrize(
    ("images", "surest"),
    [
        ((30,), "30 images at a mean probability of 99.00"),
        ((12, 28), "40 answers of 2 seeds at a mean probability of 99.00"),
        ((12, 27), "200 answers of 2 seeds at a mean probability of 63.00"),
    ],
)
def test_answers_of_several_seeds_are_not_counted_as_images(tmp_path, images, surest):
    """The seeds are asked the same images, and a bin is drawn by how many of them a seed has in it."""
    every = results(seeds=len(images), names=("lenet5",))
    for result, count in zip(every, images, strict=True):
        result.insight["calibration"]["bins"][14]["images"] = count
    picture = seen_in(every, tmp_path)["insight-reliability"]
    assert f"of {surest}" in picture.numbers[0][1]
    assert ("20 images a seed are" in picture.caption) == (len(images) > 1)


def test_scores_are_those_of_the_record_and_their_softmax(pictures):
    assert softmax([0.0, np.log(3)]) == pytest.approx([0.25, 0.75])
    assert softmax([1000.0, 0.0])[0] == 1.0
    told_of = pictures["insight-scores"].numbers
    assert len(told_of) == 2 * 3
    assert "test image 0, class 0, taken for 3: 0 " in told_of[0][1]


def of_classes(count, *, known=None):
    """A net whose first image is of the last class of so many; the scores of the first are the highest."""
    scores = tuple(float(count - at) for at in range(count))
    shown = (replace(WHOLE.scores[0], label=count - 1, predicted=0, scores=scores),)
    (result,) = results(names=("lenet5",), scores=shown)
    classes = [f"c{at}" for at in range(known or count)]
    return [replace(result, training={**result.training, "classes": classes, "per_class": [0.9] * len(classes)})]


def test_of_many_classes_the_true_one_and_the_highest_stand_with_their_shares_of_all(tmp_path):
    picture = seen_in(of_classes(14), tmp_path)["insight-scores"]
    (words,) = [text for _, text in picture.numbers]
    shares = softmax([float(14 - at) for at in range(14)])
    assert re.findall(r"(c\d+) [\d.]+ \(", words) == [*(f"c{at}" for at in range(9)), "c13"]
    assert f"c0 14.0 ({100 * shares[0]:.0f}" in words
    assert "add up to 100 % over all classes" in picture.caption
    assert "\u2713" in picture.svg


def test_scores_of_some_classes_alone_have_no_softmax(tmp_path):
    """As versions before kept them of many classes."""
    assert "insight-scores" not in seen_in(of_classes(10, known=14), tmp_path)


def test_nets_that_were_attacked_on_fewer_images_are_named(tmp_path):
    every = results()
    every[1].insight["adversarial"]["images"] = 250
    caption = seen_in(every, tmp_path)["insight-robustness"].caption
    assert "the same 500 test images, or the first of them where a net computes much (250 of resnet8)" in caption


def test_a_net_of_two_machines_stands_once_in_what_is_said_of_its_seeds(tmp_path):
    """What it learnt is over both, so that either row has the same number."""
    other = [replace(each, system={**each.system, "cpu": "another"}) for each in results()]
    both = [*results(), *other]
    record = read(sample.recorded(tmp_path, both))
    assert len(record.rows) == 4
    with svg.style():
        captions = {each.name: each.caption.replace("\u00a0", " ") for each in insight(record)}
    assert captions["insight-robustness"].partition(". ")[0].count(" %") == 2
    assert captions["insight-reliability"].partition(": ")[2].partition(". How")[0].count(" %") == 2
    assert [row.cell["architecture"] for row in record.judged(ROBUST_OF[0.1])] == ["lenet5", "resnet8"]
    assert len(record.judged("relative_cost")) == 4


def judged(accuracy, classes, root):
    """Two nets, of which the second is right so often; the test images are of so many classes, equally frequent."""
    every = results(names=("lenet5", "resnet8"))
    confusion = [[10 if at == row else 0 for at in range(classes)] for row in range(classes)]
    every = [replace(each, training={**each.training, "confusion": confusion}) for each in every]
    right = Measurement.of_value("accuracy", accuracy, "final")
    taken = tuple(right if each.metric == "accuracy" else each for each in every[1].measurements)
    record = read(sample.recorded(root, [every[0], replace(every[1], measurements=taken)]))
    with svg.style():
        (caption,) = [each.caption for each in insight(record) if each.name == "insight-robustness"]
    return {sentence.topic for sentence in conclusions(record)}, caption


@pytest.mark.parametrize(("accuracy", "classes"), [(0.1135, 10), (0.52, 2), (0.35, 3), (1 / 13, 13), (0.015, 100)])
def test_a_net_that_guesses_is_not_the_most_robust(tmp_path, accuracy, classes):
    """An answer that never changes keeps its share whatever is done to the image."""
    topics, caption = judged(accuracy, classes, tmp_path)
    assert "Most robust" not in topics
    guessing = "Hardly more often right than a guess, without any attack: resnet8. "
    assert caption.startswith(f"lenet5 keeps 43.00\u00a0% at eps 0.1. {guessing}")


@pytest.mark.parametrize(("accuracy", "classes"), [(0.3, 10), (0.7, 2), (0.985, 2)])
def test_a_net_that_has_learnt_something_may_be(tmp_path, accuracy, classes):
    topics, caption = judged(accuracy, classes, tmp_path)
    assert "Most robust" in topics
    assert caption.startswith("resnet8 keeps 71.00")


def test_what_is_absent_is_told_once_with_its_reason(tmp_path):
    gone = {"saliency": "captum is not installed: pip install it"}
    pictures = seen_in(results(saliency=None, absent=gone), tmp_path)
    assert set(pictures) == NAMES - {"insight-saliency"}
    captions = " ".join(picture.caption for picture in pictures.values())
    assert captions.count("captum") == 1
    assert captions.endswith("Not told: saliency of all (captum is not installed: pip install it).")


def test_damaged_pictures_are_left_out_and_stop_nothing(tmp_path):
    every = results(names=("lenet5",))
    seen = every[0].insight
    for raster in (
        seen["ascent"]["images"],
        seen["edges"]["maps"][0]["values"],
        seen["scores"][0]["image"],
        seen["filters"][0]["weights"],
    ):
        raster["pixels"] = "damaged"
    pictures = seen_in(every, tmp_path)
    assert set(pictures) == NAMES - {"insight-ascent", "insight-edges", "insight-filters"}
    assert len(pictures["insight-scores"].numbers) == 2


WHOLE = made_up()
ODD = {
    "no bins": {"calibration": replace(WHOLE.calibration, bins=())},
    "no strengths": {"adversarial": replace(WHOLE.adversarial, strengths=(), fooled=(), images=0)},
    "no classes": {"ascent": replace(WHOLE.ascent, classes=(), probabilities=())},
    "fewer pictures than classes": {"ascent": replace(WHOLE.ascent, classes=(0,) * 40)},
    "a label beyond the scores": {"scores": (replace(WHOLE.scores[0], label=10**9, predicted=77),)},
    "no scores": {"scores": (replace(WHOLE.scores[0], scores=()),)},
    "endless scores": {"scores": (replace(WHOLE.scores[0], scores=(1e100, -1e100)),)},
    "a fooled label beyond the scores": {
        "adversarial": replace(
            WHOLE.adversarial, fooled=(replace(WHOLE.adversarial.fooled[0], label=500, predicted=501, before=()),)
        )
    },
    "no columns": {"filters": (replace(WHOLE.filters[0], columns=0),)},
    "many columns": {"filters": (replace(WHOLE.filters[0], columns=10**9),)},
    "no layers": {"features": (replace(WHOLE.features[0], layers=()),)},
    "a damaged half": {
        "features": (
            replace(
                WHOLE.features[0],
                layers=(
                    replace(WHOLE.features[0].layers[0], maps=replace(WHOLE.features[0].layers[0].maps, pixels="")),
                ),
            ),
            WHOLE.features[1],
        )
    },
    "a map twice": {"edges": replace(WHOLE.edges, maps=WHOLE.edges.maps * 2)},
    "no maps": {"edges": replace(WHOLE.edges, maps=())},
    "nothing": dict.fromkeys(INSIGHT_KINDS),
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_what_is_odd_and_well_formed_stops_nothing(tmp_path, changes):
    every = [replace(each, insight=asdict(replace(made_up(), **changes))) for each in results(names=("lenet5",))]
    seen_in(every, tmp_path)


def test_a_net_without_one_method_leaves_its_column_empty(tmp_path):
    every = results()
    every[0].insight["saliency"] = [each for each in every[0].insight["saliency"] if each["method"] != "Grad-CAM"]
    picture = seen_in(every, tmp_path)["insight-saliency"]
    places = {}
    for words, x in re.findall(r"<title>([^<]*)</title><image x=\"([\d.]+)\"", picture.svg):
        label, _, what = words.partition(", ")
        places.setdefault(what.partition(" of ")[0].partition(" for ")[0], {})[label] = x
    assert len(places["occlusion"]) == 2
    assert len(set(places["occlusion"].values())) == 1
    assert set(places["Grad-CAM"]) == {"resnet8"}


def test_hostile_names_stay_text(tmp_path):
    every = results(names=("lenet5",), filters=made_up(layer=sample.ATTACK).filters, absent={"edges": sample.ATTACK})
    every = [replace(each, cell=replace(each.cell, architecture=sample.ATTACK)) for each in every]
    for each in every:
        each.training["classes"] = [sample.ATTACK] * 10
    text = page(read(sample.recorded(tmp_path, every)))
    assert "insight-filters" in text
    assert "window.hurt=1</script>" not in text
    assert "<img src=x" not in text


def test_zero_is_white_and_the_ends_are_blue_and_red():
    colours = diverging(np.array([[[0, 128, 255]]], dtype=np.uint8))
    blue, white, red = colours[:, 0].T.tolist()
    assert blue == [33, 102, 172]
    assert red == [178, 24, 43]
    assert min(white) > 240
