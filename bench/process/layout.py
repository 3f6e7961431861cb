"""Layout: where a process's memory lies, drawn anew for each process and recorded: it moves a time by luck.

Mytkowicz et al., "Producing wrong data without doing anything obviously wrong!" (ASPLOS 2009): the size of the
environment shifts the stack, and a program's speed with it; Curtsinger & Berger, "Stabilizer" (ASPLOS 2013): layouts
have to be sampled. A process that starts draws its environment's size (`padding`), and the system its addresses; one
that is forked draws where its heap goes on (`shift_heap`).
"""

import ctypes
import sys
from pathlib import Path
from random import SystemRandom
from typing import TypedDict

PADDING = "BENCH_PADDING"  # a variable that nothing reads: its length is what counts
LARGEST_PADDING = 4096  # bytes: the stack begins anywhere in a page
STEP, STEPS = 64, 2**15  # bytes, a line of the cache; up to 2 MiB, a huge page
_FIXED = 0x0040000  # ADDR_NO_RANDOMIZE (personality(2)), as setarch -R sets it

_draw = SystemRandom()  # forked processes share the state of any other


class Layout(TypedDict, total=False):
    """Where the memory of a process lies; bytes and addresses. What the system does not tell is absent.

    Attributes:
        environment: size of the environment that it was started with.
        heap_offset: by how much its heap was shifted when it was forked.
        code: where the interpreter's code begins.
        heap: where the heap begins.
        stack: where the stack begins.

    """

    environment: int
    heap_offset: int
    code: int
    heap: int
    stack: int


def padding() -> dict[str, str]:
    """A variable of random length for a process that is about to be started."""
    return {PADDING: "x" * _draw.randrange(LARGEST_PADDING)}


def shift_heap(offset: int | None = None) -> int:
    """Have this process's heap go on so many bytes later (sbrk(2)), drawn where not given; 0 where it cannot be.

    Call it before anything large is allocated: glibc begins a new stretch of its heap there.
    """
    wanted = STEP * _draw.randrange(STEPS) if offset is None else offset
    if not sys.platform.startswith("linux"):
        return 0
    sbrk = ctypes.CDLL(None).sbrk
    sbrk.restype, sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    refused = ctypes.c_void_p(-1).value
    return wanted if sbrk(wanted) != refused else 0


def layout_of(heap_offset: int, root: Path = Path("/")) -> Layout:
    """The layout of this process."""
    layout = Layout(heap_offset=heap_offset)
    try:
        layout["environment"] = len((root / "proc/self/environ").read_bytes())
        spans = (root / "proc/self/maps").read_text().splitlines()
    except OSError:
        return layout
    starts = [(int(line.split("-", 1)[0], 16), line.split(maxsplit=5)[5:]) for line in spans]
    layout["code"] = starts[0][0]
    for address, name in starts:
        if name == ["[heap]"]:
            layout.setdefault("heap", address)
        elif name == ["[stack]"]:
            layout["stack"] = address
    return layout


def is_drawn(root: Path = Path("/")) -> bool | None:
    """Whether the system draws addresses for each process that it starts; None where it does not tell."""
    try:
        setting = (root / "proc/sys/kernel/randomize_va_space").read_text().strip()
        personality = int((root / "proc/self/personality").read_text(), 16)
    except (OSError, ValueError):
        return None
    return setting != "0" and not personality & _FIXED
