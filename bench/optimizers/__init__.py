"""The optimizers, by name. Imports torch."""

from bench.optimizers.registry import FLAGS, OPTIMIZERS, OptimizerSpec, UnsupportedError, build, get, names, unsupported

__all__ = ["FLAGS", "OPTIMIZERS", "OptimizerSpec", "UnsupportedError", "build", "get", "names", "unsupported"]
