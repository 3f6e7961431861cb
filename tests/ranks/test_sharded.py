"""Sharded: two ranks that split a batch compute what one does with the whole of it."""

import importlib
import time
from dataclasses import replace

import pytest
import torch

from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.ranks.launch import launch
from tests.ranks import rank_functions

WHOLE = Cell("softmax_regression", batch_size=32)  # neither dropout nor batch normalization: a mean over images


@pytest.fixture(scope="module")
def two():
    """What two ranks give, and seconds that they took.

    They are forked while this process has run no operator of several threads. It has imported what each would import
    for its optimizer, as the server of workers has.
    """
    importlib.import_module("torch._dynamo")
    began = time.perf_counter()
    ranks = launch(2, rank_functions.losses, replace(WHOLE, world_size=2))
    return ranks, time.perf_counter() - began


def test_two_ranks_give_the_losses_and_the_weights_of_one(two):
    (first, weights, _), (second, others, _) = two[0]
    alone, expected = rank_functions.losses_alone(WHOLE)
    assert first == second
    assert first == pytest.approx(alone, rel=1e-5)
    assert alone[0] != alone[-1]  # it trains
    for mine, theirs, right in zip(weights, others, expected, strict=True):
        assert (mine == theirs).all()
        assert torch.allclose(torch.from_numpy(mine), right, rtol=1e-4, atol=1e-6)


def test_the_trace_of_a_rank_tells_how_long_its_exchanges_take(two):
    ranks, seconds = two
    for *_, communication in ranks:
        assert communication.steps == 3
        assert 0 <= communication.exposed <= communication.seconds < seconds / communication.steps
        assert communication.seconds > 0  # where the other rank has the core meanwhile, all of it is hidden


def test_the_shares_of_all_ranks_are_the_batch(monkeypatch):
    monkeypatch.setattr("bench.ranks.sharded.DistributedDataParallel", lambda model, device_ids: model)
    from bench.devices import open_device
    from bench.ranks.sharded import ShardedWorkload

    cell = replace(WHOLE, world_size=4)
    images, labels = rank_functions.images_and_labels()
    whole = Workload(WHOLE, open_device("cpu"), images, labels, 10)
    shares = [ShardedWorkload(cell, open_device("cpu"), images, labels, 10, rank=rank) for rank in range(4)]
    for _ in range(4):  # further than once through the images
        expected, wanted = whole.next_batch()
        parts = [share.next_batch() for share in shares]
        assert [len(part) for part, _ in parts] == [8] * 4
        assert torch.equal(torch.cat([part for part, _ in parts]), expected)
        assert torch.equal(torch.cat([part for _, part in parts]), wanted)
