"""Benchmark and compare PyTorch architectures: numbers that repeat, and one offline page.

    run = bench.run(architectures=["lenet5", "mlp"], epochs=1)
    run.frame()

What is here beside the version is imported when it is first asked for: `import bench` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.api import Run as Run
    from bench.api import load as load
    from bench.api import run as run
    from bench.errors import BenchError as BenchError

__version__ = "0.1.0"

_HOMES = {"BenchError": "bench.errors", "Run": "bench.api", "load": "bench.api", "run": "bench.api"}

__all__ = ["BenchError", "Run", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    """A name of the API, from the module that is its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bench' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
