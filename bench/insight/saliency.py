"""Saliency: which pixels speak for the class that a net predicts, by captum."""

from collections.abc import Iterator
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from bench.insight.subject import AbsentError, Subject, layers_with_maps
from bench.store.insight import Saliency
from bench.store.raster import signed_raster_of
from bench.vocabulary import SaliencyMethod

NO_CAPTUM = "captum is not installed: pip install 'torch-architecture-bench[insight]'"
INTEGRATION_STEPS = 32
WINDOWS = 7  # of occlusion, side by side; each moves by half of its side
AT_ONCE = 32  # occluded images


def saliency_of(subject: Subject) -> tuple[Saliency, ...]:
    """Attributions of each chosen image by each method; Grad-CAM where a convolution gives maps.

    Raises:
        AbsentError: captum is not installed.

    """
    if find_spec("captum") is None:
        raise AbsentError(NO_CAPTUM)
    chosen = subject.chosen()
    images = subject.pixels[chosen]
    with torch.no_grad():
        predicted = subject.net(images).argmax(1)
    return tuple(
        Saliency(
            index=index,
            predicted=int(predicted[at]),
            method=method,
            layer=layer,
            attribution=signed_raster_of(values[at : at + 1].detach().sum(1, keepdim=True).cpu().numpy()),
        )
        for method, layer, values in attributions(subject, images, predicted)
        for at, index in enumerate(chosen.tolist())
    )


def attributions(subject: Subject, images: Tensor, targets: Tensor) -> Iterator[tuple[SaliencyMethod, str, Tensor]]:
    """Each method, the layer that it weights ("" without), and attributions (N, C, H, W) of images (N, C, H, W).

    The baseline, where a method has one, is black. Occlusion leaves out what the windows do not reach.
    """
    from captum import attr  # noqa: PLC0415 - an extra, which takes a second to import

    images = images.detach().requires_grad_()
    net, black = subject.net, torch.zeros_like(images)
    yield "gradients", "", attr.Saliency(net).attribute(images, targets, abs=False)
    integrated = attr.IntegratedGradients(net)
    yield "integrated gradients", "", integrated.attribute(images, black, targets, n_steps=INTEGRATION_STEPS)
    if last := _last_convolution(subject, images):
        path, layer = last
        weighted = attr.LayerGradCam(net, layer).attribute(images, targets, relu_attributions=True)
        height, width = images.shape[2:]
        yield "Grad-CAM", path, attr.LayerAttribution.interpolate(weighted, (height, width), "bilinear")
    window = [max(1, side // WINDOWS) for side in images.shape[2:]]
    strides = (images.shape[1], *(max(1, side // 2) for side in window))
    shape = (images.shape[1], *window)
    occluded = attr.Occlusion(net).attribute(
        images, shape, strides, baselines=0, target=targets, perturbations_per_eval=max(1, AT_ONCE // len(images))
    )
    yield "occlusion", "", occluded


def _last_convolution(subject: Subject, images: Tensor) -> tuple[str, nn.Module] | None:
    """The last convolution that gives maps of more than a pixel."""
    having = [(path, layer) for path, layer, _ in layers_with_maps(subject, images[:1]) if isinstance(layer, nn.Conv2d)]
    return having[-1] if having else None
