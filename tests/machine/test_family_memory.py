"""The memory of a process and of those that it starts, while something is done."""

import mmap
import subprocess
import sys
import time

from bench.machine import family_memory
from bench.machine.family_memory import FamilyMemory

SIZE = 64 * 2**20
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
HOLD = f"kept = b'1' * {SIZE}; input()"  # for as long as it is let
PATIENCE = 60  # seconds for a reading to be taken; no expectation of speed


def fresh_pages():
    """SIZE bytes in pages that the process did not have: an allocator might give what an earlier test left it."""
    pages = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for start in range(0, SIZE, mmap.PAGESIZE):
        pages[start] = 1
    return pages


def test_what_a_child_and_its_child_hold_counts():
    grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
    with FamilyMemory() as family, subprocess.Popen([sys.executable, "-c", grandchild], **PIPES) as child:
        until = time.monotonic() + PATIENCE
        while (family.peak or 0) <= SIZE and time.monotonic() < until:
            time.sleep(0.01)
        child.communicate(b"\n")
    assert SIZE < family.peak < 3 * SIZE


def test_what_the_process_itself_takes_counts_beyond_what_it_held(monkeypatch):
    monkeypatch.setattr(family_memory, "INTERVAL", 0.005)
    before = fresh_pages()
    with FamilyMemory() as family:
        more = fresh_pages()
    assert len(before) == len(more)
    assert 0.9 * SIZE < family.peak < 2 * SIZE


def test_what_a_child_held_before_does_not_count():
    with subprocess.Popen(
        [sys.executable, "-c", f"kept = b'1' * {SIZE}; print(1, flush=True); input()"], **PIPES
    ) as old:
        old.stdout.readline()
        with FamilyMemory() as family:
            pass
        old.communicate(b"\n")
    assert family.peak < SIZE / 2


def test_a_system_without_such_files_tells_nothing(tmp_path):
    with FamilyMemory(tmp_path) as family:
        pass
    assert family.peak is None
