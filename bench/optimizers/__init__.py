"""The optimizers there are, by name. Imports torch."""

from bench.optimizers.registry import *  # noqa: F403
