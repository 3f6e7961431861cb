"""FLOPs: the formula of each operator that multiplies and adds, from the shapes of its operands; two a multiply-add.

torch's counter (2.14) overcounts the backward pass of convolutions with groups, and knows neither the attention that
runs on CPUs nor recurrent layers. Here a product costs the same whoever computes it: zeros of padding and masked
positions of attention are counted, as dense kernels multiply them, and biases are not. What is neither product nor
convolution is counted by `bench.measure.elementwise`.
"""

from collections.abc import Callable, Collection, Sequence
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

Shape = Sequence[int]


def _convolution(_images: Shape, weight: Shape, *_: Any, out_shape: Shape, **__: Any) -> int:
    """Each output is a sum over the channels of its group and the kernel: `weight` is (O, C / groups, ...)."""
    return 2 * prod(out_shape) * prod(weight[1:])


def _transposed(images: Shape, weight: Shape, *_: Any, **__: Any) -> int:
    """Each input is added to the outputs of its group that the kernel reaches: `weight` is (C, O / groups, ...)."""
    return 2 * prod(images) * prod(weight[1:])


def _either(
    images: Shape, weight: Shape, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool, *_: Any,
    out_shape: Shape, **__: Any,
) -> int:  # fmt: skip
    return _transposed(images, weight) if transposed else _convolution(images, weight, out_shape=out_shape)


def _convolution_backward(grad: Shape, images: Shape, weight: Shape, *rest: Any, **__: Any) -> int:
    """The gradients of the input and of the weight, as far as they are wanted, take the forward pass's products each.

    The only flag among the arguments says whether it is transposed; the last one says which gradients are wanted.
    """
    transposed = any(argument is True for argument in rest)
    each = _transposed(images, weight) if transposed else _convolution(images, weight, out_shape=grad)
    wanted: Sequence[bool] = rest[-1][:2]
    return each * sum(wanted)


def _time_first(_images: Shape, weight: Shape, *_: Any, out_shape: Shape, **__: Any) -> int:
    """A convolution whose weight is (kernel, C, O)."""
    return 2 * prod(out_shape) * prod(weight[:-1])


def _product(left: Shape, right: Shape, *_: Any, **__: Any) -> int:
    """(..., M, K) times (..., K, N)."""
    return 2 * prod(left) * right[-1]


def _added_product(_added: Shape, left: Shape, right: Shape, *_: Any, **__: Any) -> int:
    return _product(left, right)


def _products(left: Sequence[Shape], right: Sequence[Shape], *_: Any, **__: Any) -> int:
    return sum(map(_product, left, right))


def _grouped_product(left: Shape, right: Shape, *_: Any, **__: Any) -> int:
    """Rows, columns or sums of one matrix are parted between the several of the other; or pairs of both are given."""
    pairs = left[0] if len(left) == len(right) == 3 else 1
    return pairs * _product(left[-2:], right)


def _vector_product(left: Shape, *_: Any, **__: Any) -> int:
    """(M, K) times (K), or (K) times (K)."""
    return 2 * prod(left)


def _added_vector_product(_added: Shape, left: Shape, *_: Any, **__: Any) -> int:
    return _vector_product(left)


def _linear(inputs: Shape, weight: Shape, *_: Any, **__: Any) -> int:
    """(..., K) times the transpose of (N, K)."""
    return 2 * prod(inputs) * weight[0]


def _linear_backward(inputs: Shape, _grad: Shape, weight: Shape, mask: Sequence[bool], **__: Any) -> int:
    return _linear(inputs, weight) * sum(mask[:2])


def _bilinear(first: Shape, second: Shape, third: Shape, *expanded: Any, **__: Any) -> int:
    """Two operands are multiplied, and the result by the third, in the order that costs least.

    `expanded` names the dimensions that each operand lacks, then those that are summed, which torch unrolls or not.
    """
    *lacking, summed = map(set, expanded[:4])
    operands = [
        [1 if at in lacks else next(sizes) for at in range(len(shape) + len(lacks))]
        for shape, lacks in zip((first, second, third), lacking, strict=True)
        for sizes in [iter(shape)]
    ]
    return 2 * min(_in_turn(operands[:at] + operands[at + 1 :], operands[at], summed) for at in range(3))


