"""Evaluation: the scores, loss and accuracy of a model on images, and its mistakes."""

import base64
import math
import zlib
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.measure.workload import FLOAT_BYTES, Workload

MISTAKES = 12
AT_ONCE, AT_ONCE_BYTES = 1000, 2**24  # images that are evaluated at once: so many at most, and of so many bytes
LARGEST_SIDE = 64  # pixels; a larger image is thinned to this before it is kept
MOST_SCORES = 10  # classes of an image whose scores are kept
MOST_DIGITS = 10


def scores_of(work: Workload, images: Tensor, most: int = AT_ONCE) -> Tensor:
    """The scores (M, K), float32, of images (M, C, H, W), with model and optimizer in eval(), where they stay.

    At most so many at once; of large ones fewer, yet as many as a step takes: an evaluation needs no more memory.
    """
    work.eval()
    chunk = min(most, max(work.cell.batch_size, AT_ONCE_BYTES // (FLOAT_BYTES * images[0].numel())))
    with torch.inference_mode():
        return torch.cat([work.infer_as_it_is(work.as_floats(part)).float() for part in images.split(chunk)])


@torch.inference_mode()
def judge(work: Workload, scores: Tensor, labels: Tensor) -> tuple[float, float]:
    """The cell's own loss of all the scores (M, K) together, and their accuracy, by the labels (M,)."""
    hits = int((scores.argmax(1) == labels).sum())
    return float(work.loss(scores, labels)), hits / len(labels)  # exact: 9,500 of 10,000 are 95 %


def examine(scores: Tensor, labels: Tensor, pixels: Tensor) -> dict[str, Any]:
    """The predictions on the test images, as plain data.

    Args:
        scores: (M, K), of the model at the end.
        labels: (M,).
        pixels: uint8 (M, C, H, W), as they are in the data set.

    Returns:
        `shape`, that of an image (C, H, W); `per_class`, the accuracy of each class; `confusion`, counts with a row for
        each true class and a column for each predicted one; `digits`, the first test image of each class (of ten at
        most), and `mistakes`, the wrong ones of highest cross entropy: each with its `index` in the test set, `label`,
        `predicted`, that `loss`, `scores` (pairs of class and probability, the highest first) and `image`; see
        `thumbnail`.

    """
    scores, labels, classes = scores.cpu(), labels.cpu(), scores.shape[1]
    predicted = scores.argmax(1)
    confusion = torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    losses = F.cross_entropy(scores, labels, reduction="none")
    wrong = (predicted != labels).nonzero().flatten()
    worst = wrong[losses[wrong].argsort(descending=True)][:MISTAKES]
    firsts = [int((labels == label).nonzero()[0]) for label in labels.unique()[:MOST_DIGITS]]

    def prediction(index: int) -> dict[str, Any]:
        top = scores[index].softmax(0).topk(min(classes, MOST_SCORES))
        return {
            "index": index,
            "label": int(labels[index]),
            "predicted": int(predicted[index]),
            "loss": float(f"{losses[index]:.3g}"),
            "scores": [
                [label, float(f"{p:.3g}")] for label, p in zip(top.indices.tolist(), top.values.tolist(), strict=True)
            ],
            "image": thumbnail(pixels[index]),
        }

    return {
        "shape": list(pixels.shape[1:]),
        "per_class": (confusion.diagonal() / confusion.sum(1).clamp(min=1)).tolist(),
        "confusion": confusion.tolist(),
        "digits": [prediction(index) for index in firsts],
        "mistakes": [prediction(index) for index in worst.tolist()],
    }


def thumbnail(image: Tensor) -> dict[str, Any]:
    """An image, uint8 (C, H, W), to look at: `shape` and `pixels`, base64 of the deflated bytes in that order.

    One channel or three are kept; of a large image every second pixel or fewer.
    """
    every = math.ceil(max(image.shape[1:]) / LARGEST_SIDE)
    kept = image[: 3 if len(image) >= 3 else 1, ::every, ::every].contiguous()
    packed = zlib.compress(kept.cpu().numpy().tobytes(), 9)
    return {"shape": list(kept.shape), "pixels": base64.b64encode(packed).decode("ascii")}
