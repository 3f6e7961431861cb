"""Duet, in the worker: one side of a pair of processes that run their blocks in turn, on the parent's word."""

import torch

from bench.channel import Channel
from bench.measure.blocks import quiet_collector, run_untimed, warm_up
from bench.measure.device import open_device
from bench.measure.sources import RESIDENT_IMAGES, Sources, load_for
from bench.measure.speed import step_times, timed_block
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.protocol import LEAD_SECONDS


def serve(cell: Cell, channel: Channel) -> None:
    """Warm up, then answer each number of steps with their times, until None comes.

    Sends ("ready", steps of a block), then for each number received ("block", (seconds of each step, page faults)).
    """
    torch.set_num_threads(cell.threads)
    device = open_device(cell.device)
    dataset = load_for(cell, "", whole=False)
    timed = Sources(dataset, device).train(cell, max(RESIDENT_IMAGES, cell.batch_size))
    device.settle_memory()
    work = Workload(cell, device, *timed, dataset.num_classes)
    with quiet_collector():
        channel.send("ready", warm_up(device, work.timed_step).block_steps)
        while (steps := channel.receive()) is not None:
            run_untimed(device, work.timed_step, LEAD_SECONDS)
            block = timed_block("cell", work, steps)
            channel.send("block", (step_times([block], "cell", work.timed_phases), block.faults))
