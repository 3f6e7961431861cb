"""FLOPs by hand: what a net's layers say of themselves and the sizes of their results, without looking at operators."""

from dataclasses import dataclass
from math import prod

import torch
from torch import nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass
class Tally:
    """The FLOPs of a net, forward and backward."""

    forward: int = 0
    backward: int = 0

    def add(self, flops, weight, inputs):
        """A layer: backward, each gradient that is wanted costs what the layer does forward."""
        self.forward += flops
        self.backward += flops * (weight.requires_grad + inputs.requires_grad)

    def hear(self, net):
        """Have each layer of the net that multiplies say what it does when it is called."""
        kinds = {CONVOLUTIONS: self._convolution, TRANSPOSED: self._transposed, nn.Linear: self._linear}
        for layer in net.modules():
            for kind, hook in kinds.items():
                if isinstance(layer, kind):
                    layer.register_forward_hook(hook)
            if isinstance(layer, nn.MultiheadAttention):
                layer.register_forward_hook(self._attention, with_kwargs=True)

    def _convolution(self, layer, inputs, output):
        """Every output number is a sum of one product for each channel of its group and place of the kernel."""
        batch, channels, *places = output.shape
        assert channels == layer.out_channels
        each = layer.in_channels // layer.groups * prod(layer.kernel_size)
        self.add(2 * batch * channels * prod(places) * each, layer.weight, inputs[0])

    def _transposed(self, layer, inputs, _):
        """Every input number is multiplied into each output channel of its group and place of the kernel."""
        batch, channels, *places = inputs[0].shape
        each = layer.out_channels // layer.groups * prod(layer.kernel_size)
        self.add(2 * batch * channels * prod(places) * each, layer.weight, inputs[0])

    def _linear(self, layer, inputs, _):
        rows = inputs[0].numel() // layer.in_features
        self.add(2 * rows * layer.in_features * layer.out_features, layer.weight, inputs[0])

    def _attention(self, layer, inputs, kwargs, _):
        """Self-attention: three projections in, one out, whose weights are used without a layer of their own."""
        tokens = kwargs.get("query", inputs[0] if inputs else None)
        batch, length, width = tokens.shape if layer.batch_first else tokens.transpose(0, 1).shape
        for _ in range(4):
            self.add(2 * batch * length * width * width, layer.in_proj_weight, tokens)
        self.attend(batch, length, width, fused=tokens.device.type != "meta" and not kwargs.get("need_weights", True))

    def attend(self, batch, length, width, *, fused):
        """Scores and sums of values over all heads; a fused kernel makes the scores again on its way back."""
        product = 2 * batch * length * length * width
        self.forward += 2 * product
        self.backward += (5 if fused else 4) * product


def by_hand(net, images):
    """The FLOPs of a net for these images, forward and backward, as pair."""
    tally = Tally()
    tally.hear(net)
    first_of(net(images))
    return tally.forward, tally.backward


def first_of(outputs):
    return outputs if isinstance(outputs, torch.Tensor) else next(iter(outputs))
