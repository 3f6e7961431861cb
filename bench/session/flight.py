"""Flight: jobs run at once, no more than there are slots; all that they report is heard in the caller's own thread."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Report = Callable[[str], None]


def results_of(
    jobs: Iterable[tuple[Key, Callable[[Report], Value]]], slots: int, hear: Callable[[Key, str], None]
) -> Iterator[tuple[Key, Value]]:
    """What each job returns, in the order in which they end; the next one is drawn only when a slot is free.

    A job is called with a function to report what it is doing; `hear` gets that with the job's key. Where the caller
    goes no further, because of Ctrl-C or of what a job raised, jobs still at work are left to whoever started them.

    Raises:
        BaseException: whatever a job raised.

    """
    waiting = iter(jobs)
    if slots == 1:  # in this thread, so that Ctrl-C reaches it
        for key, job in waiting:
            yield key, job(partial(hear, key))
        return
    reports: SimpleQueue[tuple[Key, str | _Returned[Value] | BaseException]] = SimpleQueue()
    flying = 0
    while True:
        while flying < slots and (drawn := next(waiting, None)) is not None:
            Thread(target=_fly, args=(*drawn, reports), daemon=True).start()
            flying += 1
        if not flying:
            return
        key, word = reports.get()
        if isinstance(word, BaseException):
            raise word
        if isinstance(word, str):
            hear(key, word)
        else:
            flying -= 1
            yield key, word.value


class _Returned(Generic[Value]):
    """What a job returned, apart from what it reports."""

    def __init__(self, value: Value) -> None:
        self.value = value


def _fly(key: Key, job: Callable[[Report], Value], reports: "SimpleQueue[tuple[Key, object]]") -> None:
    """Run one job in this thread; its words, and its result or its error, go into the queue."""
    try:
        reports.put((key, _Returned(job(lambda word: reports.put((key, word))))))
    except BaseException as error:  # the caller's thread raises it
        reports.put((key, error))
