"""Layout: what moves in memory from process to process, read in real processes."""

import json
import os
import subprocess
import sys
from contextlib import closing

import pytest

from bench.plan.cell import Cell
from bench.process import entries, layout
from bench.process.local import OWN, Workers
from bench.process.tree_client import TreeClient
from bench.process.worker import ENVIRONMENT

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the heap is shifted on Linux alone")
CELL = {"cell": Cell("debug", dataset="synthetic").to_dict(), "inject": 0.0, "data_dir": ""}


def in_a_child(function):
    """What the function gives in a fork of this process, as plain data."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(function()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


@linux
def test_a_shifted_heap_goes_on_so_many_bytes_later(tmp_path):
    """In a process of its own whose allocator is pinned, as workers' are: large blocks come from the heap."""
    program = tmp_path / "program.py"
    program.write_text(
        "import ctypes, sys\n"
        "from bench.process.layout import shift_heap\n"
        "sbrk, malloc = ctypes.CDLL(None).sbrk, ctypes.CDLL(None).malloc\n"
        "sbrk.restype = malloc.restype = ctypes.c_void_p\n"
        "end = sbrk(0)\n"
        "shifted = shift_heap(int(sys.argv[1]))\n"
        "print(shifted, malloc(2**28) - end)\n"
    )
    for offset in (64, 4096 + 640, 2**21):
        environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(OWN)}
        command = [sys.executable, str(program), str(offset)]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        shifted, distance = map(int, answer.split())
        assert shifted == offset
        assert 0 <= distance - offset <= 64  # the block's own head, and its alignment


@linux
def test_a_shift_is_drawn_where_none_is_asked_for():
    shifts = {in_a_child(layout.shift_heap) for _ in range(6)}
    assert len(shifts) > 1  # of 32,768 possible ones
    assert all(shift % layout.STEP == 0 and 0 <= shift < layout.STEP * layout.STEPS for shift in shifts)


def test_the_padding_of_an_environment_is_drawn():
    lengths = {len(layout.padding()[layout.PADDING]) for _ in range(50)}
    assert len(lengths) > 10
    assert max(lengths) < layout.LARGEST_PADDING


def test_what_the_system_does_not_tell_is_absent(tmp_path):
    assert layout.layout_of(64, tmp_path) == {"heap_offset": 64}
    assert layout.is_drawn(tmp_path) is None


@pytest.mark.parametrize(
    ("setting", "personality", "drawn"), [("2", "00000000", True), ("0", "00000000", False), ("2", "00040000", False)]
)
def test_whether_addresses_are_drawn_is_read(tmp_path, setting, personality, drawn):
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "proc/sys/kernel/randomize_va_space").write_text(setting + "\n")
    (tmp_path / "proc/self/personality").write_text(personality + "\n")
    assert layout.is_drawn(tmp_path) is drawn


def readies(starter, **task):
    """The layout that one side's worker says it has."""
    with starter.start(entries.AB_BLOCKS, {**CELL, **task}) as worker:
        kind, ready = worker.receive(60)
        assert kind == "ready", ready
        return ready["layout"]


@linux
@pytest.mark.slow
def test_processes_of_one_server_differ_in_their_heap_and_those_of_two_in_all():
    with closing(Workers()) as workers:
        first, second, fixed = readies(workers), readies(workers), readies(workers, heap_offset=0)
    assert first["heap_offset"] != second["heap_offset"]
    assert fixed["heap_offset"] == 0
    assert {name: first[name] for name in ("code", "heap", "stack", "environment")} == {
        name: second[name] for name in ("code", "heap", "stack", "environment")
    }
    with TreeClient("side", (OWN,)) as client:
        before = readies(client)
        client.renew()
        after = readies(client)
    assert all(before[name] != after[name] for name in ("code", "heap", "stack", "environment"))
