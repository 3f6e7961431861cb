"""Visit: what one worker is asked to do with one cell, as plain data that crosses to its process."""

from dataclasses import dataclass
from math import inf

from bench.plan.cell import Cell


@dataclass(frozen=True, slots=True)
class Task:
    """One cell in one repeat.

    Attributes:
        cell: what to measure.
        reference: what its relative cost is relative to, measured in alternating blocks, with its CPU threads.
        repeat: which pass over the grid, from 0.
        order_seed: seeds the order of blocks, together with the repeat.
        blocks: blocks of phases, and pairs of blocks of the relative cost; 0 times nothing.
        epochs: training epochs; 0 trains nothing.
        train_limit: seconds of training, all epochs together; infinite for no limit.
        until: test accuracy at which training stops; 0 for none.
        checkpoint: whether to hand the best weights over.
        costs: whether to count operators and bytes too, which are the same in every repeat.
        profile: whether to profile some steps too, after all else, and hand the trace over.
        data_dir: folder with data sets that are not embedded; "" for the default.
        timeout: seconds after which the visit is ended.

    """

    cell: Cell
    reference: Cell
    repeat: int = 0
    order_seed: int = 0
    blocks: int = 15
    epochs: int = 0
    train_limit: float = inf
    until: float = 0.0
    checkpoint: bool = False
    costs: bool = True
    profile: bool = False
    data_dir: str = ""
    timeout: float = 600.0
