"""Prefault: has the system map this process's pages before, so that no timed step waits for one (Linux, glibc)."""

import ctypes
from contextlib import suppress
from mmap import PAGESIZE
from pathlib import Path

MADV_POPULATE_WRITE = 23
LARGEST_OWNED = 2**30  # bytes; a larger mapping is a reservation that nobody means to fill


def status_bytes(key: str) -> float:
    """One figure of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return float(line.split()[1]) * 1024
    raise KeyError(key)


def own_pages() -> None:
    """Write-fault all private memory at once, where the system tells what there is of it."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    for line in maps.read_text().splitlines():
        span, permissions, _, _, inode, *_ = line.split()
        start, end = (int(part, 16) for part in span.split("-"))
        if permissions == "rw-p" and inode == "0" and end - start <= LARGEST_OWNED:
            populate(start, end)


def populate(start: int, end: int) -> bool:
    """Write-fault the whole pages between two addresses (madvise(2), MADV_POPULATE_WRITE, Linux 5.14); if it worked."""
    first, last = -(-start // PAGESIZE) * PAGESIZE, end // PAGESIZE * PAGESIZE
    try:
        madvise = ctypes.CDLL(None).madvise
    except AttributeError:
        return False
    done: int = madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_POPULATE_WRITE)
    return done == 0


def return_free_memory() -> None:
    """Have glibc give free memory back to the system (malloc_trim(3)); other C libraries lack the call."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
