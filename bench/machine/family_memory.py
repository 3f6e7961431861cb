"""Family memory: the most that this process and all that it has started hold together meanwhile. Reads Linux alone."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from mmap import PAGESIZE
from pathlib import Path

from bench.machine.procfs import ROOT, activity, family_of

INTERVAL = 0.1  # seconds between two readings: compilers take seconds, and a reading some milliseconds


class FamilyMemory:
    """While its block lasts a thread reads what the process holds beyond what it held before, its children included.

    `peak` is the most of it, in bytes; None where the system does not tell.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.peak: float | None = None
        self._root = root
        self._over = threading.Event()
        self._floor = _resident(root)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "FamilyMemory":
        if self._floor is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._floor is not None:
            self._thread.join()

    def _watch(self) -> None:
        while True:
            over = self._over.wait(INTERVAL)
            if (own := _resident(self._root)) is not None and self._floor is not None:
                held = own - self._floor + sum(_of_descendants(self._root))
                self.peak = max(self.peak or 0.0, held)
            if over:
                return


def _resident(root: Path) -> float | None:
    """Bytes of this process that are in memory."""
    with suppress(OSError, ValueError, IndexError):
        return float(int((root / "proc/self/statm").read_text().split()[1]) * PAGESIZE)
    return None


def _of_descendants(root: Path) -> Iterator[float]:
    """Bytes of each process that this one has started, and of theirs: of pages that several have, each its share."""
    now, own = activity(root), os.getpid()
    for pid in family_of(now.parents, own) - {own} if now else ():
        with suppress(OSError, ValueError):  # it has ended meanwhile
            lines = (root / f"proc/{pid}/smaps_rollup").read_text().splitlines()
            yield float(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024)
