"""By value: what no fresh process can import is pickled by cloudpickle, its code with the names of its files."""

import io
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import Any, ClassVar

import cloudpickle

from bench.plan.handed import MAIN, is_importable


def pickled(step: object) -> bytes:
    """The value, with the functions of its own module in it where no worker can import that.

    Raises:
        Exception: of whatever kind what cannot be pickled raises.

    """
    with _own_module(step), io.BytesIO() as file:
        _Pickler(file).dump(step)
        return file.getvalue()


def unpickled(value: bytes) -> Any:
    """What `pickled` gave; for a worker, and never of bytes that come from a file."""
    return cloudpickle.loads(value)


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    """As cloudpickle does, which drops the file that an error in a worker has to name."""
    return _code_of_file, (code.co_filename, *cloudpickle.Pickler.dispatch_table[CodeType](code))


def _code_of_file(file: str, make: Callable[..., CodeType], arguments: tuple[Any, ...]) -> CodeType:
    """Code with the name of its file."""
    return make(*arguments).replace(co_filename=file)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc] # cloudpickle has no types
    """As cloudpickle's, but for code."""

    dispatch_table: ClassVar[ChainMap[Any, Any]] = ChainMap(
        {CodeType: _reduce_code}, cloudpickle.Pickler.dispatch_table
    )


@contextmanager
def _own_module(step: object) -> Iterator[None]:
    """What is of the module of a callable goes by value until the end of the block, unless a worker can import it."""
    module = sys.modules.get(str(getattr(step, "__module__", MAIN)))
    if not isinstance(module, ModuleType) or module.__name__ == MAIN or is_importable(module):
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)
