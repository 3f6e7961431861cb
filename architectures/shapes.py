"""What shape a network gives for what shape of image: asked of torch's meta device, where nothing is computed."""

from itertools import chain
from math import prod

import torch
from torch import nn
from torch.func import functional_call

from architectures.errors import ShapeError

Shape = tuple[int, int, int]  # channels, height, width


def shown(shape: tuple[int, ...]) -> str:
    """The shape as people write it: 1x28x28."""
    return "x".join(str(size) for size in shape)


def output_shape(network: nn.Module, input_shape: Shape) -> tuple[int, ...]:
    """The shape of one output, without the batch; the network's weights and the random generators stay untouched.

    Raises ShapeError, in one line, when some layer cannot take what it would be given.
    """
    try:
        tensors = chain(network.named_parameters(), network.named_buffers())
        stand_ins = {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors}
        images = torch.empty(2, *input_shape, device="meta")  # 2: batch norm cannot train on a single value
        with torch.no_grad():
            output: torch.Tensor = functional_call(network, stand_ins, images)
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ShapeError(f"input {shown(input_shape)} does not fit: {reason}") from error
    return tuple(output.shape[1:])


def flat_size(layers: nn.Module, input_shape: Shape) -> int:
    """How many numbers the layers give per image: the inputs of the linear layer that follows them."""
    return prod(output_shape(layers, input_shape))
