"""Recompute: activation checkpointing: parts of a net keep their input alone, and are computed again for backward."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from itertools import groupby, pairwise
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

Run = Callable[..., Any]


class Recomputed:
    """The parts of one model, which from now on are recomputed wherever gradients are wanted.

    Its modules, names and weights stay as they were; what changes is how its containers run.

    Attributes:
        parts: how many there are.
        around: gives the context in which a part is computed again; for who looks at a step.

    """

    def __init__(self, model: nn.Module) -> None:
        self.around: Callable[[], AbstractContextManager[object]] = nullcontext
        self.parts = 0
        for row in _rows(model):
            self._recompute_in(row)

    def _recompute_in(self, row: nn.Module) -> None:
        """Have the blocks of a row recomputed, and of its layers between them each segment but the last."""
        units = _units(row)
        for block in filter(_is_block, units):
            block.forward = self._part(block.forward, [block])
        if _is_plain(row):
            row.forward = partial(_in_turn, [self._step(each, again) for each, again in _segments(units)])

    def _step(self, layers: Sequence[nn.Module], again: bool) -> Run:
        run = partial(_in_turn, layers)
        return self._part(run, layers) if again else run

    def _part(self, run: Run, modules: Sequence[nn.Module]) -> Run:
        """The same, recomputed where gradients are wanted; running statistics count a batch once all the same."""
        kind = nn.modules.batchnorm._NormBase  # noqa: SLF001 - the one class of all that keep such statistics
        norms = [each for module in modules for each in module.modules() if isinstance(each, kind)]
        self.parts += 1

        def contexts() -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
            return nullcontext(), self._again(norms)

        def part(*inputs: Any, **named: Any) -> Any:
            if not torch.is_grad_enabled():
                return run(*inputs, **named)
            return checkpoint(run, *inputs, use_reentrant=False, context_fn=contexts, **named)

        return part

    @contextmanager
    def _again(self, norms: Sequence[nn.Module]) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(self.around())
            for norm in norms:
                stack.enter_context(_counted_once(norm))
            yield


def without_parts(name: str) -> str:
    """Why a network of that name cannot be recomputed in parts."""
    return (
        f"'{name}' has no blocks and too few layers in turn (nn.Sequential, nn.ModuleList) to be recomputed in parts "
        "(--modes eager)"
    )


def has_parts(model: nn.Module) -> bool:
    """Whether the model has any part that could be recomputed."""
    return any(
        any(map(_is_block, units)) or (_is_plain(row) and any(again for _, again in _segments(units)))
        for row in _rows(model)
        if (units := _units(row))
    )


def _rows(module: nn.Module) -> Iterator[nn.Module]:
    """The containers whose elements are blocks, or run in turn: the outermost, and those within larger parts."""
    if _is_plain(module) or isinstance(module, nn.ModuleList):
        yield module
        inside: Iterable[nn.Module] = (unit for unit in _units(module) if not _is_block(unit))
    else:
        inside = module.children()
    for child in inside:
        yield from _rows(child)


def _units(row: nn.Module) -> list[nn.Module]:
    """What a row runs in turn, also by rows that are elements of it."""
    elements = row.children()
    return [unit for each in elements for unit in (_units(each) if _is_plain(row) and _is_plain(each) else [each])]


def _is_plain(module: nn.Module) -> bool:
    """Whether it does nothing but run its elements in turn, and nobody is told when it does."""
    hooks = (module._forward_hooks, module._forward_pre_hooks)  # noqa: SLF001 - nothing public tells
    return type(module) is nn.Sequential and not any(hooks)


def _is_block(unit: nn.Module) -> bool:
    """Whether it has layers of its own, and is not made of blocks itself."""
    return any(unit.children()) and not any(_is_block(each) for row in _rows(unit) for each in _units(row))


def _segments(units: Sequence[nn.Module]) -> Iterator[tuple[Sequence[nn.Module], bool]]:
    """Layers that run together, each with whether they are recomputed here; what has layers of its own is by itself.

    Of n layers in turn there are segments of the square root of n, the length by which least is kept and recomputed at
    once where layers are alike (Chen et al. 2016, arXiv:1604.06174). The last of all is followed by its own backward
    pass at once, and so kept as it is.
    """
    runs = [(composed, list(those)) for composed, those in groupby(units, lambda unit: any(unit.children()))]
    for at, (composed, layers) in enumerate(runs):
        if composed:
            yield layers, False  # blocks see to themselves
            continue
        segments = list(_cut(layers))
        for place, segment in enumerate(segments):
            yield segment, at < len(runs) - 1 or place < len(segments) - 1


def _cut(layers: Sequence[nn.Module]) -> Iterator[Sequence[nn.Module]]:
    """Segments of about equal length; none begins with a layer that overwrites its input, which has to be kept."""
    count = isqrt(len(layers))
    places = (len(layers) * at // count for at in range(1, count))
    cuts = [at for at in places if not getattr(layers[at], "inplace", False)]
    for start, end in pairwise([0, *cuts, len(layers)]):
        yield layers[start:end]


def _in_turn(steps: Sequence[Run], images: Tensor) -> Tensor:
    for step in steps:
        images = step(images)
    return images


@contextmanager
def _counted_once(norm: Any) -> Iterator[None]:
    """What a layer computes in this block leaves its running statistics as they are."""
    momentum, batches = norm.momentum, norm.num_batches_tracked
    before = None if batches is None else batches.clone()
    norm.momentum = 0.0
    try:
        yield
    finally:
        norm.momentum = momentum
        if before is not None:
            batches.copy_(before)
