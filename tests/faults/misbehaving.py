"""Networks that misbehave once they are given real images: a file that the runs name. Nothing else is in it."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import torch
from torch import nn


class Net(nn.Module):
    """Well-behaved but for `misbehave`, which is called with each batch that is measured."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def forward(self, images):
        if images.device.type != "meta" and len(images) > 2:
            self.misbehave()
        return self.layers(images)

    def misbehave(self):
        pass


class Once(Net):
    """Misbehaves with the first batch alone."""

    def forward(self, images):
        if images.device.type != "meta" and len(images) > 2 and not getattr(type(self), "done", False):
            type(self).done = True
            self.misbehave()
        return self.layers(images)


class Segfaults(Net):
    def misbehave(self):
        ctypes.string_at(0)


class Aborts(Net):
    def misbehave(self):
        os.abort()


class Exits(Net):
    def misbehave(self):
        os._exit(0)


class ExitsWithThree(Net):
    def misbehave(self):
        os._exit(3)


class LeavesPython(Net):
    def misbehave(self):
        sys.exit("enough")


class KillsItself(Net):
    def misbehave(self):
        os.kill(os.getpid(), signal.SIGKILL)


class KillsItsServer(Net):
    def misbehave(self):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)


class Rings(Once):
    def misbehave(self):
        signal.alarm(1)


class StopsItself(Net):
    def misbehave(self):
        os.kill(os.getpid(), signal.SIGSTOP)


class Forks(Once):
    def misbehave(self):
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)


class ForksAndGoesOn(Once):
    def misbehave(self):
        os.fork()


class Daemonizes(Once):
    def misbehave(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        os.wait()


class StartsAProgram(Once):
    def misbehave(self):
        subprocess.Popen(["sleep", "600"], start_new_session=True)


class Leaks(Net):
    def misbehave(self):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 256 * 2**20, hard))
        held = []
        while True:
            held.append(torch.ones(4 * 2**20))


class AsksTooMuch(Net):
    def misbehave(self):
        torch.empty(10**15, dtype=torch.uint8)


class Prints(Once):
    def misbehave(self):
        sys.stdout.write(("y" * 79 + "\n") * 50_000)
        sys.stdout.flush()


class ClosesItsStreams(Once):
    def misbehave(self):
        os.close(1)
        os.close(2)


class ClosesAll(Once):
    def misbehave(self):
        os.closerange(3, 1024)


class WritesIntoThePipe(Once):
    def misbehave(self):
        for path in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # the one of this very listing is closed by now
                if int(path.name) > 2 and "socket" in str(path.readlink()):
                    os.write(int(path.name), b"\0\0\0\x05never")


class Interrupts(Net):
    def misbehave(self):
        raise KeyboardInterrupt


class RaisesOddly(Net):
    def misbehave(self):
        raise type("Odd", (BaseException,), {})("odd")


class Unsayable(Net):
    def misbehave(self):
        raise type("Unsayable", (Exception,), {"__str__": lambda _: 1 / 0})


class SaysTooMuch(Net):
    def misbehave(self):
        raise ValueError("x" * 5_000_000)


class Recurses(Net):
    def misbehave(self):
        self.misbehave()


class Raises(Net):
    def misbehave(self):
        raise ValueError("this network\nnever works")


class Spoils(Net):
    def misbehave(self):
        with torch.no_grad():
            self.layers[1].weight.fill_(float("nan"))


class SetsThreads(Net):
    def misbehave(self):
        torch.set_num_threads(2)


class SetsAffinity(Net):
    def misbehave(self):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


class SetsAnomaly(Net):
    def misbehave(self):
        torch.autograd.set_detect_anomaly(True)


class SetsDeterministic(Net):
    def misbehave(self):
        torch.use_deterministic_algorithms(True)


class SetsPrecision(Net):
    def misbehave(self):
        torch.set_float32_matmul_precision("medium")


class SetsGradients(Net):
    def misbehave(self):
        torch.set_grad_enabled(False)


class SetsType(Net):
    def misbehave(self):
        torch.set_default_dtype(torch.float64)


class SetsFlushing(Net):
    def misbehave(self):
        torch.set_flush_denormal(True)


class SetsAutocast(Net):
    def misbehave(self):
        torch.set_autocast_enabled("cpu", True)


class HooksAll(Once):
    def misbehave(self):
        nn.modules.module.register_module_forward_pre_hook(lambda *_: None)


class Traces(Once):
    def misbehave(self):
        sys.setprofile(lambda *_: None)


class Leaves(Once):
    """Goes to another folder."""

    def misbehave(self):
        os.chdir("/")


class BuiltWithThreads(Net):
    """Sets what is global while it is built, where that is put back."""

    def __init__(self):
        super().__init__()
        torch.set_num_threads(2)
        torch.autograd.set_detect_anomaly(True)
        torch.use_deterministic_algorithms(True)


class SegfaultsWhenBuilt(Net):
    def __init__(self):
        super().__init__()
        ctypes.string_at(0)


class ExitsWhenBuilt(Net):
    def __init__(self):
        super().__init__()
        os._exit(0)


class InterruptsWhenBuilt(Net):
    def __init__(self):
        super().__init__()
        raise KeyboardInterrupt
