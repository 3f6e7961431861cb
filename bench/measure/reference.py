"""Reference: the frozen training steps that costs are relative to. Depends on torch alone.

Its bytes are part of the definition of a measurement: a change of any of them makes every stored baseline not
comparable (bench/process/CONTRACT.md). Nothing here is the suite's own: no registered architecture or optimizer, no
loss, batches or step that cells use. What is lost in those shows in each cell, and does not cancel in its ratio.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

SEED = 0
RATE = 1e-6  # so small that the weights stay as they are: the same numbers in every step, however many there were


class FrozenNet:
    """A perceptron with ReLU on one batch of noise, trained by plain SGD on the cross entropy, in float32.

    Args:
        device: where it runs.
        batch_size: images a step.
        shape: of one of them.
        widths: outputs of each linear layer.
        dropout: of the hidden layers.

    """

    def __init__(
        self,
        device: torch.device,
        *,
        batch_size: int,
        shape: tuple[int, ...],
        widths: tuple[int, ...],
        dropout: float = 0.0,
    ) -> None:
        generator = torch.Generator().manual_seed(SEED)
        self.batch_size = batch_size
        self.dropout = dropout
        self.images = torch.randn((batch_size, *shape), generator=generator).to(device)
        self.labels = torch.randint(widths[-1], (batch_size,), generator=generator).to(device)
        self.layers: list[tuple[Tensor, Tensor]] = []
        inputs = self.images[0].numel()
        for width in widths:
            weight = torch.randn((width, inputs), generator=generator) / inputs**0.5
            bias = torch.zeros(width)
            self.layers.append((weight.to(device).requires_grad_(), bias.to(device).requires_grad_()))
            inputs = width

    def step(self, mark: Callable[[], None]) -> Tensor:
        """One training step, `mark` called before and after it. Returns the detached loss."""
        mark()
        outputs = self.images.flatten(1)
        for weight, bias in self.layers[:-1]:
            outputs = F.relu(F.linear(outputs, weight, bias))
            if self.dropout:
                outputs = F.dropout(outputs, self.dropout)
        loss = F.cross_entropy(F.linear(outputs, *self.layers[-1]), self.labels)
        parameters = [parameter for layer in self.layers for parameter in layer]
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.add_(gradient, alpha=-RATE)
        mark()
        return loss.detach()


def references(device: torch.device) -> tuple[FrozenNet, FrozenNet]:
    """What a cell's cost is relative to, and a second net, which is bound by launches.

    The first takes 64 images of MNIST's shape through two hidden layers of 512 with dropout 0.2; the second, 8 rows
    through 16 layers of 16: some 200 operators with hardly any arithmetic.
    """
    mlp = FrozenNet(device, batch_size=64, shape=(1, 28, 28), widths=(512, 512, 10), dropout=0.2)
    return mlp, FrozenNet(device, batch_size=8, shape=(16,), widths=(*(16,) * 15, 10))
