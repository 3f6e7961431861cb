"""Images a second of our training loop and of the barest one, in one worker and in turn."""

import time

from torch.nn import functional as F

from bench import data
from bench.devices import device_for
from bench.measure.batches import Sources
from bench.measure.blocks import run_untimed
from bench.measure.workload import Workload
from bench.training.train import train
from bench.worker.compiling import caches_for


def serve(cell, channel):
    """Answer "ours" and "bare", each with the seconds to go on, with images a second, until None comes.

    A bare loop has the cell's settings too, and one batch for all steps, which lies where the cell computes.
    """
    with caches_for(cell):
        _serve(cell, channel)


def _serve(cell, channel):
    device = device_for(cell)
    dataset = data.load(cell.dataset)
    sources = Sources(dataset, device)
    images, labels = sources.train(cell)
    test = tuple(part[:1000] for part in sources.test(cell))
    device.settle_memory()
    work = Workload(cell, device, images, labels, dataset.num_classes)
    model, optimizer, forward, (batch, targets) = work.model, work.optimizer, work.forward, work.next_batch()

    def ours(seconds):
        learnt, _ = train(work, test, 1000, lambda _: None, limit=seconds)
        last = learnt["epochs"][-1]
        return last["steps"] * cell.batch_size / last["seconds"]

    def bare(seconds):
        model.train()
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            optimizer.zero_grad(set_to_none=True)
            with work.autocast:
                loss = F.cross_entropy(forward(batch), targets)
            loss.backward()
            optimizer.step()
            steps += 1
        return steps * cell.batch_size / (time.perf_counter() - start)

    ways = {"ours": ours, "bare": bare}
    run_untimed(device, work.step, 1.0)
    channel.send("ready", None)
    while (asked := channel.receive()) is not None:
        way, seconds = asked
        channel.send("rate", ways[way](seconds))
