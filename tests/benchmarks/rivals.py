"""What our timing is compared with, each in a worker of ours, on the same workload and in the same minute."""

import time
from random import Random

import numpy as np
from torch.nn import functional as F
from torch.utils.benchmark import Timer

from bench import data
from bench.devices import device_for
from bench.measure.batches import RESIDENT_IMAGES, Sources
from bench.measure.blocks import quiet_collector, warm_up
from bench.measure.speed import step_times, timed_block
from bench.measure.workload import Workload

ROUNDS = 30


def workload(cell):
    device = device_for(cell)
    dataset = data.load(cell.dataset)
    part = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
    device.settle_memory()
    return Workload(cell, device, *part, dataset.num_classes)


def compare(cell, channel):
    """Send the ratios, a round each, of our medians and block means to those of a bare loop and of torch's Timer."""
    work = workload(cell)
    model, optimizer = work.model, work.optimizer

    def step(images, labels):
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()

    def ours(steps):
        return float(np.median(step_times([timed_block("train", work, steps)], "train", work.timed_phases)))

    def bare(steps):
        times = []
        for _ in range(steps):
            images, labels = work.next_batch()
            start = time.perf_counter_ns()
            step(images, labels)
            times.append(time.perf_counter_ns() - start)
        return float(np.median(times)) * 1e-9

    def timer(_):
        images, labels = work.next_batch()
        known = {"step": step, "images": images, "labels": labels}
        return (
            Timer("step(images, labels)", globals=known, num_threads=cell.threads)
            .blocked_autorange(min_run_time=0.1)
            .median
        )

    order, medians = Random(0), {"ours": [], "bare": [], "timer": []}
    ways = [("ours", ours), ("bare", bare), ("timer", timer)]
    with quiet_collector():
        steps = warm_up(work.device, work.step).block_steps
        for _ in range(ROUNDS):
            order.shuffle(ways)
            for name, way in ways:
                medians[name].append(way(steps))
    channel.send("medians", medians)


def faults(cell, channel):
    """Send the page faults a step of the second block after the warm-up; the first meets the block's own code."""
    work = workload(cell)
    with quiet_collector():
        steps = warm_up(work.device, work.step).block_steps
        _, block = timed_block("train", work, steps), timed_block("train", work, steps)
    channel.send("faults", block.faults / block.steps)
