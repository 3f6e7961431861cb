"""Specification of a data set: what is known before it is loaded, and how it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """One data set of the registry; its loader is called with name, folder and limit."""

    input_shape: tuple[int, int, int]
    num_classes: int
    train: int
    test: int
    description: str
    load: Callable[[str, Path, int | None], Dataset]
