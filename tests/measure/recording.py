"""A device that records every mark and synchronization in order, and whose clock advances one tick a mark."""

from typing import ClassVar

import torch

from bench.plan.catalogue import DeviceFacts


class RecordingClock:
    def __init__(self, log, marks):
        self.log, self.capacity, self.count = log, marks, 0

    def mark(self):
        self.count += 1
        assert self.count <= self.capacity, "more marks than the clock was made for"
        self.log.append("mark")

    def seconds(self):
        self.log.append("read")
        return [1.0] * (self.count - 1)


class RecordingDevice:
    name = "recording"
    torch_device = torch.device("cpu")

    facts = DeviceFacts("recording")
    fp32_flags: ClassVar = {}

    def __init__(self):
        self.log = []

    def synchronize(self):
        self.log.append("sync")

    def clock(self, marks):
        self.log.append("clock")
        return RecordingClock(self.log, marks)

    def settle_memory(self):
        self.log.append("settle")

    def peak_memory(self, work):
        self.log.append("memory pass")
        work()
        return {}

    def capture(self, step):
        self.log.append("capture")
        return step

    def copy_of(self, *tensors):
        return None

    def describe(self):
        return {}


class Heard:
    """Keeps what a worker would send."""

    def __init__(self):
        self.sent = []

    def send(self, kind, payload):
        self.sent.append((kind, payload))

    def of(self, kind):
        return [payload for one, payload in self.sent if one == kind]
