"""Phases: where a step of the user's own marks them. Costs next to nothing where nothing is measured; imports nothing.

def step():
    with bench.phase("forward"):
        loss = criterion(model(images), labels)
    with bench.phase("backward"):
        loss.backward()
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Recorder(Protocol):
    """Who is told of the phases of a step while it is timed."""

    def enter(self, name: str) -> None:
        """The phase of that name begins."""

    def leave(self) -> None:
        """The phase that was entered last ends."""


_recorder: Recorder | None = None


def phase(name: str) -> AbstractContextManager[None]:
    """What runs in the block is the phase `name` of the step: `with bench.phase("forward"): ...`.

    Phases may come several times a step, whose seconds are summed up, and stand within each other: the outer one does
    not count what the inner one took. On a GPU they are told apart by events in the stream, without waiting for it.

    Args:
        name: any identifier. One that `bench` knows, such as "forward", means nothing special.

    Raises:
        BenchError: while it is timed: the name is no identifier, or the block runs in another thread than its step.

    """
    return _IDLE if _recorder is None else _Marked(name, _recorder)


@contextmanager
def recorded(recorder: Recorder) -> Iterator[None]:
    """The recorder is told of all phases until the end of the block."""
    global _recorder  # noqa: PLW0603 - one process times one step, and a phase has to find out fast
    before, _recorder = _recorder, recorder
    try:
        yield
    finally:
        _recorder = before


class _Idle:
    """The phase of a step that nobody times."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class _Marked:
    """A phase that a recorder is told of."""

    __slots__ = ("_name", "_recorder")

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name, self._recorder = name, recorder

    def __enter__(self) -> None:
        self._recorder.enter(self._name)

    def __exit__(self, *_: object) -> None:
        self._recorder.leave()


_IDLE = _Idle()
