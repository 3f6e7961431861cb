"""Data sets as tensors that are ready to train on, and the scaling of their pixels. Imports torch."""

from bench.data.dataset import Dataset
from bench.data.normalize import NORMALIZATIONS, Scale, Statistics, as_bytes, normalize, scale_of, statistics
from bench.data.registry import check, describe, facts_of, load, names, outline_of, plugin_problems

__all__ = [
    "NORMALIZATIONS",
    "Dataset",
    "Scale",
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
    "scale_of",
    "statistics",
]
