"""Data sets as tensors that are ready to train on, and the scaling of their pixels. Imports torch."""

from bench.data.dataset import Dataset
from bench.data.normalize import NORMALIZATIONS, Statistics, normalize, statistics
from bench.data.registry import check, describe, facts_of, load, names

__all__ = [
    "NORMALIZATIONS",
    "Dataset",
    "Statistics",
    "check",
    "describe",
    "facts_of",
    "load",
    "names",
    "normalize",
    "statistics",
]
