"""The memory of a process and of those that it starts, while something is done."""

import subprocess
import sys

from bench.machine import family_memory
from bench.machine.family_memory import FamilyMemory

SIZE = 64 * 2**20
HOLD = f"import time; kept = b'1' * {SIZE}; time.sleep(0.3)"


def test_what_a_child_and_its_child_hold_counts():
    grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
    with FamilyMemory() as family:
        subprocess.run([sys.executable, "-c", grandchild], check=True)
    assert SIZE < family.peak < 3 * SIZE


def test_what_the_process_itself_takes_counts_beyond_what_it_held(monkeypatch):
    monkeypatch.setattr(family_memory, "INTERVAL", 0.005)
    before = b"1" * SIZE
    with FamilyMemory() as family:
        more = b"2" * SIZE
    assert len(before) == len(more)
    assert 0.9 * SIZE < family.peak < 2 * SIZE


def test_a_system_without_such_files_tells_nothing(tmp_path):
    with FamilyMemory(tmp_path) as family:
        pass
    assert family.peak is None
