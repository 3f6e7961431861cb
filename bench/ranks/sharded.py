"""Sharded: a workload of which each rank takes its share of every batch, and whose gradients all ranks average."""

from collections.abc import Iterator

from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from bench.devices import Device
from bench.measure.workload import Workload
from bench.plan.cell import Cell


class ShardedWorkload(Workload):
    """One rank's part of a cell's step. Every rank draws the same batches and takes its own stretch of each.

    So a step changes the weights as a step on the whole batch would, as long as the loss is a mean over images and no
    layer looks at more than one image, as batch normalization does: that has the images of its own rank.

    Args:
        cell: what to build; its batch size is that of all ranks together.
        device: of this rank.
        images: as of Workload, the same for all ranks.
        labels: likewise.
        num_classes: how many outputs the model has.
        rank: of this process, from 0.

    """

    def __init__(
        self, cell: Cell, device: Device, images: Tensor, labels: Tensor, num_classes: int, *, rank: int
    ) -> None:
        super().__init__(cell, device, images, labels, num_classes)
        size = cell.batch_size // cell.world_size
        self._share = slice(rank * size, (rank + 1) * size)
        places = None if device.facts.on_host else [device.torch_device]
        self.forward = DistributedDataParallel(self.model, device_ids=places)

    def _shuffled(self) -> Iterator[Tensor]:
        """Index tensors (B / ranks,): this rank's stretch of each batch."""
        return (index[self._share] for index in super()._shuffled())
