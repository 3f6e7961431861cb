"""The zoo: torchvision's ImageNet networks without trained weights, for 3x224x224 and 1,000 classes.

torchvision is imported when a network is built, so that the other families do not wait for it.
"""

from functools import partial

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


def _torchvision(name: str, input_shape: Shape, num_classes: int) -> nn.Module:
    from torchvision import models  # noqa: PLC0415 - see the module's docstring

    # GoogLeNet: no auxiliary heads, and torch's default weights, for torchvision announces that its own will change
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    network: nn.Module = models.get_model(name, weights=None, num_classes=num_classes, **options)
    return _for_channels(network, input_shape[0])


@imagenet(parameters=61_100_840, source="Krizhevsky 2014, arXiv:1404.5997")
def alexnet(input_shape: Shape, num_classes: int) -> nn.Module:
    """AlexNet in its one-tower form: five convolutions, three linear layers."""
    return _torchvision("alexnet", input_shape, num_classes)


@imagenet(parameters=6_624_904, source="Szegedy et al. 2015, arXiv:1409.4842")
def googlenet(input_shape: Shape, num_classes: int) -> nn.Module:
    """GoogLeNet (Inception-v1) with batch norm, without auxiliary heads."""
    return _torchvision("googlenet", input_shape, num_classes)


@imagenet(parameters=138_357_544, source="Simonyan & Zisserman 2015, arXiv:1409.1556, D")
def vgg16(input_shape: Shape, num_classes: int) -> nn.Module:
    """VGG-16: thirteen 3x3 convolutions, three linear layers."""
    return _torchvision("vgg16", input_shape, num_classes)


@imagenet(parameters=143_667_240, source="Simonyan & Zisserman 2015, arXiv:1409.1556, E")
def vgg19(input_shape: Shape, num_classes: int) -> nn.Module:
    """VGG-19: sixteen 3x3 convolutions, three linear layers."""
    return _torchvision("vgg19", input_shape, num_classes)


@imagenet(parameters=11_689_512, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet18(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-18: blocks of two 3x3 convolutions."""
    return _torchvision("resnet18", input_shape, num_classes)


@imagenet(parameters=21_797_672, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet34(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-34: blocks of two 3x3 convolutions."""
    return _torchvision("resnet34", input_shape, num_classes)


@imagenet(parameters=25_557_032, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet50(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-50: bottleneck blocks."""
    return _torchvision("resnet50", input_shape, num_classes)


@imagenet(parameters=44_549_160, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet101(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-101: bottleneck blocks."""
    return _torchvision("resnet101", input_shape, num_classes)


@imagenet(parameters=60_192_808, source="He, Zhang, Ren & Sun 2015, arXiv:1512.03385, table 1")
def resnet152(input_shape: Shape, num_classes: int) -> nn.Module:
    """ResNet-152: bottleneck blocks."""
    return _torchvision("resnet152", input_shape, num_classes)
