"""Data sets as tensors that are ready to train on, and the scaling of their pixels. Imports torch."""

from bench.data.dataset import Dataset
from bench.data.normalize import NORMALIZATIONS, Statistics, as_bytes, normalize, statistics
from bench.data.registry import check, describe, facts_of, load, names, outline_of, plugin_problems

__all__ = [
    "NORMALIZATIONS",
    "Dataset",
    "Statistics",
    "as_bytes",
    "check",
    "describe",
    "facts_of",
    "load",
    "names",
    "normalize",
    "outline_of",
    "plugin_problems",
    "statistics",
]
