"""Recipe: what training does beside a net's passes and its optimizer's update, as its cell asks for."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import update_bn

from bench.measure.augmentation import VIEWS, augmentation
from bench.measure.averages import Average
from bench.plan.cell import Cell


class Recipe:
    """The images that are augmented, the gradients that are clipped, the weights that are averaged.

    Args:
        cell: what asks for them.
        model: whose gradients and weights they are.

    Attributes:
        progress: share of the training that is done; a step that is only timed is one of its last.

    """

    def __init__(self, cell: Cell, model: nn.Module) -> None:
        self.progress = 1.0
        self._parameters = list(model.parameters())
        self._augment = augmentation(cell.augmentation)
        self._drawn = torch.Generator().manual_seed(cell.seed)  # of its own: whatever is done, the order is the same
        self._views = VIEWS.get(cell.test_augmentation)
        self._norm = cell.clip_norm
        self._average = None if cell.average == "none" else Average(cell.average, model)

    @property
    def augments(self) -> bool:
        """Whether training images are changed."""
        return self._augment is not None

    def augmented(self, images: Tensor) -> Tensor:
        """The images (B, C, H, W) that a step is made with, of those of its batch."""
        return images if self._augment is None else self._augment(images, self._drawn)

    def ready(self, optimizer: Optimizer, scaler: torch.amp.GradScaler) -> None:
        """Cut down the gradients that an update is made with, the loss scale of float16 taken out."""
        if self._norm:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(self._parameters, self._norm)

    def updated(self) -> None:
        """Take in the weights that an update has given."""
        if self._average is not None:
            self._average.take(self.progress)

    def scores(self, forward: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """The outputs (B, K) of images (B, C, H, W), or their mean over all views of each."""
        if self._views is None:
            return forward(images)
        return torch.stack([forward(view) for view in self._views(images)]).mean(0)

    def show_average(self, batches: Iterable[Tensor]) -> None:
        """Have the model evaluate with its averaged weights; `batches` of training images tell batch norm of them."""
        if self._average is not None:
            self._average.show(lambda model: update_bn(batches, model))

    def hide_average(self) -> None:
        """Have the model train on with its own."""
        if self._average is not None:
            self._average.hide()
