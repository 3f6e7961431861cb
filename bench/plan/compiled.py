"""Compiled: which cells torch.compile has a part in, what each mode asks of it, and where it cannot be had."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.plan.cell import Cell

COMPILED = "compiled"  # the implementation of an optimizer whose step torch.compile makes
# What torch.compile is told, by mode.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "compile": {},
    "compile_dynamic": {"dynamic": True},
    "compile_reduce_overhead": {"mode": "reduce-overhead"},
    "compile_max_autotune": {"mode": "max-autotune"},
    "compile_max_autotune_no_cudagraphs": {"mode": "max-autotune-no-cudagraphs"},
}
# Of the suite's optimizers, those whose step torch.compile (2.14) leaves as it is, or makes again and again.
UNCOMPILED: Mapping[str, str] = {
    "adafactor": "torch.compile makes no graph of adafactor's step",
    "soap": "soap improves its bases in every tenth step alone, which would have its update compiled again while timed",
}


def is_compiled(cell: Cell) -> bool:
    """Whether any part of the cell's step is compiled."""
    return cell.mode in ARGUMENTS or cell.implementation == COMPILED


def as_torch_has_it(cell: Cell) -> Cell:
    """The cell with nothing of it compiled or captured: operator by operator."""
    implementation = "default" if cell.implementation == COMPILED else cell.implementation
    return replace(cell, mode="eager", implementation=implementation)


def needs_of(cell: Cell) -> tuple[str, ...]:
    """What a device must not call unsupported for the cell's mode, and for its optimizer's step."""
    return ("compile", cell.mode) if is_compiled(cell) else (cell.mode,)


def uncompiled(cell: Cell, *, needs_closure: bool) -> str | None:
    """Why the step of the cell's optimizer cannot be compiled, or None where it can, or is not asked to."""
    if cell.implementation != COMPILED:
        return None
    if needs_closure:
        return f"{cell.optimizer} evaluates the model in its step, which is not compiled (--implementations default)"
    if cell.optimizer in UNCOMPILED:
        return f"{UNCOMPILED[cell.optimizer]} (--implementations default)"
    if cell.schedule != "constant":
        return "each new learning rate would have a compiled update compiled again (--schedules constant)"
    if cell.mode == "cuda_graph":
        return "a graph replays what torch launches, and no compiled update (--implementations default)"
    return None
