"""Parallel: functions of one argument, each in a forked process, where there are cores for them."""

import os
import signal
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

Told = Callable[[int, int], None]
_handed: list[tuple[Sequence[Callable[[Any], Any]], Any]] = []  # to a process as it is forked


def all_of(functions: Sequence[Callable[[Any], Any]], argument: Any, tell: Told, *, apart: bool) -> list[Any]:
    """What each function gives of the argument, in their order; `tell` hears how many of how many are done.

    With `apart` they run in processes where the system forks and this one has no other thread, which could hold a lock.
    What they give has to be plain enough to cross; the argument is theirs as it is.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if apart and cores > 1 and threading.active_count() == 1 and hasattr(os, "fork"):
        try:
            return _apart(functions, argument, tell, min(cores, len(functions)))
        except BrokenProcessPool:  # a process was ended, for its memory perhaps: this one may have enough for all
            pass
    results = []
    for function in functions:
        results.append(function(argument))
        tell(len(results), len(functions))
    return results


def _apart(functions: Sequence[Callable[[Any], Any]], argument: Any, tell: Told, cores: int) -> list[Any]:
    count = len(functions)
    handed = (functions, argument)
    with warnings.catch_warnings(), ProcessPoolExecutor(cores, get_context("fork"), _take, (handed,)) as pool:
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)  # BLAS has threads
        waiting = [pool.submit(_call, place) for place in range(count)]
        for done, _ in enumerate(as_completed(waiting), 1):
            tell(done, count)
        return [future.result() for future in waiting]


def _take(handed: tuple[Sequence[Callable[[Any], Any]], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent's to stop
    _handed[:] = [handed]


def _call(place: int) -> Any:
    functions, argument = _handed[0]
    return functions[place](argument)
