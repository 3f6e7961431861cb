"""Recipe: what training does beside passes and update, and the cells that it makes no sense in."""

from bench.plan.cell import Cell
from bench.plan.precision import PURE


def unfit_for_recipe(cell: Cell, *, needs_closure: bool) -> str | None:
    """Why the cell cannot have what its recipe asks for, or None."""
    if cell.clip_norm and needs_closure:
        return f"{cell.optimizer} follows gradients along a line, which clipping would bend (--clip-norms 0)"
    if cell.clip_norm and cell.mode == "cuda_graph":
        return "gradients are not clipped within a captured step (--clip-norms 0)"
    if cell.average != "none" and cell.mode == "cuda_graph":
        return f"{cell.average} counts its steps on the host, which a CUDA graph cannot (--averages none)"
    if cell.initialization == "whitened" and cell.dtype.startswith(PURE):
        return "the filters would be those of rounded images (--initializations default)"
    if cell.test_augmentation != "none" and cell.world_size > 1:
        return "several ranks are timed in training steps alone, and answer nothing (--test-augmentations none)"
    return None
