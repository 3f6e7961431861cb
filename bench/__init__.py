"""Benchmark and compare PyTorch architectures: numbers that repeat, and one offline page.

    run = bench.run(architectures=["lenet5", "mlp"], epochs=1)
    run.frame()
    bench.measure(my_step)  # a step of one's own; bench.compare(my_step, my_other_step)

What is here beside the version is imported when it is first asked for: `import bench` costs nothing.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.api import Run as Run
    from bench.api import load as load
    from bench.api import run as run
    from bench.errors import BenchError as BenchError
    from bench.phases import phase as phase
    from bench.step_results import Measurement as Measurement
    from bench.step_results import Verdict as Verdict
    from bench.steps import compare as compare
    from bench.steps import measure as measure

__version__ = "0.1.0"

_HOMES = {
    "BenchError": "bench.errors",
    "Measurement": "bench.step_results",
    "Run": "bench.api",
    "Verdict": "bench.step_results",
    "compare": "bench.steps",
    "load": "bench.api",
    "measure": "bench.steps",
    "phase": "bench.phases",
    "run": "bench.api",
}

__all__ = ["BenchError", "Measurement", "Run", "Verdict", "__version__", "compare", "load", "measure", "phase", "run"]


if not TYPE_CHECKING:  # a type checker would take any name for one of the API

    def __getattr__(name: str) -> Any:
        """A name of the API, from the module that is its home."""
        if name not in _HOMES:
            raise AttributeError(f"module 'bench' has no attribute '{name}'")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package as a module: two of its functions have the names of rooms, `compare` and `measure`, and keep them."""

    def __setattr__(self, name: str, value: object) -> None:
        """Let the import of a room, which is found by its whole name, take no function's place."""
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """By its name, as cloudpickle has plain modules: a step of a script holds it."""
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package
