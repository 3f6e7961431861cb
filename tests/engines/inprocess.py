"""The process that answers, stood for by this one: for tests of what is measured, and not of processes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.worker import engine


@contextmanager
def asked_here() -> Iterator[None]:
    """In this block nothing is forked."""

    @contextmanager
    def here(function):
        yield function

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "forked", here)
        yield
