"""What ranks do in tests, by name, so that it can be started anew in each."""

import os
import signal
import time

import torch

from bench.devices import CpuDevice, device_for
from bench.measure.workload import Workload
from bench.ranks.sharded import ShardedWorkload
from bench.ranks.together import joined
from bench.ranks.traced import trace_communication

STEPS = 5
LONG = 600.0  # seconds that a rank sleeps whom something is to end before


def images_and_labels():
    """Noise of MNIST's shape, the same in every process."""
    generator = torch.Generator().manual_seed(1)
    return torch.rand(96, 1, 28, 28, generator=generator), torch.arange(96) % 10


def losses_alone(cell):
    """The losses of the first steps on whole batches."""
    work = Workload(cell, device_for(cell), *images_and_labels(), 10)
    return [float(work.step()) for _ in range(STEPS)], [weight.detach().clone() for weight in work.model.parameters()]


def losses(place, cell):
    """The mean over ranks of the losses of the first steps, this rank's weights after them, and what exchanges take."""
    device = device_for(cell)
    with joined(place, "gloo", 60.0) as together:
        work = ShardedWorkload(cell, device, *images_and_labels(), 10, rank=place.rank)
        means = [together.mean(float(work.step())) for _ in range(STEPS)]
        weights = [weight.detach().clone().numpy() for weight in work.model.parameters()]
        communication = trace_communication(work, place, 0.3)
    return means, weights, communication


def who(place, word):
    return place.rank, place.ranks, word, os.getpid()


def fail_second(place):
    if place.rank == 1:
        raise ValueError("no such thing")
    time.sleep(LONG)


def end_second(place):
    if place.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(LONG)


def write_and_wait(place, folder):
    """Leave word of the own process, and wait for ever."""
    (folder / f"pid{place.rank}").write_text(str(os.getpid()))
    time.sleep(LONG)


def warm(place, seconds):
    """What each rank decides in a warm-up in which rank 1 is the slower one, and how many steps it made."""
    from bench.ranks.blocks import warm_up_together

    class Work:
        steps, device = 0, CpuDevice()

        def timed_step(self, mark):
            self.steps += 1
            time.sleep(seconds * (1 + place.rank))

    work = Work()
    with joined(place, "gloo", 60.0) as together:
        done = warm_up_together(work, together, least=0.0)
    return done.steady, done.block_steps, work.steps
