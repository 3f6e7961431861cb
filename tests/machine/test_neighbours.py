"""Neighbours: what others took of the cores, without what this process started itself."""

import os
from types import SimpleNamespace

import pytest

from bench.machine import neighbours, procfs
from bench.machine.neighbours import Look, Neighbours, between
from bench.machine.procfs import Activity

OWN = os.getpid()
PARENTS = {OWN: 1, 11: OWN, 12: 11, 21: 1, 22: 0}


def at(seconds):
    spent = {OWN: 5.0, 11: 9.0, 12: 7.0, 21: 1.5, 22: 0.01}
    return Activity(0.0, 0.0, {pid: (f"p{pid}", share * seconds) for pid, share in spent.items()}, 0, PARENTS)


def test_what_was_started_here_is_no_neighbour():
    seen = between(at(0), at(2), 2.0, OWN)
    assert seen.cores == pytest.approx(1.51)
    assert seen.busiest == ("p21 (21) 150 %",)
    assert seen.words(2) == "keep 1.51 of 2 cores busy: p21 (21) 150 %"


@pytest.mark.parametrize(
    ("cores", "usable", "busy"), [(0.6, 2, True), (0.4, 2, False), (0.6, 64, False), (0.0, 1, False)]
)
def test_a_quarter_of_the_cores_is_in_the_way(cores, usable, busy):
    assert Neighbours(cores).are_busy(usable) is busy


def test_a_look_lasts_a_second_at_the_least(monkeypatch):
    moments, clock = iter([at(0), at(1)]), [5.0]
    passing = SimpleNamespace(perf_counter=lambda: clock[0], sleep=lambda seconds: clock.append(clock.pop() + seconds))
    monkeypatch.setattr(neighbours, "time", passing)
    monkeypatch.setattr(neighbours, "activity", lambda: next(moments))
    look = Look(next(moments), started=clock[0])
    clock[0] += 0.25
    seen = look.end()
    assert clock == [5.0 + neighbours.LOOK]
    assert seen.busiest[0].startswith("p21 (21)")


def test_a_machine_that_tells_nothing_has_no_neighbours(tmp_path):
    assert Look(procfs.activity(tmp_path)).end() is None
