"""Normalization: how bytes of pixels become the numbers that a net sees."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.errors import BenchError


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation of each channel, of pixels divided by 255."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


# Name to (offset, divisor) of each channel in units of bytes: a pixel p becomes (p - offset) / divisor.
NORMALIZATIONS: dict[str, Callable[[Statistics], tuple[list[float], list[float]]]] = {
    "raw": lambda stats: ([0.0 for _ in stats.mean], [1.0 for _ in stats.std]),
    "unit": lambda stats: ([0.0 for _ in stats.mean], [255.0 for _ in stats.std]),
    "half": lambda stats: ([127.5 for _ in stats.mean], [127.5 for _ in stats.std]),  # mean 0.5, std 0.5: [-1, 1]
    "standard": lambda stats: (
        [255.0 * mean for mean in stats.mean],
        [255.0 * std or 1.0 for std in stats.std],  # a channel of one value becomes 0, not a division by 0
    ),
}


def statistics(images: Tensor) -> Statistics:
    """Exact mean and population standard deviation of each channel of uint8 images, (N, C, H, W).

    Counts the 256 values, so that the sums are of whole numbers and 47 million pixels take some 30 ms.
    """
    values = torch.arange(256, dtype=torch.float64) / 255
    means, stds = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).cpu().double() / channel.numel()
        mean = share @ values
        means.append(float(mean))
        stds.append(float((share @ (values - mean) ** 2).sqrt()))
    return Statistics(tuple(means), tuple(stds))


def normalize(images: Tensor, name: str, stats: Statistics) -> Tensor:
    """The float32 tensor of uint8 images (N, C, H, W), on the device where they are.

    Args:
        images: uint8, (N, C, H, W).
        name: one of NORMALIZATIONS: raw (0 to 255), unit (0 to 1), half (-1 to 1), or standard (by `stats`).
        stats: of the training images, also for the test images.

    Raises:
        BenchError: the name is unknown.

    """
    if name not in NORMALIZATIONS:
        raise BenchError(f"unknown normalization '{name}': choose one of {', '.join(NORMALIZATIONS)}")
    offset, divisor = (
        torch.tensor(values, dtype=torch.float32, device=images.device).view(-1, 1, 1)
        for values in NORMALIZATIONS[name](stats)
    )
    return images.float().sub_(offset).div_(divisor)
