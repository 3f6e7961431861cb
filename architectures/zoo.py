"""The zoo: torchvision's ImageNet networks without trained weights, for 3x224x224 and 1,000 classes.

torchvision is imported when a network is built, so that the other families do not wait for it.
"""

from functools import partial
from typing import Any

from torch import nn

from architectures.registry import register
from architectures.shapes import Shape

imagenet = partial(register, family="zoo", input_shape=(3, 224, 224), num_classes=1000)


def _for_channels(network: nn.Module, channels: int) -> nn.Module:
    """The same network; unless the images have 3 channels, a new first convolution that takes theirs, drawn alike."""
    if channels == 3:
        return network
    from torchvision import models  # noqa: PLC0415 - see the module's docstring

    path, first = next((path, layer) for path, layer in network.named_modules() if isinstance(layer, nn.Conv2d))
    parent, _, attribute = path.rpartition(".")
    fitting = nn.Conv2d(
        channels,
        first.out_channels,
        kernel_size=first.kernel_size[0],  # all of these are square
        stride=first.stride[0],
        padding=int(first.padding[0]),
        bias=first.bias is not None,
    )
    if isinstance(network, models.ResNet | models.VGG):  # as these draw theirs; the others keep torch's default
        nn.init.kaiming_normal_(fitting.weight, mode="fan_out", nonlinearity="relu")
        if fitting.bias is not None:
            nn.init.zeros_(fitting.bias)
    setattr(network.get_submodule(parent), attribute, fitting)
    return network


def torchvision_network(name: str, input_shape: Shape, num_classes: int, **options: Any) -> nn.Module:
    """Torchvision's network of that name with random weights, for images of any number of channels."""
    from torchvision import models  # noqa: PLC0415 - see the module's docstring

    # Inception: no auxiliary heads, and torch's default weights, for torchvision announces that its own will change
    plain = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network: nn.Module = models.get_model(name, weights=None, **{"num_classes": num_classes, **plain, **options})
    return _for_channels(network, input_shape[0])


@imagenet(parameters=61_100_840, source="Krizhevsky 2014, arXiv:1404.5997")
def alexnet(input_shape: Shape, num_classes: int) -> nn.Module:
    """AlexNet in its one-tower form: five convolutions, three linear layers."""
    # 64x55x55, 192x27x27, 384x13x13, 256x13x13 twice, pooled to 256x6x6, 4,096 twice
    return torchvision_network("alexnet", input_shape, num_classes)


@imagenet(parameters=6_624_904, source="Szegedy et al. 2015, arXiv:1409.4842")
def googlenet(input_shape: Shape, num_classes: int) -> nn.Module:
    """GoogLeNet (Inception-v1) with batch norm, without auxiliary heads."""
    # 64x112x112, 192x56x56; inception 480x28x28, 832x14x14, 1,024x7x7
    return torchvision_network("googlenet", input_shape, num_classes)


@imagenet(parameters=138_357_544, source="Simonyan & Zisserman 2015, arXiv:1409.1556, D")
def vgg16(input_shape: Shape, num_classes: int) -> nn.Module:
    """VGG-16: thirteen 3x3 convolutions, three linear layers."""
    # 64x224x224, 128x112x112, 256x56x56, 512x28x28, 512x14x14, pooled to 512x7x7, 4,096 twice
    return torchvision_network("vgg16", input_shape, num_classes)


@imagenet(parameters=143_667_240, source="Simonyan & Zisserman 2015, arXiv:1409.1556, E")
def vgg19(input_shape: Shape, num_classes: int) -> nn.Module:
    """VGG-19: sixteen 3x3 convolutions, three linear layers."""
    # as in vgg16
    return torchvision_network("vgg19", input_shape, num_classes)


@imagenet(parameters=11_689_512, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet18(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-18: blocks of two 3x3 convolutions."""
    # 64x112x112, pooled; stages of 64x56x56, 128x28x28, 256x14x14, 512x7x7
    return torchvision_network("resnet18", input_shape, num_classes)


@imagenet(parameters=21_797_672, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet34(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-34: blocks of two 3x3 convolutions."""
    # as in resnet18, with more blocks
    return torchvision_network("resnet34", input_shape, num_classes)


@imagenet(parameters=25_557_032, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet50(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-50: bottleneck blocks."""
    # 64x112x112, pooled; stages of 256x56x56, 512x28x28, 1,024x14x14, 2,048x7x7
    return torchvision_network("resnet50", input_shape, num_classes)


@imagenet(parameters=44_549_160, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet101(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-101: bottleneck blocks."""
    # as in resnet50, with more blocks
    return torchvision_network("resnet101", input_shape, num_classes)


@imagenet(parameters=60_192_808, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet152(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-152: bottleneck blocks."""
    # as in resnet50, with more blocks
    return torchvision_network("resnet152", input_shape, num_classes)
