"""The optimizers, by name. Imports torch."""

from bench.optimizers.manners import needs_closure, state_of, step_with, switch
from bench.optimizers.registry import (
    OPTIMIZERS,
    UnsupportedError,
    build,
    facts_of,
    get,
    names,
    plugin_problems,
    unsupported,
)
from bench.optimizers.spec import FLAGS, OptimizerSpec

__all__ = [
    "FLAGS",
    "OPTIMIZERS",
    "OptimizerSpec",
    "UnsupportedError",
    "build",
    "facts_of",
    "get",
    "names",
    "needs_closure",
    "plugin_problems",
    "state_of",
    "step_with",
    "switch",
    "unsupported",
]
