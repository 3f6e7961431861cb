"""Processes on one GPU: forked ones can use it, pairs do not disturb each other, and a caller finds it as it was."""

import os
import statistics
from contextlib import closing
from random import Random

import pytest
import torch

from bench.compare.pairs import Side, measure_pair
from bench.doctor.rules import AA_LIMIT
from bench.plan.cell import Cell
from bench.plan.task import CatalogueRequest
from bench.process import entries
from bench.process.local import Workers
from bench.session.requests import ask_catalogue
from bench.worker.inprocess import opened
from tests.cuda.needed import GPU

pytestmark = GPU
TWIN = Cell("lenet5", optimizer="adam", device="cuda:0", threads=1)


@pytest.fixture(scope="module")
def workers():
    with closing(Workers()) as workers:
        yield workers


def test_a_forked_worker_lists_the_gpu(workers, record_property):
    catalogue = ask_catalogue(workers, CatalogueRequest(devices=("cuda",)))
    record_property("figures", f"{catalogue.devices['cuda:0'].model}: {dict(catalogue.devices['cuda:0'].unsupported)}")
    assert catalogue.devices["cuda:0"].model == torch.cuda.get_device_name(0)
    assert "cuda:0" in catalogue.optimizers["adam"]["unsupported"]


def alone(workers):
    """Steps of a block, and seconds of one, of a process that has the GPU to itself."""
    with workers.start(entries.AB_BLOCKS, Side(workers, TWIN).task()) as worker:
        _, ready = worker.receive(180)
        worker.send(ready["steps"])
        _, block = worker.receive(60)
        return ready["steps"], statistics.median(block["seconds"])


def test_two_processes_of_a_pair_have_the_gpu_each_to_itself(workers, record_property):
    """They warm up one after the other, and one that is stopped has nothing queued, and so costs the other nothing."""
    steps, seconds = alone(workers)
    side = Side(workers, TWIN, on_host=False)
    pair = measure_pair(side, side, 8, Random(0))
    beside = statistics.median(pair.first.ravel())
    record_property(
        "figures", f"{pair.first.shape[1]} steps a block, alone {steps}; {beside / seconds - 1:+.1%} a step"
    )
    assert min(pair.first.shape[1], pair.second.shape[1]) > 0.7 * steps
    assert beside < 1.15 * seconds


@pytest.mark.parametrize(
    "cell", [TWIN, Cell("resnet8", device="cuda:0", threads=1, batch_size=2048)], ids=["host", "gpu"]
)
def test_pairs_of_the_same_cell_agree(workers, cell, record_property):
    """One whose steps the host is the slower at, and one whose steps the GPU is."""
    side = Side(workers, cell, on_host=False)
    ratios = [measure_pair(side, side, 8, Random(seed)).log_ratio() for seed in range(3)]
    record_property("figures", f"{cell.architecture}: {', '.join(f'{ratio:+.1%}' for ratio in ratios)}")
    assert statistics.median(map(abs, ratios)) < AA_LIMIT


def test_a_caller_s_random_numbers_and_device_are_its_own_afterwards():
    torch.cuda.set_device(0)
    before, host = torch.cuda.get_rng_state(), torch.get_rng_state()
    with opened(Cell("mlp", device="cuda:0", threads=1), "train", False) as cell:
        assert cell.unsupported is None
        cell.call()
        cell.synchronize()
    assert torch.equal(host, torch.get_rng_state())
    assert torch.equal(before, torch.cuda.get_rng_state())
    assert torch.cuda.current_device() == 0
    assert os.environ.get("BENCH_START_METHOD") is None
