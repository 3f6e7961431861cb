"""Surface: which cells of a plan start from the same weights and differ in their optimizer alone, or are left out.

The weights of each are kept many times over its training, all at once, so that the net has to be small.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.plan.plan import Plan, flag
from bench.text import plural
from bench.vocabulary import NO_ENGINE

MOST_PARAMETERS = 100_000
MOST_PATHS = 24  # of one net
POINTS = 33  # of a path at which weights are kept, start and end included
ON_A_LINE = 51  # points of a straight line between two ends, these among them
SIDE, PLANES = 25, 3  # points of a plane along each side; planes of a net at most
MOST_IMAGES, LEAST_IMAGES = 512, 128  # of the sample whose loss it is
_FLOPS = 1e9  # of one forward pass over them
_OF_AN_OPTIMIZER = "optimizer="  # what an origin of it begins with


def net_of(cell: Cell) -> Cell:
    """What cells share that differ in their optimizer alone, its learning rate and its code path; all seeds of it."""
    origins = tuple(origin for origin in cell.origins if not origin.startswith(_OF_AN_OPTIMIZER))
    return replace(cell, optimizer="", learning_rate=None, implementation="default", seed=0, origins=origins)


def groups_of(cells: Iterable[Cell]) -> list[tuple[Cell, ...]]:
    """The cells of each net that two or more optimizers train, of its first seed; of other nets there are none."""
    nets: dict[Cell, dict[int, list[Cell]]] = {}
    for cell in cells:
        nets.setdefault(net_of(cell), {}).setdefault(cell.seed, []).append(cell)
    firsts = (tuple(dict.fromkeys(seeds[min(seeds)])) for seeds in nets.values())
    return [group for group in firsts if len(group) > 1]


def sampled_images(flops: float, trained: int) -> int:
    """How many images the sample has, of a net that takes so many FLOPs forward for one; on any machine."""
    return int(min(max(_FLOPS / max(flops, 1.0), LEAST_IMAGES), MOST_IMAGES, trained))


def surface_left_out(cells: Collection[Cell], plan: Plan, catalogue: Catalogue) -> list[str]:
    """Why nets have no surface although the plan asks for it, a line each.

    Raises:
        BenchError: none of them has any.

    """
    if not plan.surface:
        return []
    if not plan.epochs:
        raise BenchError(f"{flag('surface')} needs training: give --epochs 1 or more, or leave it out")
    if plan.shard:
        raise BenchError(f"{flag('surface')} needs all optimizers of a net on one machine: leave out --shard, or it")
    groups = groups_of(cells)
    if not groups:
        raise BenchError(
            f"{flag('surface')} shows how optimizers go from the same start, and no two cells differ in theirs alone: "
            "give several --optimizers, or leave it out"
        )
    reasons = dict.fromkeys(reason for group in groups if (reason := why_not(group, catalogue)))
    if all(why_not(group, catalogue) for group in groups):
        raise BenchError(f"no loss surface can be told: {'; '.join(reasons)}: leave out {flag('surface')}")
    limited = f"a training that ends after {plan.train_limit:g} s has no loss surface: give --train-limit 0 to have all"
    lines = [f"no loss surface is told of some cells: {reason}" for reason in reasons]
    return [*lines, limited] if plan.train_limit else lines


def why_not(group: tuple[Cell, ...], catalogue: Catalogue) -> str:
    """Why the net of a group has no surface; "" where it has one."""
    cell = group[0]
    parameters = int(catalogue.architectures[cell.architecture].get("parameters", 0))
    if cell.world_size > 1:
        return "cells of several ranks are not trained"
    if cell.engine != NO_ENGINE:
        return "of a net that answers by an engine training is not recorded"
    if cell.loader.startswith("crops"):
        return "crops that a DataLoader draws would be others when it trains once more (--augmentations crop)"
    if parameters > MOST_PARAMETERS:
        return (
            f"{cell.architecture} has {plural(parameters, 'parameter')}, of which the weights of whole paths are kept "
            f"up to {MOST_PARAMETERS:,} alone"
        )
    if len(group) > MOST_PATHS:
        return f"{plural(len(group), 'path')} are more than the {MOST_PATHS} that one picture has room for"
    return ""
