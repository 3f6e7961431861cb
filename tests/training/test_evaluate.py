import base64
import zlib

import pytest
import torch
from torch.nn import functional as F

from bench.training import evaluate
from bench.training.evaluate import LARGEST_SIDE, MISTAKES, examine, judge, scores_of, thumbnail


def test_images_are_scored_in_evaluation_mode(workload):
    work = workload("mlp")
    seen = []
    work.model.register_forward_hook(
        lambda module, *_: seen.append((module.training, torch.is_inference_mode_enabled()))
    )
    scores = scores_of(work, torch.rand(7, 1, 28, 28), most=3)

    assert scores.shape == (7, 10)
    assert seen == [(False, True)] * 3


def test_loss_and_accuracy_are_means_over_the_images(workload):
    scores, labels = torch.eye(10)[[0, 1, 1, 2]], torch.tensor([0, 0, 1, 2])
    loss, accuracy = judge(workload(), scores, labels)

    assert accuracy == 0.75
    assert loss == pytest.approx(float(F.cross_entropy(scores, labels)))


@pytest.fixture
def examined():
    """100 images of three classes; the scores of every tenth are for another class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(100) % 3
    scores = 3 * torch.eye(3)[labels] + torch.rand(100, 3, generator=generator)
    wrong = torch.arange(0, 100, 10)
    scores[wrong] = scores[wrong].roll(1, dims=1)
    pixels = torch.randint(0, 256, (100, 1, 4, 5), dtype=torch.uint8, generator=generator)
    return scores, labels, pixels, examine(scores, labels, pixels)


def test_the_confusion_matrix_counts_every_image_once(examined):
    scores, labels, pixels, report = examined
    pairs = list(zip(labels.tolist(), scores.argmax(1).tolist(), strict=True))

    assert report["shape"] == list(pixels.shape[1:])
    assert report["confusion"] == [[pairs.count((true, said)) for said in range(3)] for true in range(3)]
    assert report["per_class"] == pytest.approx(
        [report["confusion"][at][at] / sum(report["confusion"][at]) for at in range(3)]
    )


def test_the_mistakes_are_the_wrong_ones_of_highest_loss(examined):
    scores, labels, _, report = examined
    losses = F.cross_entropy(scores, labels, reduction="none")
    indices = [one["index"] for one in report["mistakes"]]

    assert sorted(indices) == list(range(0, 100, 10))
    assert [float(losses[index]) for index in indices] == sorted(losses[indices].tolist(), reverse=True)
    for one in report["mistakes"]:
        assert one["label"] == int(labels[one["index"]]) != one["predicted"] == one["scores"][0][0]
        assert sum(share for _, share in one["scores"]) == pytest.approx(1, abs=0.01)
        assert one["loss"] == pytest.approx(float(losses[one["index"]]), rel=0.01)


def test_there_are_no_more_mistakes_than_fit_on_a_page():
    report = examine(torch.eye(2)[[1] * 50], torch.zeros(50, dtype=torch.int64), torch.zeros(50, 1, 2, 2).byte())
    assert len(report["mistakes"]) == MISTAKES


def test_the_digits_are_the_first_of_each_class(examined):
    *_, report = examined
    assert [(one["index"], one["label"]) for one in report["digits"]] == [(0, 0), (1, 1), (2, 2)]


def test_an_image_comes_back_from_its_text(examined):
    _, _, pixels, report = examined
    stored = report["digits"][1]["image"]
    content = zlib.decompress(base64.b64decode(stored["pixels"]))

    assert stored["shape"] == [1, 4, 5]
    assert content == pixels[1].numpy().tobytes()


@pytest.mark.parametrize(
    ("shape", "expected"), [((3, 224, 200), [3, 56, 50]), ((2, 65, 65), [1, 33, 33]), ((1, 1, 1), [1, 1, 1])]
)
def test_a_large_image_is_thinned(shape, expected):
    stored = thumbnail(torch.zeros(shape, dtype=torch.uint8))
    assert stored["shape"] == expected
    assert max(stored["shape"][1:]) <= LARGEST_SIDE


@pytest.mark.parametrize(("size", "expected"), [(2, [2, 2, 2, 1]), (64, [7])])
def test_large_images_are_scored_a_few_at_a_time_and_no_fewer_than_a_step_takes(workload, monkeypatch, size, expected):
    monkeypatch.setattr(evaluate, "AT_ONCE_BYTES", 2 * 28 * 28 * 4)
    work, seen = workload("mlp", batch_size=size), []
    work.model.register_forward_hook(lambda _, inputs, outputs: seen.append(len(outputs)))
    scores_of(work, torch.rand(7, 1, 28, 28))
    assert seen == expected
