"""Loading: what a loader's processes take is told, and what others take is contention where it is in the way."""

import os
import time
from types import SimpleNamespace

import pytest

from bench.machine.procfs import Activity
from bench.training import loading
from bench.training.loading import Loading

OWN, LOADING, OTHER = os.getpid(), 101, 102
SECONDS = 100.0


def look(monkeypatch, spent, workers, *, cores=2, steal=0.0):
    """What a look says in which the processes spent so long on a core, with one thread that trains."""
    parents = {OWN: 1, LOADING: OWN, OTHER: 1}
    monkeypatch.setattr(
        loading,
        "activity",
        lambda: Activity(0.0, steal, {pid: ("python", spent.get(pid, 0.0)) for pid in parents}, 0, parents),
    )
    before = Activity(0.0, 0.0, dict.fromkeys(parents, ("python", 0.0)), 0, parents)
    loader = SimpleNamespace(workers=workers, batches=60)
    started = time.perf_counter() - SECONDS
    return Loading(loader, 1, cores, _batches=10, _before=before, _started=started).end("phases")


def test_what_its_own_processes_take_is_told_a_batch_and_is_no_contention(monkeypatch):
    (measured,), warnings = look(monkeypatch, {OWN: 95.0, LOADING: 90.0}, 1)
    assert (measured.metric, measured.value) == ("loader_cpu", pytest.approx(90 / 50))
    assert warnings == []


@pytest.mark.parametrize(("cores", "contended"), [(2, True), (64, False)])
def test_what_others_take_is_contention_where_there_are_no_cores_to_spare(monkeypatch, cores, contended):
    _, warnings = look(monkeypatch, {OTHER: 60.0}, 1, cores=cores)
    assert [(each.kind, each.amount) for each in warnings] == [("contended", pytest.approx(0.7, abs=0.01))] * contended


def test_cores_that_a_hypervisor_took_are_contention_too(monkeypatch):
    assert [each.kind for each in look(monkeypatch, {}, 2, steal=40.0)[1]] == ["contended"]


def test_nothing_is_looked_at_where_no_process_is_beside():
    assert Loading.of(None, 1) is None
    assert Loading.of(SimpleNamespace(workers=0), 1) is None
