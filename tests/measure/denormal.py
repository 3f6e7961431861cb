"""In a worker: what becomes of denormals in the threads that operators run on."""

import torch

from bench.devices import device_for
from bench.measure.denormals import share_of
from bench.measure.workload import Workload

NUMBERS = 2**22  # enough for every thread to have a part


def survivors(cell, channel):
    """Send how many of NUMBERS denormals a product leaves."""
    device_for(cell)
    tiny = torch.ones(NUMBERS, dtype=torch.int32).view(torch.float32)  # the smallest there is
    channel.send("survivors", int((tiny * 1.0).view(torch.int32).count_nonzero()))


def faded(cell, channel):
    """Send the share of denormals after 1,200 steps in which a third of the pixels, once lit, stay dark."""
    device = device_for(cell)
    torch.manual_seed(0)
    images, labels = torch.rand(64, 1, 8, 8), torch.randint(0, 10, (64,))
    work = Workload(cell, device, images, labels, 10)
    work.step()
    work.images[..., :3] = 0
    for _ in range(1200):
        work.step()
    channel.send("share", share_of(work))
