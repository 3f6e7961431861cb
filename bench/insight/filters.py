"""Filters: the learned weights of the first layers, as pictures."""

from torch import Tensor, nn

from bench.insight.subject import AbsentError, Subject, passage_of
from bench.models import Passage
from bench.store.insight import FilterBank
from bench.store.raster import signed_raster_of

MOST_FILTERS, MOST_SLICES = 16, 8  # of a layer; of a filter that looks at many channels
ROWS_OF_SLICES = 4
LAYERS = 2
_COLOURS = 3


def filters_of(subject: Subject) -> tuple[FilterBank, ...]:
    """Filters of the first two convolutions that reach beyond a pixel; without any, the rows of the first linear layer.

    Raises:
        AbsentError: it begins with neither.

    """
    net, shape, passage = subject.net.net, subject.pixels.shape[1:], passage_of(subject)
    if layers := convolutions(net, passage)[:LAYERS]:
        return tuple(
            _bank(path, layer.weight.detach(), of_pixels=layer.groups == 1 and passage.takes_pixels(path, layer))
            for path, layer in layers
        )
    for path, layer in passage.layers(net):
        if isinstance(layer, nn.Linear) and layer.in_features == shape.numel() and passage.takes_pixels(path, layer):
            return (_bank(path, layer.weight.detach().reshape(-1, *shape), of_pixels=True),)
    raise AbsentError("its first layer is neither a convolution nor a linear layer of the pixels")


def convolutions(net: nn.Module, passage: Passage) -> list[tuple[str, nn.Conv2d]]:
    """The convolutions that look at more than one pixel, with their paths, from input to output."""
    every = ((path, layer) for path, layer in passage.layers(net) if isinstance(layer, nn.Conv2d))
    return [(path, layer) for path, layer in every if max(layer.kernel_size) > 1]


def _bank(layer: str, weight: Tensor, *, of_pixels: bool) -> FilterBank:
    """Weights (O, I, H, W) as pictures: whole filters of one channel, or of the colours of pixels; else slices."""
    filters, inputs = weight.shape[:2]
    if inputs == 1 or (of_pixels and inputs == _COLOURS):
        shown, columns = weight[:MOST_FILTERS], MOST_SLICES
    else:
        columns = min(inputs, MOST_SLICES)
        shown = weight[:ROWS_OF_SLICES, :columns].reshape(-1, 1, *weight.shape[2:])
    pictures = signed_raster_of(shown.cpu().numpy())
    return FilterBank(layer=layer, filters=filters, inputs=inputs, columns=columns, weights=pictures)
