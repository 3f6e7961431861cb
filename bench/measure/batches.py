"""Batches: the parts of a data set, normalized as a cell wants them and resident on the device."""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from bench import data
from bench.devices import Device
from bench.measure.loader import Loader, Transformed, lying
from bench.plan.cell import Cell
from bench.plan.loader import loads

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
    """Images and labels of one purpose, normalized and on the device."""

    images: Tensor
    labels: Tensor


class Sources:
    """The data set's parts, normalized as a cell wants them."""

    def __init__(self, dataset: data.Dataset, device: Device) -> None:
        self._dataset = dataset
        self._device = device

    @cached_property
    def statistics(self) -> data.Statistics:
        """What is known of the training images."""
        return data.statistics(self._dataset.train_images)

    def train(self, cell: Cell, limit: int | None = None) -> Part:
        """The first `limit` training images, or all."""
        return self._part(self._dataset.train_images[:limit], self._dataset.train_labels[:limit], cell)

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
            return Loader(cell, self._device, lying(*part))
        images, labels = self._dataset.train_images[:count], self._dataset.train_labels[:count]
        transformed = Transformed(images, labels, cell.normalization, self.statistics, crops=kind == "crops")
        return Loader(cell, self._device, transformed)

    def test(self, cell: Cell) -> Part:
        """All test images."""
        return self._part(self._dataset.test_images, self._dataset.test_labels, cell)

    def _part(self, images: Tensor, labels: Tensor, cell: Cell) -> Part:
        if len(images) < cell.batch_size and images is not self._dataset.test_images:
            raise ValueError(f"batch size {cell.batch_size} is more than the {len(images)} training images there are")
        place = self._device.torch_device
        return Part(data.normalize(images.to(place), cell.normalization, self.statistics), labels.to(place))
