"""A GPU that is pretended: the class of real ones, on tensors of the host, with a log of what torch is asked for."""

import time
from contextlib import contextmanager
from types import SimpleNamespace

import torch
import torch._dynamo  # the first optimizer imports it, and classes of its are made of torch's own Event

from bench.devices import DEVICES
from bench.devices.cuda import CudaDevice

HOST = torch.device("cpu")
PROPERTIES = {
    "name": "Pretended 100",
    "total_memory": 8 * 2**30,
    "multi_processor_count": 12,
    "L2_cache_size": 2**20,
    "uuid": "1234",
    "pci_domain_id": 0,
    "pci_bus_id": 4,
    "pci_device_id": 0,
}


class Event:
    """Made when it is first recorded, as CUDA's are; its moments are the host's."""

    def __init__(self, log):
        self._log, self._made, self._at = log, False, None

    def record(self, stream):
        self._log.append("record" if self._made else "make")
        self._made, self._at = True, time.perf_counter()

    def elapsed_time(self, end):
        return (end._at - self._at) * 1e3


class Stream:
    """A stream that says when it is entered and whom it waits for."""

    def __init__(self, log, name):
        self._log, self.name = log, name

    def __enter__(self):
        self._log.append(f"enter {self.name}")

    def __exit__(self, *_):
        self._log.append(f"leave {self.name}")

    def wait_stream(self, other):
        self._log.append(f"{self.name} waits for {other.name}")

    def is_capturing(self):
        return False


class Pretended:
    """Puts itself in the place of torch's accelerator.

    Attributes:
        log: what was asked for, in order.
        used: bytes that the allocator says are in use.
        capability: the compute capability of all of its devices.
        free: bytes that the driver says are free.

    """

    def __init__(self, monkeypatch, count=1):
        self.log, self.used, self.peak, self.capability, self.free = [], 0, 0, (9, 0), 2**30
        self.count, self.current, self.initialized = count, 0, True
        self.stream = Stream(self.log, "default")
        for module, replaced in ((torch.accelerator, self._accelerator()), (torch.cuda, self._cuda())):
            for name, function in replaced.items():
                monkeypatch.setattr(module, name, function)
        monkeypatch.setattr(torch, "Event", self._event)
        monkeypatch.setattr(torch, "Stream", lambda device: Stream(self.log, "own"))
        monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
        shuffled = torch.randperm
        monkeypatch.setattr(torch, "randperm", lambda count, pin_memory, **how: shuffled(count, **how))
        monkeypatch.setitem(DEVICES, "cuda", OnHost)

    def _accelerator(self):
        return {
            "current_accelerator": lambda check_available=False: torch.device("cuda"),
            "device_count": lambda: self.count,
            "set_device_index": self._choose,
            "current_device_index": lambda: self.current,
            "current_stream": self._stream,
            "synchronize": lambda device: self.log.append("synchronize"),
            "memory_allocated": lambda device: self.used,
            "memory_reserved": lambda device: 2 * self.used,
            "max_memory_allocated": lambda device: self.peak,
            "max_memory_reserved": lambda device: 2 * self.peak,
            "reset_peak_memory_stats": lambda device: None,
            "empty_cache": lambda: None,
        }

    def _cuda(self):
        return {
            "is_initialized": lambda: self.initialized,
            "get_device_properties": lambda device: SimpleNamespace(**PROPERTIES),
            "get_device_capability": lambda device: self.capability,
            "get_device_name": lambda device: PROPERTIES["name"],
            "get_arch_list": lambda: ["sm_75", "sm_80", "sm_90", "compute_90"],
            "mem_get_info": lambda: (self.free, PROPERTIES["total_memory"]),
        }

    def _event(self, device, enable_timing):
        assert enable_timing
        return Event(self.log)

    def _choose(self, device):
        self.current = device if isinstance(device, int) else device.index
        self.log.append(f"choose {self.current}")

    def _stream(self, device=None):
        self.log.append("ask for the stream")
        return self.stream

    @contextmanager
    def logged(self):
        """Only what is asked for in the block."""
        self.log.clear()
        yield self.log


class OnHost(CudaDevice):
    """The device's own class; its tensors lie on the host, and what it records is carried out again to replay it."""

    def __init__(self, index=0):
        super().__init__(index)
        self.torch_device = HOST
        self.recorded = 0

    def record(self, step, stream):
        self.recorded += 1
        return step

    @classmethod
    def really_records(cls, device, step, stream):
        """As the class that it stands for does it."""
        return CudaDevice.record(device, step, stream)
