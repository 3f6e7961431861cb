"""Loader: batches of a cell by torch's DataLoader, as training scripts feed their nets, in processes or in this one."""

from collections.abc import Iterable, Iterator
from os import getpid
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from bench import data
from bench.devices import Device
from bench.plan.cell import Cell
from bench.plan.loader import workers_of
from bench.process.follow import follow

PADDING = 1 / 8  # of an image's shorter side, on each side, before a crop is cut: the 4 of 32 pixels of CIFAR's recipes


class Loader:
    """The batches of a cell, read in an order that is handed over, and sent to the device.

    Its processes are forked where it is made, stay from epoch to epoch, and end with it, or with this process. What
    they draw hangs on the seed alone, and this process's own random numbers go on as without a loader; without
    processes images are cut by those numbers.

    Args:
        cell: what is loaded, by how many processes.
        device: where batches go, from pinned memory where it takes work in a queue.
        dataset: pairs of an image (C, H, W) and its label, in any order.

    Attributes:
        batches: that have been given.
        workers: processes that load.

    """

    def __init__(self, cell: Cell, device: Device, dataset: Dataset[Any]) -> None:
        self._device = device
        self._order = _Order()
        self.batches = 0
        self.workers, parent = workers_of(cell.loader), getpid()
        self._loader: DataLoader[Any] | None = DataLoader(
            dataset,
            batch_sampler=self._order,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            multiprocessing_context="fork" if self.workers else None,
            worker_init_fn=lambda _: follow(parent),
            pin_memory=device.facts.queued,
            generator=torch.Generator().manual_seed(cell.seed),
        )
        iter(self._loader)  # starts the processes, before anybody's clock does

    def batches_of(self, order: Iterable[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images (B, C, H, W) and labels (B,), on the device, of batches by the indices (B,) of their images."""
        assert self._loader is not None
        self._order.batches = order
        place, queued = self._device.torch_device, self._device.facts.queued
        for images, labels in self._loader:
            self.batches += 1
            yield images.to(place, non_blocking=queued), labels.to(place, non_blocking=queued)

    def close(self) -> None:
        """End its processes."""
        self._loader = None  # which ends them where nothing else holds its iterator


class _Order:
    """A sampler whose batches are those that were last handed over; the loader reads ahead of what it gives."""

    def __init__(self) -> None:
        self.batches: Iterable[Tensor] = ()

    def __iter__(self) -> Iterator[list[int]]:
        return (batch.tolist() for batch in self.batches)


def lying(images: Tensor, labels: Tensor) -> Dataset[Any]:
    """Images (N, C, H, W) as they lie, normalized, and labels (N,), both taken to the host."""
    return TensorDataset(images.cpu(), labels.cpu())


class Transformed(Dataset[tuple[Tensor, int]]):
    """Images that torchvision's v2 transforms make of what was read, one by one, each time that one is asked for.

    Bytes of one channel or three come as PIL's images, as torchvision's own data sets give them, others as arrays. The
    numbers are those of `data.normalize`, to the bit.

    Args:
        images: uint8 or float32 (N, C, H, W), on the host.
        labels: (N,).
        name: of the normalization.
        stats: of the training images.
        crops: whether a random part of each image is cut out, once its edges are padded with 0.

    """

    def __init__(self, images: Tensor, labels: Tensor, name: str, stats: data.Statistics, *, crops: bool) -> None:
        from torchvision.transforms import v2  # noqa: PLC0415 - it takes a second

        offset, divisor = data.NORMALIZATIONS[name](stats)
        height, width = images.shape[2:]
        padding = max(1, int(min(height, width) * PADDING))
        cut = [v2.RandomCrop((height, width), padding=padding)] if crops else []
        scaled = [] if name == "raw" else [v2.Normalize(offset, divisor)]
        self._transform = v2.Compose([v2.ToImage(), *cut, v2.ToDtype(torch.float32), *scaled])
        self._pictures = images.permute(0, 2, 3, 1).contiguous().numpy()
        self._labels: list[int] = labels.tolist()
        self._as_pil = images.dtype == torch.uint8 and images.shape[1] in (1, 3)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image  # noqa: PLC0415 - which torchvision has imported

        picture = self._pictures[index]
        if self._as_pil:
            picture = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
        return self._transform(picture), self._labels[index]
