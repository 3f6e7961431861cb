"""Calibration against a calculation by hand."""

import pytest
import torch

from bench.insight.calibration import BINS, reliability


def scores_of(*shares):
    """Scores of two classes whose softmax gives the first class these shares."""
    first = torch.tensor(shares)
    return torch.stack([first.log(), (1 - first).log()], 1)


def test_the_error_is_the_mean_distance_of_confidence_and_accuracy():
    # 0.9, 0.9, 0.9, 0.9: three right; 0.6, 0.62: one right. In bins of a tenth: 4/6 |0.9 - 0.75| + 2/6 |0.61 - 0.5|
    scores = scores_of(0.9, 0.9, 0.9, 0.9, 0.62, 0.63)
    labels = torch.tensor([0, 0, 0, 1, 0, 1])
    seen = reliability(scores, labels, bins=10)
    assert seen.error == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.125, abs=1e-6)
    assert [each.images for each in seen.bins] == [0, 0, 0, 0, 0, 0, 2, 0, 4, 0]
    assert (seen.bins[6].confidence, seen.bins[6].accuracy) == pytest.approx((0.625, 0.5))


def test_a_border_belongs_to_the_lower_bin_and_certainty_to_the_last():
    certain = torch.tensor([[100.0, -100.0]])
    assert reliability(certain, torch.tensor([0])).bins[-1].images == 1
    half = torch.tensor([[0.0, 0.0]])
    assert [each.images for each in reliability(half, torch.tensor([0]), bins=2).bins] == [1, 0]


def test_who_is_as_often_right_as_sure_has_no_error():
    scores = scores_of(*[0.75] * 4)
    assert reliability(scores, torch.tensor([0, 0, 0, 1])).error == pytest.approx(0, abs=1e-6)
    assert len(reliability(scores, torch.tensor([0, 0, 0, 1])).bins) == BINS
