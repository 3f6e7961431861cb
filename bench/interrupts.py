"""Interrupts: Ctrl-C and what else ends this process, held back while something is done that must not end halfway."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def held_back() -> Iterator[None]:
    """What would end this process takes effect at the end of the block.

    By handlers and by no mask: the system gives a signal to any thread that does not mask it, such as one of numpy's,
    and Python then runs its handler here all the same.
    """
    if current_thread() is not main_thread():  # where no handler ever runs
        yield
        return
    came: dict[int, None] = {}
    ours = [number for number in _ENDING if signal.getsignal(number) is not None]  # None: not of Python's making
    before = {number: signal.signal(number, lambda number, _: came.setdefault(number)) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
