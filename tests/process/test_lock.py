"""Lock: one measuring run at a time, and free again however the holder ended."""

import math
import subprocess
import sys
import tempfile

import pytest

from bench.errors import BenchError
from bench.process import lock
from bench.process.lock import await_turn, measuring, recording

pytest.importorskip("fcntl")

HOLDER = """
import sys, time
from bench.process import lock
from bench.process.lock import await_turn, measuring
with measuring("theirs", concurrent=False):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder for temporary files of its own, since the lock is the machine's."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def holder():
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_one_run_after_the_other():
    for name in ("one", "two"):
        with measuring(name, concurrent=False):
            pass


def test_a_second_run_is_refused_and_told_of_the_first(holder):
    with pytest.raises(BenchError, match=rf"run 'theirs' \(process {holder.pid}\) is measuring .* --concurrent"):
        measuring("mine", concurrent=False).__enter__()


def test_a_second_run_may_be_insisted_on(holder):
    with measuring("mine", concurrent=True):
        pass
    with pytest.raises(BenchError, match="theirs"):
        measuring("mine", concurrent=False).__enter__()


def test_a_holder_that_was_killed_holds_nothing(holder):
    holder.kill()
    holder.wait()
    with measuring("mine", concurrent=False):
        pass


def test_an_error_inside_frees_it():
    with pytest.raises(ValueError, match="inside"), measuring("mine", concurrent=False):
        raise ValueError("inside")
    with measuring("mine", concurrent=False):
        pass


def test_a_run_may_wait_for_the_end_of_another(holder, monkeypatch):
    monkeypatch.setattr(lock, "POLL", 0.02)
    heard = []

    def ends(text):
        heard.append(text)
        holder.kill()

    with measuring("mine", concurrent=False, wait=math.inf, tell=ends):
        holder.wait()
    assert heard == [f"run 'theirs' (process {holder.pid}) is measuring on this machine: waiting for its end"]


def test_waiting_has_an_end(holder, monkeypatch):
    monkeypatch.setattr(lock, "POLL", 0.02)
    with pytest.raises(BenchError, match=r"run 'theirs' .* is still measuring on this machine after 0 s, .*--wait"):
        measuring("mine", concurrent=False, wait=0.1).__enter__()
    with pytest.raises(BenchError, match="is still measuring"):
        await_turn("mine", 0.1, lambda _: None)
    await_turn("mine", 0.0, lambda _: None)  # who does not wait is told by the program that takes the lock


def test_a_run_has_one_writer(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    with recording(folder), pytest.raises(BenchError, match=r"^run 'mine' is being measured: wait for its end"):
        recording(folder).__enter__()
    with recording(folder):
        pass
    assert list(folder.iterdir()) == []


def test_the_folder_of_a_run_that_is_gone_holds_nobody_up(tmp_path):
    with recording(tmp_path / "none"):
        pass


def test_where_no_lock_can_be_had_nobody_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with measuring("mine", concurrent=False), measuring("yours", concurrent=False):
        pass


def test_a_full_disk_does_not_keep_the_lock_from_holding(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bench.process.lock.os.pwrite", full)
    with measuring("mine", concurrent=False), pytest.raises(BenchError, match=r"^another run is measuring"):
        measuring("yours", concurrent=False).__enter__()
