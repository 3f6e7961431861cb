"""Estimate: how long a plan will take, before it starts. A forecast to plan a coffee by, never a measurement."""

from collections.abc import Iterable

from bench.plan import protocol
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan

START_SECONDS = 0.6  # process, data set, first calls
COST_SECONDS = 0.4
TRAIN_FLOPS_PER_SECOND = 2e10  # a core's, on small nets; within a factor of about three
STEP_SECONDS = 4e-4  # what a training step takes however small the net


def least_seconds(cells: Iterable[Cell], plan: Plan) -> float:
    """Seconds that one generation takes at the very least, training left out."""
    block = protocol.BLOCK_SECONDS
    warm = protocol.WARM_SECONDS + 3 * protocol.WARM_AGAIN
    timed = warm + block * (3 * plan.rounds + protocol.INFERENCE_BLOCKS)
    return sum(START_SECONDS + timed for _ in cells)


def expected_seconds(cells: Iterable[Cell], plan: Plan, catalogue: Catalogue) -> float:
    """Seconds that all generations of `cells` are likely to take, training in the first included."""
    cells = list(cells)
    blocks = least_seconds(cells, plan) * plan.generations
    leads = 2 * plan.rounds * protocol.LEAD_SECONDS * plan.generations * len(cells)
    return blocks + leads + sum(COST_SECONDS + _training_seconds(cell, plan, catalogue) for cell in cells)


def _training_seconds(cell: Cell, plan: Plan, catalogue: Catalogue) -> float:
    architecture = catalogue.architectures[cell.architecture]
    images = catalogue.datasets[cell.dataset.partition(":")[0]]["train"] * plan.epochs
    arithmetic = 3 * architecture.get("flops_forward", 0) * images / (TRAIN_FLOPS_PER_SECOND * cell.threads)
    seconds: float = arithmetic + STEP_SECONDS * images / cell.batch_size
    return min(seconds, plan.train_limit or seconds)
