"""Attempts: which of others' code is being tried, told beforehand: it may end the process before anybody can say it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.origins.resolve import OriginError


@dataclass(slots=True)
class _Attempts:
    """Of this process: who is told, what is tried now, and what ended a process before."""

    tell: Callable[[str], None] = lambda _: None
    now: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)


_attempts = _Attempts()


@contextmanager
def attempts_told(tell: Callable[[str], None], left_out: Mapping[str, str]) -> Iterator[None]:
    """Within the block each attempt is told before it begins, by the text it is known by, and "" when it is over.

    Args:
        tell: is told.
        left_out: what is not tried, as it ended a process before: how that ended, by the text of the attempt.

    """
    global _attempts  # noqa: PLW0603 - others' code is reached through registries, which nobody hands anything
    before, _attempts = _attempts, _Attempts(tell, left_out=left_out)
    try:
        yield
    finally:
        _attempts = before


@contextmanager
def attempting(what: str, label: str = "") -> Iterator[None]:
    """The block runs the code of others that this text stands for: an origin's, or the key of a plug-in.

    The label begins the error.

    Raises:
        OriginError: it ended a process before.

    """
    state = _attempts
    if what in state.left_out:
        raise OriginError(f"{label}the process that tried it did not go on: {state.left_out[what]}")
    before, state.now = state.now, what
    state.tell(what)
    try:
        yield
    finally:
        state.now = before
        state.tell(before)
