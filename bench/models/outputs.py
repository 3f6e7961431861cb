"""Outputs: what a network gives: logits, or several tensors of which the first is kept."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor, nn


def tensors_of(output: Any) -> list[Tensor]:
    """The tensors of an output, in its own order: of a tuple, a list, a mapping or a dataclass, however deep."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, Mapping):
        parts = list(output.values())
    elif isinstance(output, list | tuple):
        parts = list(output)
    elif is_dataclass(output):
        parts = [getattr(output, field.name) for field in fields(output)]
    else:
        return []
    return [tensor for part in parts for tensor in tensors_of(part)]


def keep_first(_network: nn.Module, _inputs: Any, output: Any) -> Tensor:
    """A forward hook by which a network of several outputs gives the first tensor alone."""
    return tensors_of(output)[0]


def in_words(output: Any) -> str:
    """Several outputs as a person says it: "GoogLeNetOutputs of 3 tensors"; "" for one tensor."""
    count = len(tensors_of(output))
    return f"{type(output).__name__} of {count} tensors" if count > 1 else ""
