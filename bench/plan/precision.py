"""Precision: the type that a cell computes in, and what a device has to know for it."""

from bench.plan.cell import Cell
from bench.plan.compiled import needs_of

PURE = "pure_"  # before a type: the whole model has it, not only the operators that autocast chooses


def words_of(cell: Cell) -> tuple[str, ...]:
    """What a device must not call unsupported: the mode, the type, and the arithmetic of products of float32."""
    return (*needs_of(cell), type_of(cell.dtype), cell.fp32_precision.rpartition("_")[2])


def type_of(dtype: str) -> str:
    """The type by its name in torch."""
    return dtype.removeprefix(PURE)
