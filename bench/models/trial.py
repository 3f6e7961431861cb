"""Trial: a network given two images before anything is measured, to see what it gives and whether it can be trained.

Nothing is computed where torch's meta device will do. A network that needs real numbers there (a branch on a value, an
`item()`, numpy) is given small real images on the CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

import torch
from torch import Tensor, nn

from architectures import ShapeError
from architectures.shapes import Shape, shown
from bench.errors import is_ctrl_c, message_of
from bench.models.outputs import in_words, tensors_of
from bench.origins import OriginError, folder_of, on_path, settings_kept, told_of

IMAGES = 2  # batch norm cannot train on a single value


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        logits: how many numbers there are for each image.
        outputs: what else it gives, in words: "tuple of 2 tensors"; "" for logits alone.
        wrapped: whether the logits are no plain tensor, but the first of what it gives.
        device: where it ran, "meta" or "cpu".

    """

    logits: int
    outputs: str
    wrapped: bool
    device: str


def tried(text: str, build: Callable[[], nn.Module], shape: Shape, images: int = IMAGES) -> Trial:
    """Build the network that `text` names and send so many images (N, C, H, W) through it, as in training and not.

    Random numbers stay as they were.

    Raises:
        ShapeError: it cannot be built, cannot take them, gives no logits (N, K), or has nothing to train.

    """
    with settings_kept(random=True), torch.inference_mode(False), torch.enable_grad(), on_path(folder_of(text)):
        try:
            return _on("meta", text, build, shape, images)
        except BaseException as error:
            if is_ctrl_c(error):
                raise
            # whatever it was: the CPU will say it better, if it is no fault of the meta device
            return _on("cpu", text, build, shape, images)


def _on(device: str, text: str, build: Callable[[], nn.Module], shape: Shape, images: int) -> Trial:
    with torch.device(device):
        try:
            with settings_kept():
                network = build()
        except OriginError as error:
            raise ShapeError(str(error)) from error
        if device == "meta" and any(weight.dtype != torch.float32 for weight in network.parameters()):
            raise ShapeError(f"'{text}' has weights of another type, which this device mixes as no other does")
        batch = torch.rand(images, *shape, dtype=torch.float32)
        outputs = [_output(network.train(mode), text, batch) for mode in (True, False)]
    for output in outputs:
        _check(text, output, shape, images)
    logits = tensors_of(outputs[0])[0]
    if not logits.requires_grad:
        raise ShapeError(f"'{text}' has no parameters that its logits depend on: there is no training step to time")
    whole = next((output for output in outputs if not isinstance(output, Tensor)), outputs[0])
    return Trial(int(logits.shape[1]), in_words(whole), not isinstance(whole, Tensor), device)


def _output(network: nn.Module, text: str, images: Tensor) -> Any:
    try:
        return network(images)
    except BaseException as error:
        if is_ctrl_c(error):
            raise
        raise ShapeError(_refusal(text, network, images, error)) from error


def _refusal(text: str, network: nn.Module, images: Tensor, error: BaseException) -> str:
    """Why it cannot take the images, and what helps."""
    wanted = _inputs(network)
    if len(wanted) > 1:
        return (
            f"'{text}' wants {len(wanted)} inputs ({', '.join(wanted)}), and images are one: name a network of images, "
            "or a function that wraps it in one"
        )
    if "scalar types: Long" in message_of(error):
        return (
            f"'{text}' wants whole numbers, such as the ids of tokens, and images are real numbers: name a network "
            "that takes images (N, C, H, W)"
        )
    remedy = f"name images that fit, such as --input {'3x224x224' if images.shape[1] != 3 else '1x28x28'}"
    return f"'{text}' cannot take images of {shown(tuple(images.shape[1:]))}: {told_of(error)}; {remedy}"


def _inputs(network: nn.Module) -> list[str]:
    """The inputs that its forward pass cannot do without."""
    try:
        parameters = signature(network.forward).parameters.values()
    except (ValueError, TypeError):
        return []
    kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is Parameter.empty and each.kind not in kinds]


def _check(text: str, output: Any, shape: Shape, images: int) -> None:
    """The first tensor of the output has the shape of logits, and is of real numbers."""
    tensors = tensors_of(output)
    if not tensors:
        raise ShapeError(f"'{text}' gives {type(output).__name__} for images of {shown(shape)}: return logits (N, K)")
    first = tensors[0]
    if first.ndim != 2 or len(first) != images:
        several = f" as the first of {in_words(output)}" if len(tensors) > 1 else ""
        raise ShapeError(
            f"'{text}' gives {tuple(first.shape)}{several} for {images} images of {shown(shape)}: return logits, one "
            f"number a class for each image ({images}, K)"
        )
    if not first.is_floating_point():
        kind = str(first.dtype).removeprefix("torch.")
        raise ShapeError(f"'{text}' gives {kind} for images of {shown(shape)}: return logits, which are real numbers")
