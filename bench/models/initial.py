"""Initial weights: those that a net has, drawn anew by a rule of torch.nn.init, or taken from images."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.models.passage import Passage

SEEN = 5000  # training images whose patches are whitened, or fewer of large ones, whose patches are many:
MOST = 2**28  # numbers in all of these patches
AT_ONCE = 2**22  # of these, which are in memory at the same time
SMALLEST = 5e-4  # added to a variance before it is divided by: some directions hold next to nothing

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

# Name to what fills a weight in place, ReLU behind it where the rule asks for that.
RULES: dict[str, Callable[[Tensor], object]] = {
    "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "kaiming_uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


@torch.no_grad()
def initialize(model: nn.Module, name: str, images: Callable[[int], Tensor], passage: Callable[[], Passage]) -> None:
    """Draw the weights of linear layers and convolutions by a rule, and have their biases 0; "default" leaves all.

    With "zero_last" only the last of them that images pass, whose outputs are the scores, begins at 0; with "whitened"
    only the convolution of the images is another, see `_whiten`. What is normalized, embedded or bare parameters stays
    as it is.

    Args:
        model: on its device.
        name: of the rule.
        images: gives the first of the training images, (N, C, H, W), on that device.
        passage: tells how images pass through such a model.

    """
    if name == "default":
        return
    if name == "whitened":
        channels, height, width = images(1).shape[1:]
        if (first := of_images(model, channels, passage())) is not None:
            _whiten(first, images, height * width)
        return
    if name == "zero_last":
        layers = [layer for _, layer in passage().layers(model) if isinstance(layer, _LAYERS)][-1:]
    else:
        layers = [layer for layer in model.modules() if isinstance(layer, _LAYERS)]
    for layer in layers:
        RULES.get(name, nn.init.zeros_)(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def of_images(model: nn.Module, channels: int, passage: Passage) -> nn.Conv2d | None:
    """The first convolution, where it takes images of so many channels and has filters enough; else there is none."""
    layers = ((path, layer) for path, layer in passage.layers(model) if isinstance(layer, nn.Conv2d))
    path, layer = next(layers, ("", None))
    if layer is None or not passage.takes_pixels(path, layer):
        return None
    return layer if layer.in_channels == channels and layer.groups == 1 and layer.out_channels > 1 else None


def _whiten(layer: nn.Conv2d, images: Callable[[int], Tensor], places: int) -> None:
    """Have a convolution of the images give the principal directions of their patches, each of variance 1, for good.

    Each direction and its opposite, the strongest first, as many as there are filters; more filters than that stay as
    they are. The weights are not learnt (Page 2018, "How to train your ResNet"; Jordan 2024, arXiv:2404.00498).
    """
    size = layer.weight[0].numel()
    each = size * places  # numbers in the patches of an image, or somewhat fewer
    products, count = torch.zeros(size, size, dtype=torch.float64, device=layer.weight.device), 0
    for part in images(max(1, min(SEEN, MOST // each))).split(max(1, AT_ONCE // each)):
        patches = nn.functional.unfold(part.double(), layer.kernel_size, layer.dilation)  # (N, C h w, places)
        patches = patches.transpose(0, 1).flatten(1)
        products += patches @ patches.T
        count += patches.shape[1]
    variances, directions = torch.linalg.eigh(products / count)  # of ascending variance
    white = (directions / (variances + SMALLEST).sqrt()).T.flip(0)
    pairs = min(size, layer.out_channels // 2)
    filters = torch.cat((white[:pairs], -white[:pairs])).view(-1, *layer.weight.shape[1:])
    layer.weight[: 2 * pairs] = filters.to(layer.weight.dtype)
    layer.weight.requires_grad_(False)
