"""Calibration: whether the net is right as often as its probabilities say."""

import torch
from torch import Tensor

from bench.insight.subject import Subject
from bench.store.insight import Bin, Calibration

BINS = 15


def calibration_of(subject: Subject) -> Calibration:
    """The reliability of the probabilities that all test images' predicted classes get."""
    return reliability(subject.scores.cpu(), subject.labels.cpu())


def reliability(scores: Tensor, labels: Tensor, bins: int = BINS) -> Calibration:
    """Confidence and accuracy in bins of equal width, and the expected calibration error.

    The error is the mean over images of |accuracy - confidence| of their bin: Guo et al. 2017, arXiv:1706.04599,
    equation 3. A probability at the border of two bins is in the lower one, as there.

    Args:
        scores: (M, K), before the softmax.
        labels: (M,).
        bins: how many.

    """
    confidence, predicted = scores.double().softmax(1).max(1)
    right = (predicted == labels).double()
    place = (confidence * bins).ceil().long().sub(1).clamp(0, bins - 1)
    counts = torch.bincount(place, minlength=bins)
    shares, hits = (
        (torch.bincount(place, values, bins) / counts.clamp(min=1)).clamp(0, 1) for values in (confidence, right)
    )
    error = float((counts / len(labels) * (shares - hits).abs()).sum())
    rows = zip(counts.tolist(), shares.tolist(), hits.tolist(), strict=True)
    return Calibration(
        error=error,
        bins=tuple(
            Bin(low=at / bins, high=(at + 1) / bins, images=count, confidence=share, accuracy=hit)
            for at, (count, share, hit) in enumerate(rows)
        ),
    )