def _in_turn(pair: Sequence[Shape], last: Shape, summed: Collection[int]) -> int:
    """Multiply-adds of the product of two operands, and of its product with the last; 1 where one lacks a dimension."""
    space = [max(sizes) for sizes in zip(*pair, strict=True)]
    left = [1 if at in summed and last[at] == 1 else size for at, size in enumerate(space)]
    first: int = prod(space)
    then: int = prod(map(max, left, last))
    return first + then


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """The scores of queries (B, H, L, E) and keys (..., S, E), and their sums of values (..., S, V)."""
    return 2 * prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _attention_backward(_grad: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """The scores again, which no fused kernel keeps; the gradients of queries and keys, of values and of scores."""
    return 2 * prod(query[:-1]) * key[-2] * (3 * query[-1] + 2 * value[-1])


def _heads(query: Shape, key: Shape, value: Shape, _width: int, heads: int, *_: Any, **__: Any) -> int:
    """A layer of attention in one operator, (B, L, E): four projections around what the heads do."""
    split = [(shape[0], heads, shape[1], shape[2] // heads) for shape in (query, key, value)]
    return 2 * query[-1] * sum(map(prod, (query, key, value, query))) + _attention(*split)


def _encoder_layer(tokens: Shape, width: int, heads: int, *rest: Any, **__: Any) -> int:
    """A layer of attention and its feed-forward part, whose weights (F, E) and (E, F) are the last."""
    matrices = [shape for shape in rest if isinstance(shape, torch.Size) and len(shape) == 2]
    attended = _heads(tokens, tokens, tokens, width, heads)
    return attended + 2 * prod(tokens[:-1]) * sum(map(prod, matrices[2:4]))


def _recurrent(inputs: Shape, weights: Sequence[Shape], *_: Any, **__: Any) -> int:
    """Each matrix is used at each time for each sequence: inputs (T, B, C), or packed (all times, C)."""
    return 2 * prod(inputs[:-1]) * sum(prod(shape) for shape in weights if len(shape) == 2)


def _recurrent_backward(inputs: Shape, weights: Sequence[Shape], *rest: Any, **__: Any) -> int:
    return _recurrent(inputs, weights) * (2 if rest[-1][3] else 1)


def _recurrent_layer(inputs: Shape, of_input: Shape, of_state: Shape, *_: Any, **__: Any) -> int:
    return _recurrent(inputs, (of_input, of_state))


def _recurrent_layer_backward(inputs: Shape, of_input: Shape, of_state: Shape, *_: Any, **__: Any) -> int:
    return 2 * _recurrent(inputs, (of_input, of_state))


_OPERATORS: dict[Callable[..., int], str] = {
    _either: "convolution _convolution convolution_overrideable",
    _convolution: (
        "mkldnn_convolution cudnn_convolution cudnn_convolution_relu cudnn_convolution_add_relu miopen_convolution "
        "miopen_convolution_relu miopen_convolution_add_relu miopen_depthwise_convolution _mps_convolution "
        "_nnpack_spatial_convolution _conv_depthwise2d conv_depthwise3d _slow_conv2d_forward slow_conv3d_forward "
        "slow_conv_dilated2d slow_conv_dilated3d"
    ),
    _transposed: (
        "cudnn_convolution_transpose miopen_convolution_transpose _mps_convolution_transpose slow_conv_transpose2d "
        "slow_conv_transpose3d"
    ),
    _convolution_backward: "convolution_backward convolution_backward_overrideable _slow_conv2d_backward",
    _time_first: "conv_tbc",
    _product: "mm bmm _int_mm _scaled_mm _scaled_mm_v2",
    _added_product: "addmm _addmm_activation baddbmm addbmm addmm_ baddbmm_ addbmm_",
    _products: "_foreach_mm",
    _grouped_product: "_grouped_mm _scaled_grouped_mm",
    _vector_product: "mv dot vdot",
    _added_vector_product: "addmv addmv_",
    _linear: "linear mkldnn_linear",
    _linear_backward: "linear_backward mkldnn_linear_backward",
    _bilinear: "_trilinear",
    _attention: (
        "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu "
        "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
        "_scaled_dot_product_fused_attention_overrideable _scaled_dot_product_attention_math_for_mps"
    ),
    _attention_backward: (
        "_scaled_dot_product_flash_attention_backward _scaled_dot_product_flash_attention_for_cpu_backward "
        "_scaled_dot_product_efficient_attention_backward _scaled_dot_product_cudnn_attention_backward "
        "_scaled_dot_product_fused_attention_overrideable_backward"
    ),
    _heads: "_native_multi_head_attention",
    _encoder_layer: "_transformer_encoder_layer_fwd",
    _recurrent: "_cudnn_rnn miopen_rnn",
    _recurrent_backward: "_cudnn_rnn_backward miopen_rnn_backward",
    _recurrent_layer: "mkldnn_rnn_layer",
    _recurrent_layer_backward: "mkldnn_rnn_layer_backward",
}
# By operator, as far as this torch has it. Attention over sequences of unequal lengths needs more than shapes: torch's
# own formulas for it (`_flash_attention_forward` and its like) stay in force, and those of a plug-in's own operators.
FORMULAS = {
    getattr(torch.ops.aten, name): formula
    for formula, names in _OPERATORS.items()
    for name in names.split()
    if hasattr(torch.ops.aten, name)
}


def flop_counter() -> FlopCounterMode:
    """A context that counts the FLOPs of what runs in it, by operator."""
    return FlopCounterMode(display=False, custom_mapping=FORMULAS)
