"""A cell on a GPU: measured, trained and profiled as anywhere, with what only a GPU tells."""

import gzip
import json

import numpy as np
import pytest
import torch

import bench
from bench.devices import available, device_in_use
from bench.measure.blocks import quiet_collector, warm_up
from bench.measure.costs import measure_costs, measure_memory
from bench.measure.own_step import OwnStep, seconds_of
from bench.measure.speed import timed_block
from bench.metrics import METRICS
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.worker.cell import measure
from tests.cuda.needed import GPU
from tests.measure.recording import Heard

pytestmark = GPU


def test_each_device_is_known_by_its_number_and_its_maker_s_name():
    devices = {name: facts for name, facts in available().items() if facts.kind == "cuda"}
    assert list(devices) == [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    assert [facts.model for facts in devices.values()] == [
        torch.cuda.get_device_name(index) for index in range(len(devices))
    ]


def test_events_mark_a_block_without_a_gap(gpu, workload):
    """The intervals between events add up to the block as the host saw it between its two synchronizations."""
    work = workload("lenet5", device=gpu)
    with quiet_collector():
        steps = warm_up(gpu, work.timed_step).block_steps
        block = timed_block("train", work, steps)
    assert (block.intervals >= 0).all()
    assert block.intervals.sum() == pytest.approx(block.wall, rel=0.05)
    assert np.isfinite(block.intervals).all()


def test_the_peak_of_memory_is_the_same_in_two_workloads(gpu, workload):
    peaks = []
    for _ in range(2):
        work = workload("lenet5", device=gpu)
        peaks.append({peak.metric: (peak.value, peak.statistic) for peak in measure_memory(work)}["peak_memory"])
    assert peaks[0] == peaks[1]
    assert peaks[0][1] == "exact"


def test_counts_are_those_of_the_host(gpu, workload):
    counts = [
        {
            one.metric: one.value
            for one in measure_costs(workload("lenet5", **options))
            if one.metric.startswith("flops")
        }
        for options in ({}, {"device": gpu})
    ]
    assert counts[0] == counts[1]


@pytest.fixture(scope="module")
def sent():
    """What a worker sends of a cell that is measured, trained and profiled on a GPU."""
    channel = Heard()
    cell = Cell("lenet5", optimizer="adam", device="cuda:0")
    measure(Task(cell, blocks=2, epochs=1, checkpoint=True, profile=True), channel)
    assert channel.sent[0][0] == "system"
    assert ("status", ("ok", None)) in channel.sent
    return channel


def test_a_cell_is_measured_with_the_metrics_of_a_gpu(sent):
    metrics = {one["metric"]: one for part in sent.of("measurements") for one in part}
    assert metrics.keys() >= {"step", "forward", "backward", "copy", "peak_memory", "peak_memory_reserved", "accuracy"}
    assert {one["unit"] for one in metrics.values()} == {METRICS[name].unit for name in metrics}
    assert metrics["peak_memory"]["statistic"] == "exact"
    assert metrics["accuracy"]["value"] > 0.9


def test_the_system_names_the_gpu(sent):
    system = sent.of("system")[0]
    assert system["gpu"] == torch.cuda.get_device_name(0)
    assert {"gpu_memory", "gpu_multiprocessors", "cuda", "cudnn"} <= system.keys()


def test_the_profile_is_of_kernels_and_its_trace_comes_along(sent):
    (profile,) = sent.of("profile")
    assert profile["side"] == "device"
    assert sum(profile["launches"].values()) > 0
    files = {kind: content for kind, _, content in sent.of("file")}
    assert files.keys() == {"checkpoint", "trace"}
    categories = {event.get("cat") for event in json.loads(gzip.decompress(files["trace"]))["traceEvents"]}
    assert "kernel" in categories


def test_a_step_of_one_s_own_is_timed_by_events_on_the_device_that_it_uses(gpu):
    numbers = torch.rand(1024, 1024, device=gpu.torch_device)

    def work():
        with bench.phase("product"):
            numbers @ numbers
        with bench.phase("sum"):
            numbers.sum()

    work()
    device = device_in_use()
    assert device.name == gpu.name
    own = OwnStep(work, device)
    own.once()
    block = own.block(own.warm_up().block_steps)
    assert seconds_of([block]).sum() == pytest.approx(block.wall, rel=0.1)
    phases = own.phases_of([block])
    assert np.median(phases["product"]) > np.median(phases["sum"]) > 0
