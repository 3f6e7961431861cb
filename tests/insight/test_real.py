"""A real net, trained on real MNIST in a worker's own way, looked into whole."""

from importlib.util import find_spec

import numpy as np
import pytest

from bench import data, files
from bench.metrics import ROBUST_OF
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.store.insight import Insight
from bench.vocabulary import INSIGHT_KINDS
from bench.worker.cell import measure
from tests.measure.recording import Heard

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def heard():
    heard = Heard()
    cell = Cell("lenet5", optimizer="adam", batch_size=128, schedule="one_cycle", denormals="flush")
    measure(Task(cell, blocks=0, epochs=1, train_limit=60.0, insight=True), heard)
    return heard


@pytest.fixture(scope="module")
def insight(heard):
    (sent,) = heard.of("insight")
    return files.shaped(sent, Insight)


def test_it_comes_after_the_status_and_its_metrics_after_it(heard):
    kinds = [kind for kind, _ in heard.sent]
    assert kinds[kinds.index("status") :] == ["status", "stage", "insight", "measurements", "blocks"]
    metrics = {each["metric"]: each["value"] for each in heard.of("measurements")[-1]}
    assert set(metrics) == {*ROBUST_OF.values(), "calibration_error"}


def test_all_kinds_are_there(insight):
    needed = set(INSIGHT_KINDS) if find_spec("captum") else set(INSIGHT_KINDS) - {"saliency"}
    assert {kind for kind in INSIGHT_KINDS if getattr(insight, kind)} == needed
    assert set(insight.absent) == set(INSIGHT_KINDS) - needed


def test_pgd_is_never_weaker_than_fgsm_and_strength_never_helps(insight):
    attack = insight.adversarial
    assert attack.clean > 0.93
    assert all(each.pgd <= each.fgsm <= attack.clean for each in attack.strengths)
    shares = [attack.clean, *(each.pgd for each in attack.strengths)]
    assert shares == sorted(shares, reverse=True)
    assert shares[1] > 0.8  # two percent of a pixel's range are little
    assert shares[-1] < 0.2


def test_what_fools_the_net_is_near_an_image_that_it_has_right(insight):
    images = data.load("mnist").test_images
    for each in insight.adversarial.fooled:
        before, after = each.images.unpacked().astype(int)
        assert np.array_equal(before, images[each.index].numpy())
        assert abs(after - before).max() <= 255 * each.eps + 1
        assert np.argmax(each.before) == each.label != each.predicted == np.argmax(each.after)


def test_calibration_counts_every_test_image_and_agrees_with_the_accuracy(heard, insight):
    bins = insight.calibration.bins
    assert sum(each.images for each in bins) == 10_000
    right = sum(each.images * each.accuracy for each in bins)
    accuracy = next(each["value"] for sent in heard.of("measurements") for each in sent if each["metric"] == "accuracy")
    assert right == pytest.approx(10_000 * accuracy)
    assert 0 < insight.calibration.error < 0.1


def test_a_climb_convinces_the_net_of_nearly_every_class(insight):
    assert np.median(insight.ascent.probabilities) > 0.9
    assert len(insight.ascent.classes) == 10


def test_the_mistake_among_the_chosen_images_is_one(insight):
    first, second, mistake = insight.scores
    assert (first.label, second.label) == (0, 1)
    assert np.argmax(mistake.scores) == mistake.predicted != mistake.label


@pytest.mark.skipif(find_spec("captum") is None, reason="captum is not installed")
def test_occlusion_and_integrated_gradients_agree_on_where_a_digit_is(insight):
    """Both are positive in sum for the predicted class, and lie where there is ink."""
    image = insight.scores[1].image.unpacked()[0, 0] > 64
    maps = {each.method: each.attribution for each in insight.saliency if each.index == insight.scores[1].index}
    for method in ("integrated gradients", "occlusion"):
        values = maps[method].low + maps[method].unpacked()[0, 0] / 255 * (maps[method].high - maps[method].low)
        assert values.sum() > 0
    gradients = maps["integrated gradients"].unpacked()[0, 0].astype(int) - 128
    assert abs(gradients[~image]).mean() < abs(gradients[image]).mean() / 4
