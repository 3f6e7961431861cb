"""Batches: the parts of a data set, normalized as a cell wants them and resident on the device."""

from functools import cached_property
from math import inf
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from bench import data
from bench.devices import Device
from bench.measure.loader import Loader, Transformed, lying
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.loader import loads
from bench.store.warning import Warning
from bench.vocabulary import Part as WarnedPart

BYTES_A_PIXEL = 5  # of bytes that lie on the device as float32 too
RESIDENT_IMAGES = 4096  # timing cycles through this many images, or one batch if that is more


def load_for(cell: Cell, data_dir: str, *, whole: bool) -> data.Dataset:
    """The data set of a cell: whole, or no more of it than timing cycles through.

    A normalization by the statistics of all training images needs them all.

    Raises:
        BenchError: what `data.load` raises.

    """
    enough = max(RESIDENT_IMAGES, cell.batch_size)
    limit = None if whole or cell.normalization == "standard" else enough
    dataset = data.load(cell.source("dataset"), Path(data_dir) if data_dir else None, limit)
    return dataset.held_out() if whole and cell.split == "validation" else dataset


class Part(NamedTuple):
    """Images and labels of one purpose, on the device: float32, normalized; or bytes, which a fetch normalizes."""

    images: Tensor
    labels: Tensor


class Sources:
    """The data set's parts, normalized as a cell wants them; or as bytes, where their float32 do not fit.

    Args:
        dataset: all of it.
        device: where the parts are to lie.
        room: bytes that they may take there.

    """

    def __init__(self, dataset: data.Dataset, device: Device, room: float = inf) -> None:
        self.dataset, self.device = dataset, device
        self._room = room

    def keep_bytes(self, limit: int | None = None) -> bool:
        """Whether bytes stay bytes on the device, those of so many training images, or of all and the test images."""
        images, tests = self.dataset.train_images, self.dataset.test_images if limit is None else ()
        pixels = images[0].numel() * (len(images[:limit]) + len(tests))
        return images.dtype == torch.uint8 and BYTES_A_PIXEL * pixels > self._room

    @cached_property
    def statistics(self) -> data.Statistics:
        """What is known of the training images."""
        return data.statistics(self.dataset.train_images)

    def train(self, cell: Cell, limit: int | None = None) -> Part:
        """The first `limit` training images, or all."""
        images, labels = self.dataset.train_images[:limit], self.dataset.train_labels[:limit]
        if len(images) < cell.batch_size:
            raise ValueError(f"batch size {cell.batch_size} is more than the {len(images)} training images there are")
        return self._part(images, labels, cell, as_bytes=self.keep_bytes(limit))

    def workload(self, cell: Cell, part: Part, *, loading: bool = False) -> Workload:
        """A workload on training images, fed by the cell's loader where that is asked for."""
        place, kept = self.device.torch_device, not part.images.is_floating_point()
        scale = data.scale_of(cell.normalization, self.statistics, place) if kept else None
        loader = self.loader(cell, part) if loading else None
        return Workload(cell, self.device, *part, self.dataset.num_classes, scale=scale, loader=loader)

    def loader(self, cell: Cell, part: Part) -> Loader | None:
        """What loads the first of the training images, those of a `part`, as the cell wants them; None if they reside.

        Args:
            cell: of that part.
            part: as of `train`.

        """
        if not loads(cell):
            return None
        kind, count = cell.loader.partition("_")[0], len(part.images)
        if kind == "dataloader":
            return Loader(cell, self.device, lying(*part))
        images, labels = self.dataset.train_images[:count], self.dataset.train_labels[:count]
        transformed = Transformed(images, labels, cell.normalization, self.statistics, crops=kind == "crops")
        return Loader(cell, self.device, transformed)

    def test(self, cell: Cell) -> Part:
        """All test images."""
        return self._part(self.dataset.test_images, self.dataset.test_labels, cell, as_bytes=self.keep_bytes())

    def _part(self, images: Tensor, labels: Tensor, cell: Cell, *, as_bytes: bool) -> Part:
        images, labels = (each.to(self.device.torch_device) for each in (images, labels))
        return Part(images if as_bytes else data.normalize(images, cell.normalization, self.statistics), labels)


def kept_as_bytes(part: WarnedPart, images: Tensor) -> list[Warning]:
    """A warning where the images that a part of a measurement fetches are bytes, which takes a fetch longer."""
    if images.is_floating_point():
        return []
    text = "its images lie on the device as bytes, for float32 do not fit: each fetch normalizes its batch"
    return [Warning(part, "kept as bytes", None, text)]
