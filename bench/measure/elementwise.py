"""Elementwise: the work of the operators that are neither product nor convolution, one for each element they touch."""

import re
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves

from bench.measure.flops import FORMULAS
from bench.trace.categories import category_of

_WORK = {"normalization", "activation", "pooling", "elementwise", "loss", "optimizer"}
_ALSO = re.compile(r"norm|upsample|grid_sampler|cdist|fused_(lstm|gru)_cell")  # no category of a profile is theirs


def elementwise_operations(func: Any, operands: Any, results: Any) -> int:
    """The elements of an operator's largest tensor, if it does arithmetic and is no product; else 0.

    What it does with an element is not weighed: a normalization counts as an addition does. Copies, casts, views,
    look-ups and fills do no arithmetic.
    """
    packet = func.overloadpacket
    category = category_of([f"aten::{packet.__name__}"])
    tagged = {"pointwise", "reduction"} & {tag.name for tag in func.tags}
    does = category in _WORK or (category == "other" and (tagged or _ALSO.search(packet.__name__)))
    if packet in FORMULAS or not does:
        return 0
    leaves = tree_leaves((operands, results))
    return max((leaf.numel() for leaf in leaves if isinstance(leaf, Tensor)), default=0)
