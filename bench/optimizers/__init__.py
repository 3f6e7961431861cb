"""The optimizers, by name. Imports torch."""

from bench.optimizers.registry import OPTIMIZERS, UnsupportedError, build, get, names, origin_facts, unsupported
from bench.optimizers.spec import FLAGS, OptimizerSpec

__all__ = [
    "FLAGS",
    "OPTIMIZERS",
    "OptimizerSpec",
    "UnsupportedError",
    "build",
    "get",
    "names",
    "origin_facts",
    "unsupported",
]
