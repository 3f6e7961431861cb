"""Sketch: a few numbers that stand for tensors, so that another process can tell how far its own lie from them."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.process.messages import Sketch

BINS = 64  # the distance of two sketches is that of their tensors within some 20 %, and 0 only where that is 0
_NAN, _INFINITE = 7e77, 7e78  # numbers like others stand for them, so that they differ from what is finite


def sketch(tensors: Sequence[Tensor | None]) -> Sketch:
    """A count sketch (Charikar et al. 2002) of all tensors one after another, whatever their layout.

    Each number goes into the bin of its place, with a sign drawn by its place alone.
    """
    bins, square, size = torch.zeros(BINS, dtype=torch.float64), 0.0, 0
    for at, tensor in enumerate(tensors):
        if tensor is None or not tensor.numel():
            continue
        values = torch.nan_to_num(tensor.detach().cpu().double().flatten(), _NAN, _INFINITE, -_INFINITE)
        signed = values * _signs(values.numel(), at)
        bins += F.pad(signed, (0, -values.numel() % BINS)).view(-1, BINS).sum(0)
        square += float(values.square().sum())
        size += values.numel()
    return {"size": size, "norm": square**0.5, "bins": bins.tolist()}


def digest(tensors: Sequence[Tensor | None]) -> str:
    """Equal for two lists of tensors only if every bit is, whatever their layout."""
    whole = blake2b(digest_size=16)
    for tensor in tensors:
        if tensor is None:
            whole.update(b"none")
        else:
            whole.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
            whole.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


@lru_cache(maxsize=16)
def _signs(size: int, at: int) -> Tensor:
    generator = torch.Generator().manual_seed(at)
    return torch.randint(0, 2, (size,), generator=generator, dtype=torch.int8) * 2 - 1
