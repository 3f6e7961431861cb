"""The loop most people write: torchvision's MNIST, ToTensor, Normalize, DataLoader without workers, Adam.

Arguments: folder of the data, architecture, batch size, threads. For each line of stdin, a number of seconds, it trains
that long and prints images a second. A process of its own with nothing set, as its users run it.
"""

import sys
import time
from itertools import chain, repeat

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

import architectures

root, architecture, batch_size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(0)
scaled = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
loader = DataLoader(datasets.MNIST(root, train=True, transform=scaled), batch_size=batch_size, shuffle=True)
model = architectures.build(architecture)
optimizer = torch.optim.Adam(model.parameters())
batches = chain.from_iterable(repeat(loader))
model.train()
for line in sys.stdin:
    seen, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(line):
        images, labels = next(batches)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        seen += len(images)
    print(seen / (time.perf_counter() - start), flush=True)  # noqa: T201 - its answer
