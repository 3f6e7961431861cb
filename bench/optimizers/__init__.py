"""The optimizers there are, by name. Imports torch."""

from bench.optimizers.registry import FLAGS, OPTIMIZERS, OptimizerSpec, UnsupportedError, build, get, names, obstacle

__all__ = ["FLAGS", "OPTIMIZERS", "OptimizerSpec", "UnsupportedError", "build", "get", "names", "obstacle"]
