"""Compiled steps: torch.compile on a net and on an optimizer's update, counted, and held fixed while timed."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.compiled import ARGUMENTS, COMPILED
from bench.store.result import Measurement

# Steps until each further one is as this one: in the first there are neither gradients nor the optimizer's state, and
# an update that was compiled then is compiled again for what it made.
SETTLED, SETTLED_UPDATE = 2, 3
# Times that torch compiles one function. Each optimizer's step is one more, or two; of the 8 that torch has by itself a
# cell needs as many for timing, its costs and its memory, and later ones would be left as they are, with nothing said.
MOST_COMPILED = 256
_PLACE = re.compile(r"filename: '(?P<file>[^']*)', function name: '(?P<function>[^']*)', line number: (?P<line>\d+)")
_GUARD = re.compile(r"^\s*- (?:\d+/\d+: )?(.+)$", re.M)


class RecompiledError(BenchError):
    """A step was compiled again while it was timed."""


def net_of(model: nn.Module, cell: Cell) -> Callable[[Tensor], Tensor]:
    """The model as the cell's mode runs it."""
    if cell.mode not in ARGUMENTS:
        return model
    compiled: Callable[[Tensor], Tensor] = torch.compile(model, **ARGUMENTS[cell.mode])  # one of the model's own kind
    return compiled


def compile_update(optimizer: torch.optim.Optimizer, cell: Cell) -> None:
    """Have the optimizer's own step compiled, where the cell wants that."""
    if cell.implementation == COMPILED:
        torch._dynamo.config.recompile_limit = MOST_COMPILED  # noqa: SLF001 - its documented settings
        optimizer.step = torch.compile(optimizer.step)  # type: ignore[method-assign, assignment] # as torch's recipe has it


@contextmanager
def fixed() -> Iterator[None]:
    """What is compiled stays as it is within the block.

    Raises:
        RecompiledError: something had to be compiled again.

    """
    with torch.compiler.set_stance("fail_on_recompile"):
        try:
            yield
        except RuntimeError as error:
            if "fail_on_recompile" not in str(error):
                raise
            raise RecompiledError(_told(str(error))) from error


def _told(message: str) -> str:
    """Cause, place and remedy of a recompilation, of torch's message on it."""
    place, guard = _PLACE.search(message), _GUARD.search(message)
    where = f" ({place['function']}, {Path(place['file']).name}:{place['line']})" if place else ""
    why = f": {guard[1].strip()}" if guard else ""
    return (
        f"torch.compile had to compile its step again in a timed block{where}{why}; have each step do the same, or "
        "choose --modes compile_dynamic or eager, or of an update --implementations default"
    )


def counts() -> list[Measurement]:
    """What this process has compiled so far: graphs, breaks between them, and how often code was compiled again."""
    from torch._dynamo.convert_frame import FRAME_COMPILE_COUNTER  # noqa: PLC0415 - imported where it is used
    from torch._dynamo.utils import counters  # noqa: PLC0415 - takes seconds, and eager cells need none of it

    counted: dict[str, Any] = {
        "compiled_graphs": counters["stats"]["unique_graphs"],
        "graph_breaks": sum(counters["graph_break"].values()),
        "recompiles": sum(times - 1 for times in FRAME_COMPILE_COUNTER.values()),
    }
    return [Measurement.of_value(name, float(count), "exact") for name, count in counted.items()]
