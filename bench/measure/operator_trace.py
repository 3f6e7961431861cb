"""Operator trace: what each operator of the first steps gives, in the order of dispatch, and in which module."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.module_tracker import ModuleTracker

from bench.measure.blocks import GAP
from bench.measure.sketch import sketch
from bench.measure.workload import Workload
from bench.process.messages import OperatorOutput, StepTrace
from bench.vocabulary import PHASES

_EVERYWHERE = "Global"  # what ModuleTracker calls the place outside all modules
_UNWRITTEN = ("aten.empty", "aten.new_empty")  # how the names of operators begin that give memory as it is


def trace_steps(work: Workload, steps: int) -> StepTrace:
    """The first steps of a fresh eager workload."""
    weights = {name: sketch([parameter]) for name, parameter in work.model.named_parameters()}
    with ModuleTracker() as tracker:
        trace = _Trace(work, tracker)
        with trace:
            for step in range(steps):
                trace.begin(step + 1)
                work.step(trace.mark)
    return {"weights": weights, "operators": trace.operators}


class _Trace(TorchDispatchMode):
    """Keeps a sketch of whatever is computed; views, which compute nothing, are passed over."""

    def __init__(self, work: Workload, tracker: ModuleTracker) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has not annotated it
        self.operators: list[OperatorOutput] = []
        self._phase_log = work.phase_log
        self._tracker = tracker
        self._step = self._marks = 0

    def begin(self, step: int) -> None:
        self._step, self._marks = step, 0

    def mark(self) -> None:
        self._marks += 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = func(*args, **(kwargs or {}))
        name = str(func.overloadpacket)
        outputs = [] if name.startswith(_UNWRITTEN) else list(_outputs(func, args, kwargs or {}, results))
        if outputs:
            shapes = [list(output.shape) for output in outputs]
            self.operators.append(
                {
                    "operator": name,
                    "module": self._module(),
                    "phase": self._phase(),
                    "step": self._step,
                    "shapes": shapes,
                    "output": sketch(outputs),
                }
            )
        return results

    def _phase(self) -> str:
        if self._phase_log is not None:
            return self._phase_log.entered[-1] if self._marks else GAP
        return PHASES[self._marks - 1] if 1 <= self._marks <= len(PHASES) else GAP

    def _module(self) -> str:
        """The innermost module, by its path within the net; the net itself is its class."""
        deepest = max(self._tracker.parents - {_EVERYWHERE}, key=lambda path: path.count("."), default="")
        return deepest.partition(".")[2] or deepest


def _outputs(func: Any, args: Any, kwargs: Any, results: Any) -> Iterator[Tensor]:
    """The tensors that an operator made or changed: not those that only show another's memory, nor opaque bytes."""
    returns = [result.alias_info for result in func._schema.returns]  # noqa: SLF001 - no public name
    if any(alias is not None and not alias.is_write for alias in returns):
        return
    values = {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | kwargs  # noqa: SLF001
    changed = [
        values.get(argument.name)
        for argument in func._schema.arguments  # noqa: SLF001
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    seen: set[int] = set()
    for tensor in tree_leaves([changed, results]):
        if isinstance(tensor, Tensor) and tensor.numel() and tensor.dtype != torch.uint8 and id(tensor) not in seen:
            seen.add(id(tensor))
            yield tensor
