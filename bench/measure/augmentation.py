"""Augmentation: what is done to each batch of training images, on the device and within the step's clock."""

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.plan.plan import AUGMENTATIONS

REACH = 1  # pixels that a shift moves a batch at most, either way
CROPPED = 2  # likewise a crop each image
CUT = 4  # the side of a hole is this part of an image's

# Images (B, C, H, W), normalized, and a generator on the host; gives images of the same shape.
Augmentation = Callable[[Tensor, torch.Generator], Tensor]


def augmentation(name: str) -> Augmentation | None:
    """What the name of an axis' value stands for, several one after another; None for none."""
    if name == AUGMENTATIONS[0]:
        return None
    parts = [SINGLE[part] for part in name.split("+")]
    return lambda images, generator: reduce(lambda moved, part: part(moved, generator), parts, images)


def _shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """The whole batch moved by as many pixels across and down as are drawn; its edges are extended.

    One draw serves all images of a batch, so that moving it is one copy.
    """
    down, across = torch.randint(0, 2 * REACH + 1, (2,), generator=generator).tolist()
    height, width = images.shape[2:]
    return _wider(images, REACH)[:, :, down : down + height, across : across + width]


def _crop(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image moved by as many pixels across and down as are drawn for it; its edges are extended."""
    down, across = _drawn((2, len(images)), 2 * CROPPED + 1, images, generator)
    height, width = images.shape[2:]
    windows = _wider(images, CROPPED).unfold(2, height, 1).unfold(3, width, 1)  # a view (B, C, 5, 5, H, W)
    return windows[torch.arange(len(images), device=images.device), :, down, across]


def _flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored, left and right, or not."""
    mirrored = _drawn((len(images), 1, 1, 1), 2, images, generator).bool()
    return torch.where(mirrored, images.flip(3), images)


def _cutout(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image with a rectangle of zeros somewhere, a quarter as high and wide (DeVries & Taylor 2017)."""
    inside = []
    for side in images.shape[2:]:
        place = _drawn((len(images), 1), side, images, generator) - side // CUT // 2  # its middle is within the image
        pixels = torch.arange(side, device=images.device)
        inside.append((pixels >= place) & (pixels < place + side // CUT))
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images.masked_fill(hole, 0.0)


def _drawn(shape: tuple[int, ...], below: int, images: Tensor, generator: torch.Generator) -> Tensor:
    """Whole numbers from 0 on the images' device, which is not waited for."""
    return torch.randint(0, below, shape, generator=generator).to(images.device, non_blocking=True)


def _wider(images: Tensor, reach: int) -> Tensor:
    return F.pad(images, (reach,) * 4, mode="replicate")


SINGLE: dict[str, Augmentation] = {"shift": _shift, "crop": _crop, "flip": _flip, "cutout": _cutout}


def _mirrored(images: Tensor) -> list[Tensor]:
    return [images, images.flip(3)]


def _moved(images: Tensor) -> list[Tensor]:
    """The images as they are, and moved by a pixel up, down, left and right."""
    height, width = images.shape[2:]
    wider = _wider(images, 1)
    places = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return [wider[:, :, down : down + height, across : across + width].contiguous() for down, across in places]


# Name to the views (B, C, H, W) of images that their scores are the mean over; none is not among them.
VIEWS: dict[str, Callable[[Tensor], list[Tensor]]] = {"flip": _mirrored, "shift": _moved}
