"""Subject: a trained net and the test images that it is looked at with, in units of a pixel's range."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench import data, models
from bench.measure.workload import Workload

CHOSEN_CLASSES = 2  # whose first test image is looked at, beside the worst mistake
MOST_SHARES = 10  # classes of an image whose probabilities are kept
MOST_CHANNELS = 3  # of a picture
_OF_WEIGHTS = "parametrizations"  # where torch keeps what makes a layer's weights
_NO_MAPS = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.Softmax)
_NEAR = 0.1  # difference of the logarithms of two proportions that convolutions without padding make


class PixelNet(nn.Module):
    """A net that takes pixels on 0 to 1, whatever normalization it was trained with.

    Args:
        net: gives scores (N, K) of normalized images.
        normalization: by name.
        stats: of the training images.

    """

    scale: Tensor
    shift: Tensor

    def __init__(self, net: nn.Module, normalization: str, stats: data.Statistics) -> None:
        super().__init__()
        offset, divisor = (torch.tensor(values).view(-1, 1, 1) for values in data.NORMALIZATIONS[normalization](stats))
        self.net = net
        self.register_buffer("scale", stats.span / divisor)
        self.register_buffer("shift", (stats.low - offset) / divisor)

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores (N, K) of pixels (N, C, H, W) on 0 to 1."""
        scores: Tensor = self.net(pixels * self.scale + self.shift)
        return scores


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at.

    Attributes:
        net: in eval() and float32, its weights without gradients; nothing in it works in place.
        pixels: the test images (M, C, H, W) on 0 to 1.
        labels: (M,).
        scores: (M, K), float32, that training ended with, in the cell's own arithmetic.
        seed: of the cell.

    """

    net: PixelNet
    pixels: Tensor
    labels: Tensor
    scores: Tensor
    seed: int

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.scores.shape[1])

    def chosen(self) -> Tensor:
        """Indices of the images to look at: the first of each of two classes, and the worst mistake, if there is one.

        A mistake is the worse the higher its cross entropy.
        """
        firsts = [int((self.labels == label).nonzero()[0]) for label in self.labels.unique()[:CHOSEN_CLASSES]]
        losses = F.cross_entropy(self.scores, self.labels, reduction="none")
        losses[self.scores.argmax(1) == self.labels] = -1.0
        worst = int(losses.argmax())
        wrong = [worst] if losses[worst] >= 0 and worst not in firsts else []
        return torch.tensor([*firsts, *wrong], device=self.labels.device)


def subject_of(work: Workload, scores: Tensor, dataset: data.Dataset, stats: data.Statistics) -> Subject:
    """The net of a workload as training left it, rebuilt: eager and in float32, whatever the cell computes in.

    Args:
        work: that was trained.
        scores: (M, K) of all test images.
        dataset: whose test images they are.
        stats: of its training images.

    """
    place, cell = work.device.torch_device, work.cell
    work.eval()  # the averaged weights, of an optimizer that keeps some
    net = models.build(cell.source("architecture"), dataset.input_shape, dataset.num_classes)
    net.load_state_dict(_as_built(work.model.state_dict()))
    for module in net.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # type: ignore[assignment] # a flag of activations
    pixels = data.normalize(dataset.test_images, "unit", stats).clamp_(0, 1)
    net = PixelNet(net, cell.normalization, stats).to(place).eval().requires_grad_(requires_grad=False)
    return Subject(net, pixels.to(place), dataset.test_labels.to(place), scores.float(), cell.seed)


def _as_built(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in weights.items()}


def passage_of(subject: Subject) -> models.Passage:
    """How the pixels pass through the net."""
    return models.follow(subject.net.net, subject.pixels[:1])


def layers_with_maps(subject: Subject, images: Tensor) -> list[tuple[str, nn.Module, Tensor]]:
    """Path, layer and maps (N, C, H, W) of each innermost layer whose maps have more than a pixel, in order.

    They are those that it gave, whatever the net wrote over them afterwards, and have their channels first where it has
    them last. Layers that do nothing in evaluation, and shares of attention, give none.
    """
    seen: list[tuple[str, nn.Module, Tensor]] = []

    def noted(path: str, layer: nn.Module) -> Any:
        def hook(_layer: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.dim() == 4:
                maps = output.detach() if isinstance(layer, nn.Conv2d) else _channels_first(output.detach(), images)
                if min(maps.shape[2:]) > 1:
                    seen.append((path, layer, maps.clone()))

        return hook

    leaves = [(path, each) for path, each in subject.net.net.named_modules() if _may_have_maps(path, each)]
    handles = [layer.register_forward_hook(noted(path, layer)) for path, layer in leaves]
    try:
        with torch.no_grad():
            subject.net(images)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _may_have_maps(path: str, layer: nn.Module) -> bool:
    """Whether it is an innermost layer that images pass; what makes weights of others is none, nor a part of theirs."""
    innermost = all(name == _OF_WEIGHTS for name, _ in layer.named_children())
    return innermost and _OF_WEIGHTS not in path.split(".") and not isinstance(layer, _NO_MAPS)


def _channels_first(maps: Tensor, images: Tensor) -> Tensor:
    """Maps (N, C, H, W) of images (N, C, H, W), or (N, H, W, C): these if they alone have the images' proportions."""
    wanted, first, last = (math.log(high / wide) for high, wide in (images.shape[2:], maps.shape[2:], maps.shape[1:3]))
    off = abs(first - wanted)
    return maps.movedim(3, 1) if off > _NEAR and abs(last - wanted) < off else maps


class AbsentError(Exception):
    """A net has no such thing to look at; the message says why."""
