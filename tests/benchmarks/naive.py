"""The comparison most people make: a process with the default allocator, torch's Timer for two seconds, one number."""

import sys

import torch
from torch.nn import functional as F
from torch.utils.benchmark import Timer

import architectures

torch.manual_seed(0)
model = architectures.build("lenet5")
optimizer = torch.optim.Adam(model.parameters())
images, labels = torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,))


def step():
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


timer = Timer("step()", globals={"step": step}, num_threads=int(sys.argv[1]))
print(timer.blocked_autorange(min_run_time=2).median)  # noqa: T201 - its answer
