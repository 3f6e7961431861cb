"""Loader: the same batches as gathered from resident images, from processes that end with it or with their parent."""

import os
import time
from dataclasses import replace

import pytest
import torch

from bench import data
from bench.devices import CpuDevice
from bench.machine import procfs
from bench.measure.batches import Sources
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.training.train import train
from tests.conftest import eventually, is_running

CELL = Cell("debug", optimizer="adam", batch_size=32)
IMAGES = 200  # six whole batches and a rest


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """A process that is forked has no threads of OpenMP, and may not wait for any."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def dataset():
    """A part of MNIST, the first of which stand for test images too."""
    mnist = data.load("mnist", None, IMAGES)
    return replace(mnist, test_images=mnist.train_images[:50], test_labels=mnist.train_labels[:50])


def children():
    """The processes that this one started and that run; those that have ended, and were not asked for, are left out."""
    seen = procfs.activity()
    family = procfs.family_of(seen.parents, os.getpid()) - {os.getpid()}
    return {pid for pid in family if is_running(pid)}


def workload(dataset, cell):
    sources = Sources(dataset, CpuDevice())
    part = sources.train(cell, IMAGES)
    return Workload(cell, CpuDevice(), *part, dataset.num_classes, loader=sources.loader(cell, part))


def batches(dataset, cell, count=14):
    """So many batches, more than an epoch has, and then one after the loader was ended."""
    work = workload(dataset, cell)
    taken = [work.next_batch() for _ in range(count)]
    work.stop_loading()
    assert [len(each) for each in work.next_batch()] == [cell.batch_size] * 2
    return taken


@pytest.mark.parametrize("loader", ["dataloader", "dataloader_2", "transforms", "transforms_1"])
@pytest.mark.parametrize("changes", [{}, {"memory_format": "channels_last"}, {"normalization": "standard"}], ids=str)
def test_batches_are_those_that_are_gathered_to_the_bit(dataset, loader, changes):
    cell = replace(CELL, **changes)
    for resident, loaded in zip(batches(dataset, cell), batches(dataset, replace(cell, loader=loader)), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(resident, loaded, strict=True))
        assert [one.stride() for one in resident] == [other.stride() for other in loaded]
        assert [one.dtype for one in resident] == [other.dtype for other in loaded]


@pytest.mark.parametrize("normalization", sorted(data.NORMALIZATIONS))
@pytest.mark.parametrize("kind", ["three channels", "five channels", "floats"])
def test_transforms_give_the_numbers_of_the_normalization(dataset, kind, normalization):
    images = torch.randint(256, (40, 5 if kind == "five channels" else 3, 8, 6), dtype=torch.uint8)
    images = torch.rand(40, 3, 8, 6) * 3 - 1 if kind == "floats" else images
    other = replace(dataset, train_images=images, train_labels=torch.arange(40) % 10)
    cell = replace(CELL, normalization=normalization)
    gathered, made = (workload_batch(other, replace(cell, loader=loader)) for loader in ("resident", "transforms"))
    assert torch.equal(gathered, made)


def workload_batch(dataset, cell):
    """The first batch of the images alone, in whatever shape."""
    sources = Sources(dataset, CpuDevice())
    part = sources.train(cell)
    if (loader := sources.loader(cell, part)) is None:
        return part.images[:32]
    return next(loader.batches_of([torch.arange(32)]))[0]


def test_training_on_the_same_order_learns_the_same(dataset):
    def learnt(cell):
        work = workload(dataset, replace(cell, architecture="mlp", batch_size=50))
        test = Sources(dataset, CpuDevice()).test(cell)
        record, scores = train(work, test, 2, lambda _: None)
        work.stop_loading()
        return [each["train_loss"] for each in record["epochs"]], scores

    losses, scores = learnt(CELL)
    for loader in ("dataloader", "transforms_1"):
        other_losses, other_scores = learnt(replace(CELL, loader=loader))
        assert other_losses == losses
        assert torch.equal(other_scores, scores)


def test_crops_move_each_image_by_itself_and_repeat_with_the_seed(dataset):
    cell = replace(CELL, loader="crops_1", normalization="raw")
    first, again = (batches(dataset, cell, 1)[0][0] for _ in range(2))
    resident = batches(dataset, replace(cell, loader="resident"), 1)[0][0]
    assert torch.equal(first, again)
    assert first.shape == resident.shape
    moved = (first != resident).flatten(1).any(1)
    assert moved.sum() > 16
    assert set(first.unique().tolist()) <= {*resident.unique().tolist(), 0.0}


def test_processes_are_there_before_the_first_batch_and_end_with_the_loader(dataset):
    before = children()
    work = workload(dataset, replace(CELL, loader="dataloader_2"))
    assert len(children() - before) == 2
    work.next_batch()
    work.stop_loading()
    assert children() <= before


def test_processes_end_with_one_that_is_killed(dataset):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # as a worker that runs out of time
        loaded = workload(dataset, replace(CELL, loader="dataloader_1"))
        loaded.next_batch()
        os.write(writing, " ".join(map(str, children())).encode())
        time.sleep(600)
        os._exit(0)
    (loading,) = map(int, os.read(reading, 100).split())
    assert loading in procfs.activity().processes
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert eventually(lambda: not is_running(loading))
