"""Normalization: how pixels as they were read become the numbers that a net sees."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.errors import BenchError

_AT_ONCE = 1024  # images of floats whose moments are summed in float64


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the training images.

    Their range is put on 0 to 1: of bytes 0 to 255, of floats 0 to 1 where they all lie in it, else from the least of
    them to the greatest.

    Attributes:
        mean: of each channel, on that scale: of bytes, of pixels divided by 255.
        std: population standard deviation of each channel, on that scale.
        low: the pixel that is 0 on it.
        high: the pixel that is 1 on it.

    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: float = 0.0
    high: float = 255.0

    @property
    def span(self) -> float:
        """From `low` to `high`; 1 where all pixels are the same."""
        return self.high - self.low or 1.0


# Name to (offset, divisor) of each channel in units of pixels as they were read: a pixel p becomes
# (p - offset) / divisor.
NORMALIZATIONS: dict[str, Callable[[Statistics], tuple[list[float], list[float]]]] = {
    "raw": lambda stats: ([0.0 for _ in stats.mean], [1.0 for _ in stats.std]),
    "unit": lambda stats: ([stats.low for _ in stats.mean], [stats.span for _ in stats.std]),
    "half": lambda stats: (  # mean 0.5, std 0.5: [-1, 1]
        [stats.low + stats.span / 2 for _ in stats.mean],
        [stats.span / 2 for _ in stats.std],
    ),
    "standard": lambda stats: (
        [stats.low + stats.span * mean for mean in stats.mean],
        [stats.span * std or 1.0 for std in stats.std],  # a channel of one value becomes 0, not a division by 0
    ),
}


def statistics(images: Tensor) -> Statistics:
    """Range, mean and population standard deviation of each channel of uint8 or float32 images, (N, C, H, W).

    Of bytes they are exact: the 256 values are counted, so that the sums are of whole numbers and 47 million pixels
    take some 30 ms.
    """
    if images.dtype != torch.uint8:
        return _statistics_of_floats(images)
    values = torch.arange(256, dtype=torch.float64) / 255
    means, stds = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).cpu().double() / channel.numel()
        mean = share @ values
        means.append(float(mean))
        stds.append(float((share @ (values - mean) ** 2).sqrt()))
    return Statistics(tuple(means), tuple(stds))


def _statistics_of_floats(images: Tensor) -> Statistics:
    low, high = (float(bound) for bound in images.aminmax())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    unknown = tuple(0.0 for _ in range(images.shape[1]))
    scale = Statistics(unknown, unknown, low, high)

    def moment(power: int, centre: Tensor) -> Tensor:
        parts = (((part.double() - low) / scale.span - centre) ** power for part in images.split(_AT_ONCE))
        sums = torch.stack([part.sum((0, 2, 3)) for part in parts]).sum(0)
        return sums / (images.numel() / images.shape[1])

    mean = moment(1, torch.zeros(images.shape[1], 1, 1, dtype=torch.float64, device=images.device))
    std = moment(2, mean.view(-1, 1, 1)).sqrt()
    return Statistics(tuple(mean.tolist()), tuple(std.tolist()), low, high)


@dataclass(frozen=True, slots=True)
class Scale:
    """How pixels become numbers: each channel's less its offset, over its divisor, both float32 (C, 1, 1)."""

    offset: Tensor
    divisor: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """The float32 tensor of images (N, C, H, W); they themselves stay as they are."""
        return images.to(torch.float32, copy=True).sub_(self.offset).div_(self.divisor)


def scale_of(name: str, stats: Statistics, device: torch.device) -> Scale:
    """The scale of a normalization, on the device; see `normalize`.

    Raises:
        BenchError: the name is unknown.

    """
    if name not in NORMALIZATIONS:
        raise BenchError(f"unknown normalization '{name}': choose one of {', '.join(NORMALIZATIONS)}")
    values = NORMALIZATIONS[name](stats)
    return Scale(*(torch.tensor(each, dtype=torch.float32, device=device).view(-1, 1, 1) for each in values))


def normalize(images: Tensor, name: str, stats: Statistics) -> Tensor:
    """The float32 tensor of images (N, C, H, W), on the device where they are; they themselves stay as they are.

    Args:
        images: uint8 or float32, (N, C, H, W).
        name: one of NORMALIZATIONS: raw (as they were read: of bytes 0 to 255), unit (the range of the training images
            on 0 to 1, see `Statistics`: floats that all lie in it stay as they are), half (the same on -1 to 1), or
            standard (each channel of mean 0 and standard deviation 1).
        stats: of the training images, also for the test images.

    Raises:
        BenchError: the name is unknown.

    """
    return scale_of(name, stats, images.device)(images)


def as_bytes(images: Tensor, stats: Statistics) -> Tensor:
    """Images (N, C, H, W) to look at, uint8: bytes as they are, floats scaled to them by `stats`.

    What lies outside of the range of the training images becomes its nearest end.
    """
    if images.dtype == torch.uint8:
        return images
    return normalize(images, "unit", stats).mul_(255).round_().clamp_(0, 255).byte()
