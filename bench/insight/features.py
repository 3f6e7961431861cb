"""Features: what the layers make of chosen images, from input to output."""

from itertools import pairwise

from torch import Tensor

from bench.insight.subject import CHOSEN_CLASSES, AbsentError, Subject, layers_with_maps
from bench.store.insight import Features, LayerMaps
from bench.store.raster import raster_of

MOST_LAYERS, MOST_MAPS = 4, 4
LARGEST_MAP = 28  # pixels of a side; of larger ones every second pixel or fewer is kept


def features_of(subject: Subject) -> tuple[Features, ...]:
    """Maps of some layers, spread evenly over the net, on the first image of each of two classes.

    Of layers that follow each other with maps of one size the last is taken, which is the activation of a convolution.

    Raises:
        AbsentError: no layer gives maps.

    """
    chosen = subject.chosen()[:CHOSEN_CLASSES]
    seen = [(path, maps) for path, _, maps in layers_with_maps(subject, subject.pixels[chosen])]
    if not seen:
        raise AbsentError("no layer of it gives maps")
    last = [each for each, following in pairwise(seen) if each[1].shape != following[1].shape] + seen[-1:]
    layers = [last[at] for at in _spread(len(last), MOST_LAYERS)]
    return tuple(
        Features(index=index, layers=tuple(_maps(path, maps[at]) for path, maps in layers))
        for at, index in enumerate(chosen.tolist())
    )


def _spread(count: int, most: int) -> list[int]:
    """So many places of 0 to count - 1 at most, as far apart as can be, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(at * (count - 1) / (most - 1)) for at in range(most)]


def _maps(layer: str, maps: Tensor) -> LayerMaps:
    """The first maps of (C, H, W)."""
    every = -(-max(maps.shape[1:]) // LARGEST_MAP)
    shown = maps[:MOST_MAPS, None, ::every, ::every]
    return LayerMaps(layer=layer, channels=len(maps), maps=raster_of(shown.cpu().numpy()))
