"""Timing on a GPU: marks, blocks and phases, as far as it is the device's own time that they tell."""

import itertools
import statistics
import time

import numpy as np
import pytest
import torch

from bench.measure.blocks import BLOCK_SECONDS, quiet_collector, warm_up
from bench.measure.noise import FAULTS, MARKS, contention
from bench.measure.speed import MARKED, Subject, measure_copy, measure_phases, timed_block
from tests.cuda.needed import GPU

pytestmark = GPU
NETS = ("mlp", "lenet5", "resnet8")


def seconds_a_step(work, steps):
    """By the host's clock, between two synchronizations."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(steps):
        work.whole_step()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / steps


@pytest.mark.parametrize("net", NETS)
def test_two_marks_a_step_hardly_change_it(gpu, workload, net, record_property):
    work = workload(net, device=gpu, threads=1)
    whole, marked = Subject.whole("train", work), Subject.of(MARKED, work)
    ratios, others = [], []
    with quiet_collector():
        steps = warm_up(gpu, whole.step).block_steps
        for _ in range(7):
            plain = seconds_a_step(work, steps)
            ratios.append(whole.block(gpu, steps).wall / steps / plain)
            others.append(marked.block(gpu, steps).wall / steps / plain)
    ends, within = statistics.median(ratios) - 1, statistics.median(others) - 1
    record_property("figures", f"{net}: {plain * 1e6:.0f} us, {ends:+.1%} by marks at its ends, {within:+.1%} by all")
    assert ends < MARKS


@pytest.mark.parametrize("net", NETS)
def test_a_block_lasts_as_long_as_is_promised(gpu, workload, net, record_property):
    timed, _, warm = measure_phases(workload(net, device=gpu), 6, 1)
    walls = [block.wall for block in timed if block.subject == "train"]
    record_property("figures", f"{net}: {statistics.median(walls):.3f} s, {warm.block_steps} steps")
    assert statistics.median(walls) >= 0.95 * BLOCK_SECONDS
    assert warm.steady


def test_phases_of_long_kernels_are_those_of_steps_that_are_waited_for(gpu, workload, record_property):
    """Backward, which autograd gives to the device from a thread of its own, is timed in the same stream."""
    work = workload("resnet8", device=gpu, images=4096, batch_size=2048)
    warm_up(gpu, work.timed_step)
    block = timed_block("train", work, 20)
    queued = {name: float(np.median(block.intervals[:, at])) for at, name in enumerate(work.timed_phases)}
    stamps, rows = [], []

    def mark():
        torch.cuda.synchronize()
        stamps.append(time.perf_counter())

    for _ in range(20):
        stamps.clear()
        work.step(mark)
        rows.append(np.diff(stamps))
    waited = dict(zip(work.timed_phases, np.median(np.array(rows), axis=0), strict=True))
    record_property(
        "figures", f"backward {queued['backward'] * 1e3:.2f} ms, waited for {waited['backward'] * 1e3:.2f} ms"
    )
    assert queued["backward"] == pytest.approx(waited["backward"], rel=0.3)


def test_a_quiet_process_with_one_thread_is_not_called_contended(gpu, workload, record_property):
    timed, _, _ = measure_phases(workload("lenet5", device=gpu, threads=1), 6, 1)
    busy = sum(block.cpu for block in timed) / sum(block.wall for block in timed)
    record_property("figures", f"the process had {busy:.1%} of its core")
    assert contention("phases", timed, 1, on_host=False) == []


def test_the_host_s_part_of_a_step_takes_few_page_faults(gpu, workload, record_property):
    timed, _, _ = measure_phases(workload("lenet5", device=gpu), 6, 1)
    faults = sum(block.faults for block in timed) / sum(block.steps for block in timed)
    record_property("figures", f"{faults:.2f} a step")
    assert faults < FAULTS


@pytest.mark.parametrize("batch", [1024, 4096])
def test_a_new_order_of_the_images_is_not_waited_for(gpu, workload, batch, record_property):
    work = workload("resnet8", device=gpu, images=4096, batch_size=batch)
    seconds_a_step(work, 20)
    drawn = statistics.median(seconds_a_step(work, 20) for _ in range(5))
    work._batches = itertools.repeat(torch.randperm(4096, device=gpu.torch_device)[:batch])
    kept = statistics.median(seconds_a_step(work, 20) for _ in range(5))
    record_property("figures", f"batch {batch}: {drawn * 1e6:.0f} us, {kept * 1e6:.0f} us with one order for ever")
    assert drawn < 1.05 * kept


def test_a_copy_from_the_host_is_timed(gpu, workload, record_property):
    (copied,) = measure_copy(workload("lenet5", device=gpu))
    record_property("figures", f"{copied.value * 1e6:.1f} us")
    assert copied.value > 0


def test_launching_is_the_step_of_a_small_net_and_little_of_a_large_one(gpu, workload, record_property):
    shares = []
    for net, batch in (("mlp", 64), ("resnet8", 2048)):
        _, found, _ = measure_phases(workload(net, device=gpu, images=4096, batch_size=batch), 4, 1)
        values = {one.metric: one.value for one in found}
        shares.append(values["launching"] / values["step_wall"])
    record_property("figures", f"mlp at 64 {shares[0]:.0%}, resnet8 at 2048 {shares[1]:.0%} of the step")
    assert shares[1] < shares[0]
