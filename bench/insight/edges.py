"""Edges: a learned filter on the middle of an image, by what stands beyond its edges; and pooling, max and average."""

from torch import Tensor
from torch.nn import functional as F

from bench.insight.filters import convolutions
from bench.insight.subject import AbsentError, Subject, passage_of
from bench.store.insight import Edge, Edges
from bench.store.raster import LARGEST_SIDE, Raster, raster_of, signed_raster_of
from bench.vocabulary import EdgeMap

SMALLEST = 12  # pixels of a side; of a larger image the middle half is taken, so that something stands at its edges
WINDOW = 2  # pixels of a side of what is pooled


def edges_of(subject: Subject) -> Edges:
    """What the filter of the largest weights in the first convolution gives, and its pooled activation.

    Raises:
        AbsentError: no convolution looks at the pixels, or they are too few.

    """
    channels, passage = subject.pixels.shape[1], passage_of(subject)
    layers = [
        (path, layer)
        for path, layer in convolutions(subject.net.net, passage)
        if layer.weight.shape[1] == channels and passage.takes_pixels(path, layer)
    ]
    index = int(subject.chosen()[0])
    image = _middle(subject.pixels[index : index + 1])
    if not layers:
        raise AbsentError("no convolution of it looks at the pixels, more than one at once and in all their channels")
    path, layer = layers[0]
    weight = layer.weight.detach()
    kernel = weight[int(weight.flatten(1).norm(dim=1).argmax())][None]
    if min(image.shape[2:]) <= max(kernel.shape[2:]):
        raise AbsentError("the images are no larger than its filters")
    maps = treated(image, kernel)
    return Edges(
        index=index,
        layer=path,
        kernel=signed_raster_of(kernel.sum(1, keepdim=True).cpu().numpy()),
        maps=tuple(Edge(name=name, values=_picture(name, values)) for name, values in maps.items()),
    )


def treated(image: Tensor, kernel: Tensor) -> dict[EdgeMap, Tensor]:
    """An image (1, C, H, W), what a kernel (1, C, h, w) gives of it by each handling, and the padded one pooled.

    Pooled is the activation, what of it is above 0.
    """
    high, wide = ((size - 1) // 2 for size in kernel.shape[2:])
    around = (wide, kernel.shape[3] - 1 - wide, high, kernel.shape[2] - 1 - high)
    padded = F.conv2d(F.pad(image, around), kernel)
    active = padded.relu()
    return {
        "image": image,
        "extend": F.conv2d(F.pad(image, around, mode="replicate"), kernel),
        "pad": padded,
        "crop": F.conv2d(image, kernel),
        "max": F.max_pool2d(active, WINDOW),
        "average": F.avg_pool2d(active, WINDOW),
    }


def _middle(images: Tensor) -> Tensor:
    """The middle half of images (N, C, H, W), or all of small ones; of large ones as much as a picture shows whole."""
    places = []
    for size in images.shape[2:]:
        kept = min(max(min(size, SMALLEST), size // 2), LARGEST_SIDE)
        start = (size - kept) // 2
        places.append(slice(start, start + kept))
    return images[:, :, places[0], places[1]]


def _picture(name: EdgeMap, values: Tensor) -> Raster:
    if name == "image":
        return raster_of(values.cpu().numpy(), 0, 1)
    return signed_raster_of(values.cpu().numpy())
