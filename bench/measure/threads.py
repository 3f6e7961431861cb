"""Threads: how many of those that were asked for work at once, which variables decide that, and how long each waited.

What the kernel tells of each thread (proc(5), /proc/self/task/[tid]/schedstat) is read; elsewhere it is unknown.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import torch

from bench.errors import BenchError
from bench.origins.settings import ON_THREADS, who_changed

# How many threads OpenMP has and where they run, and how they wait, by GNU's and by Intel's library.
PLACING = ("GOMP_CPU_AFFINITY", "KMP_AFFINITY", "OMP_DYNAMIC", "OMP_PLACES", "OMP_PROC_BIND", "OMP_THREAD_LIMIT")
WAITING = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_WAIT_POLICY")
_SHARE = 2**17  # numbers of an operation that each thread gets: torch gives none fewer than 2^15
_WATCHED = 0.02  # seconds
_AT_WORK = 1e-5  # seconds: less is no work; a thread that sleeps has none


class ThreadsError(BenchError):
    """Fewer threads work than were asked for."""


def openmp_settings(names: Iterable[str] = (*PLACING, *WAITING)) -> dict[str, str]:
    """Those of the variables that are set."""
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def check_threads(asked: int) -> None:
    """See that as many threads work at once as were asked for, where the system tells.

    Raises:
        ThreadsError: fewer do.

    """
    got = count_threads(asked) if asked > 1 else None
    if got is None or got >= asked:
        return
    settings = openmp_settings(PLACING)
    cause = " and ".join(f"{name}={value}" for name, value in settings.items()) or "see python -m bench doctor"
    remedy = f"unset {' '.join(settings)}, or " if settings else ""
    raise ThreadsError(f"asked for {asked} threads, got {got} ({cause}): {remedy}give --threads {got}")


def refuse_changed(changed: Mapping[str, str]) -> None:
    """See that threads and cores are those that a cell was measured with from the beginning.

    Args:
        changed: what has changed, in words by the name of the setting.

    Raises:
        ThreadsError: they are not, so that what was measured is not what the cell says.

    """
    if mine := {name: values for name, values in changed.items() if name in ON_THREADS}:
        text = ", ".join(f"{name} ({values})" for name, values in mine.items())
        who = who_changed(mine)
        raise ThreadsError(f"{who} changed {text} while it was measured: leave that to --threads and taskset")


def count_threads(asked: int) -> int | None:
    """How many threads an operation gets that work at the same time; None where the system does not tell.

    Those that took part are counted, and of several that may run on the same cores alone only as many as there are
    cores. To be called with the threads set, and denormals too, which a thread takes from the one that starts it.
    """
    before, numbers = dict(_times()), torch.ones(asked * _SHARE)
    end = time.perf_counter() + _WATCHED
    while time.perf_counter() < end:
        numbers.mul_(1.0)
    ran = {thread: ran - before.get(thread, (0.0, 0.0))[0] for thread, (ran, _) in _times()}
    affinities = []
    for thread, seconds in ran.items():
        if seconds > _AT_WORK:
            with suppress(OSError):  # it has ended meanwhile
                affinities.append(os.sched_getaffinity(thread))
    return at_once(affinities) or None


def at_once(affinities: Iterable[Iterable[int]]) -> int:
    """How many threads can run at the same time, each on a core of its own; exact where sets are nested or apart."""
    taken: set[int] = set()
    for cores in sorted(map(set, affinities), key=len):
        taken |= set(sorted(cores - taken)[:1])
    return len(taken)


def waiting() -> dict[int, float]:
    """Seconds that each thread of this process has been ready to run without a core; empty where nothing tells."""
    return {thread: waited for thread, (_, waited) in _times()}


def longest_wait(before: Mapping[int, float]) -> float | None:
    """Of all threads the longest wait for a core since `before`, seconds; None where the system does not tell."""
    waits = [waited - before.get(thread, 0.0) for thread, waited in waiting().items()]
    return max(waits, default=None)


def stolen(counts: Path = Path("/proc/stat")) -> dict[str, float]:
    """Seconds that a hypervisor has kept each core from this system, which had work; empty where nothing tells."""
    kept = {}
    with suppress(OSError, ValueError):
        for row in map(str.split, counts.read_text().splitlines()):
            if len(row) > 8 and row[0].startswith("cpu") and row[0] != "cpu":  # that one is of all cores
                kept[row[0]] = int(row[8]) / os.sysconf("SC_CLK_TCK")
    return kept


def _times() -> Iterator[tuple[int, tuple[float, float]]]:
    """Each thread's seconds on a core, and ready without one; nothing where the kernel does not count them."""
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            ran, waited, _ = map(int, path.read_text().split())
            if ran:
                yield int(path.parent.name), (ran * 1e-9, waited * 1e-9)
