"""Augmentation: what is done to each batch of training images, on the device and within the clock."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

REACH = 1  # pixels that a shift moves a batch at most, either way


def _none(images: Tensor, _: torch.Generator) -> Tensor:
    return images


def _shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """The whole batch moved by as many pixels across and down as are drawn; its edges are extended.

    One draw serves all images of a batch, so that moving it is one copy.
    """
    down, across = torch.randint(0, 2 * REACH + 1, (2,), generator=generator).tolist()
    height, width = images.shape[2:]
    wider = F.pad(images, (REACH,) * 4, mode="replicate")
    return wider[:, :, down : down + height, across : across + width]


# Images (B, C, H, W), normalized, and a generator on the host; gives images of the same shape.
AUGMENTATIONS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {"none": _none, "shift": _shift}
