"""Loader: how the batches of a cell come to be: by which words they are named, and what goes with none but resident."""

import os
import re

from bench.plan.catalogue import Catalogue
from bench.plan.cell import Cell
from bench.text import plural
from bench.vocabulary import NO_ENGINE

RESIDENT = "resident"  # images that lie on the device, normalized; a batch is gathered there
# What torch's DataLoader does with each image: takes it as it lies, normalized; or has torchvision's v2 transforms make
# it of what was read; or has them cut a random crop of that, too.
LOADING = ("dataloader", "transforms", "crops")
PATTERN = rf"{RESIDENT}|(?:{'|'.join(LOADING)})(?:_[1-9]\d?)?"  # the number is of processes that load


def loads(cell: Cell) -> bool:
    """Whether batches come from a DataLoader."""
    return cell.loader != RESIDENT


def workers_of(loader: str) -> int:
    """How many processes of its own a loader has; 0 where the training process loads, or nothing has to be."""
    return int(loader.partition("_")[2] or 0)


def in_words(loader: str) -> str:
    """Such as "transforms, 2 workers"."""
    kind, _, workers = loader.partition("_")
    return f"{kind}, {plural(int(workers), 'worker')}" if workers else kind


def loader_of(text: str) -> str:
    """The loader that a text names.

    Raises:
        ValueError: it names none.

    """
    if not re.fullmatch(PATTERN, text, re.ASCII):
        raise ValueError(text)
    return text


def unfit_for_loader(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why the cell's loader cannot feed it here, or None."""
    if not loads(cell):
        return None
    workers, cores = workers_of(cell.loader), catalogue.usable_cores
    reasons = {
        "a captured step reads its batch where it lies on the device": cell.mode == "cuda_graph",
        "several ranks take their shares of resident images": cell.world_size > 1,
        "an engine answers from resident images": cell.engine != NO_ENGINE,
        f"{plural(workers, 'process')} to load are more than the {plural(cores, 'core')} usable here": workers > cores,
        "processes that load are forked, which this system cannot": workers > 0 and not hasattr(os, "fork"),
    }
    return next((f"{why}: no {cell.loader} (--loaders {RESIDENT})" for why, holds in reasons.items() if holds), None)
