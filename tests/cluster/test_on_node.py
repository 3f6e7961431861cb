"""On a node: the order of what is passed on, the folder that stands for home, and when a server is renewed."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from bench.cluster import on_node
from bench.cluster.on_node import BEGUN, ENDED, Order, carry_out, warm_up
from bench.cluster.parcels import Parcel
from bench.plan.copies import COPIES
from bench.plan.origin import BASE
from bench.process.local import Workers
from bench.process.worker import ENVIRONMENT, WorkerError
from tests.cluster.clusters import ON_NODES


class FakeWorkers:
    """Starts no process: a worker sends what the task is, and raises what stands there."""

    opened: ClassVar[list] = []

    def __init__(self):
        self.renewed, self.prepared, self.ended = 0, 0, 0
        self.opened.append(self)

    def prepare(self):
        self.prepared += 1

    def renew(self):
        self.renewed += 1

    def start(self, entry, task):
        if isinstance(task, WorkerError):
            raise task
        self.parts = list(task)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended += 1

    def receive(self, timeout):
        part = self.parts.pop(0) if self.parts else None
        if isinstance(part, WorkerError):
            raise part
        return part

    def close(self):
        self.opened.remove(self)


@pytest.fixture
def order(tmp_path, monkeypatch):
    """Orders of a program whose base is /home/me."""
    for name in (COPIES, BASE, "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "before")  # so that all are put back
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(on_node, "Workers", FakeWorkers)
    monkeypatch.setattr(on_node, "_stations", [])
    monkeypatch.setattr(FakeWorkers, "opened", [])
    return Order(entry="room:measure", task=[("stage", "phases")], parcel=Parcel("a" * 64, "/home/me"))


def parts(order):
    return list(carry_out(order, get=lambda reference: reference))


def test_the_parts_come_after_the_worker_has_begun(order):
    assert parts(order) == [(BEGUN, None), ("stage", "phases")]
    assert FakeWorkers.opened[0].ended == 1


KILLED = WorkerError("oom", "no memory", outside=True)


@pytest.mark.parametrize(
    ("task", "before"), [([("stage", "phases"), KILLED], [(BEGUN, None), ("stage", "phases")]), (KILLED, [])]
)
def test_how_a_worker_ended_crosses_as_plain_data(order, task, before):
    assert parts(replace(order, task=task)) == [*before, (ENDED, ("oom", "no memory", True))]


def test_what_cannot_be_laid_out_is_told(order):
    def get(reference):
        raise OSError(28, "no space left")

    bad = replace(order, parcel=replace(order.parcel, digest="b" * 64, bundles=(0,)))
    ((kind, (status, reason, outside)),) = carry_out(bad, get)
    assert (kind, status, outside) == (ENDED, "failed", False)
    assert "no space left" in reason


def test_a_worker_is_started_in_the_folder_that_stands_for_home(order):
    parts(order)
    assert Path.cwd() == Path(os.environ[COPIES]) / "home/me"
    assert BASE not in os.environ


def test_a_worker_has_the_threads_of_the_machine_at_home_and_none_of_ray_s(order):
    parts(replace(order, environment={"OMP_NUM_THREADS": ""}))
    assert "OMP_NUM_THREADS" not in os.environ
    parts(replace(order, environment={"OMP_NUM_THREADS": "3"}))
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_one_server_stays_and_is_renewed_once_a_round(order):
    for number in (0, 0, 1, 1, 2):
        parts(replace(order, round=number))
    (workers,) = FakeWorkers.opened
    assert workers.renewed == 2


def test_other_gpus_are_another_server(order, monkeypatch):
    parts(order)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    parts(order)
    parts(order)
    assert len(FakeWorkers.opened) == 1
    assert on_node._stations[0].devices == "1"


def test_to_warm_up_starts_no_worker(order):
    warm_up(replace(order, entry="", task=None), get=list)
    (workers,) = FakeWorkers.opened
    assert (workers.prepared, workers.ended) == (1, 0)


def test_a_task_that_is_cancelled_takes_its_worker_along(order):
    running = carry_out(order, get=lambda reference: reference)
    assert next(running) == (BEGUN, None)
    with suppress(KeyboardInterrupt):
        running.throw(KeyboardInterrupt)
    assert FakeWorkers.opened[0].ended == 1


@pytest.mark.slow
def test_a_worker_on_a_node_is_what_a_local_one_is(order, monkeypatch):
    monkeypatch.setattr(on_node, "Workers", Workers)
    monkeypatch.syspath_prepend(str(ON_NODES))
    looks = replace(order, entry="cluster_errands:look_around", task=None, environment={"OMP_NUM_THREADS": ""})
    facts = dict(parts(looks))
    assert facts["cores"] == sorted(os.sched_getaffinity(0))
    assert facts["folder"] == str(Path(os.environ[COPIES]) / "home/me")
    assert "OMP_NUM_THREADS" not in facts["environment"]
    assert facts["environment"].items() >= {**ENVIRONMENT, "BENCH_START_METHOD": "fork"}.items()
    server = on_node._stations[0].workers._serving().client.server
    parts(replace(looks, round=1))  # the first of the run: the server was used for no timing before
    parts(replace(looks, round=2))
    assert on_node._stations[0].workers._serving().client.server != server
    on_node._stations.pop().workers.close()
