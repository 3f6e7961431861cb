"""Settings: what code of others sets for its whole process is put back, or seen: a cell says its own."""

import gc
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch.nn.modules import module as hooks
from torch.utils import _device as device_modes

from bench.devices.cpu import denormals_flushed
from bench.devices.precision import precision_of_products


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that holds for a whole process: how it is read, and how it is put back; None where it cannot be."""

    read: Callable[[], Any]
    put: Callable[[Any], object] | None = None


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _anomaly() -> tuple[bool, bool]:
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _priority() -> int | None:
    return os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else None


def _affinity() -> tuple[int, ...] | None:
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else None


def _modes() -> int:
    """How many modes every call of torch goes through, as of a device for all new tensors."""
    return torch._C._len_torch_function_stack() + torch._C._len_torch_dispatch_stack()  # noqa: SLF001 - told nowhere else


def _hooks() -> int:
    """How many hooks every module of this process calls."""
    return sum(
        len(held) for name, held in vars(hooks).items() if name.startswith("_global_") and name.endswith("hooks")
    )


def _flag(owner: Any, path: str) -> Setting:
    """An attribute, such as "enabled", or one of a part, such as "matmul.fp32_precision"."""
    *parts, name = path.split(".")
    holder = reduce(getattr, parts, owner)
    return Setting(lambda: getattr(holder, name), lambda value: setattr(holder, name, value))


# By the name that a warning gives it.
SETTINGS: Mapping[str, Setting] = {
    "threads": Setting(torch.get_num_threads, torch.set_num_threads),
    "inter-op threads": Setting(torch.get_num_interop_threads),
    "affinity": Setting(_affinity, lambda cores: os.sched_setaffinity(0, cores)),
    "priority": Setting(_priority, lambda value: os.setpriority(os.PRIO_PROCESS, 0, value)),
    "type of new tensors": Setting(torch.get_default_dtype, torch.set_default_dtype),
    "device of new tensors": Setting(lambda: device_modes.CURRENT_DEVICE, torch.set_default_device),
    "modes of all calls": Setting(_modes),
    "gradients": Setting(torch.is_grad_enabled, torch.set_grad_enabled),
    "inference mode": Setting(torch.is_inference_mode_enabled),
    "multithreaded backward": Setting(
        torch._C._is_multithreading_enabled,  # noqa: SLF001 - told nowhere else
        torch.autograd.set_multithreading_enabled,
    ),
    "anomaly mode": Setting(_anomaly, lambda was: torch.autograd.set_detect_anomaly(*was)),
    "deterministic algorithms": Setting(
        _deterministic, lambda was: torch.use_deterministic_algorithms(was[0], warn_only=was[1])
    ),
    "filling of new tensors": _flag(torch.utils.deterministic, "fill_uninitialized_memory"),
    "precision of products": Setting(precision_of_products, torch.set_float32_matmul_precision),
    "precision of cuBLAS": _flag(torch.backends.cuda.matmul, "fp32_precision"),
    "precision of cuDNN, convolutions": _flag(torch.backends.cudnn, "conv.fp32_precision"),
    "precision of cuDNN, recurrent nets": _flag(torch.backends.cudnn, "rnn.fp32_precision"),
    "TF32 of cuDNN": _flag(torch.backends.cudnn, "allow_tf32"),
    "cuDNN": _flag(torch.backends.cudnn, "enabled"),
    "search of cuDNN": _flag(torch.backends.cudnn, "benchmark"),
    "deterministic cuDNN": _flag(torch.backends.cudnn, "deterministic"),
    "oneDNN": _flag(torch.backends.mkldnn, "enabled"),
    "products of oneDNN": _flag(torch.backends.mkldnn, "matmul.fp32_precision"),
    "convolutions of oneDNN": _flag(torch.backends.mkldnn, "conv.fp32_precision"),
    "recurrent nets of oneDNN": _flag(torch.backends.mkldnn, "rnn.fp32_precision"),
    "fast path of attention": Setting(torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled),
    "denormals flushed": Setting(denormals_flushed, torch.set_flush_denormal),
    "autocast": Setting(
        lambda: torch.is_autocast_enabled("cpu"), lambda value: torch.set_autocast_enabled("cpu", value)
    ),
    "hooks of all modules": Setting(_hooks),
    "garbage collector": Setting(gc.isenabled, lambda value: gc.enable() if value else gc.disable()),
    "trace function": Setting(sys.gettrace, sys.settrace),
    "profile function": Setting(sys.getprofile, sys.setprofile),
}
# Those that decide in which arithmetic a step is computed, and by which kernels.
OF_ARITHMETIC = (
    "type of new tensors",
    "deterministic algorithms",
    "precision of products",
    "precision of cuBLAS",
    "precision of cuDNN, convolutions",
    "precision of cuDNN, recurrent nets",
    "TF32 of cuDNN",
    "cuDNN",
    "search of cuDNN",
    "deterministic cuDNN",
    "oneDNN",
    "products of oneDNN",
    "convolutions of oneDNN",
    "recurrent nets of oneDNN",
    "denormals flushed",
    "autocast",
)
FROM_OUTSIDE = ("affinity", "priority")  # renice, taskset and a container's limits set them in a process that runs
ON_THREADS = ("threads", "affinity")  # those that a cell says of itself: another value would be another cell


def settings_now() -> dict[str, Any]:
    """Each setting of this process."""
    return {name: _read(setting) for name, setting in SETTINGS.items()}


def _read(setting: Setting) -> Any:
    try:
        return setting.read()
    except Exception as error:  # flags of an old and a new kind do not go together in torch, which raises then
        return f"cannot be read ({type(error).__name__})"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """What has changed, by name, in words: "2 -> 1"."""
    changed = {name: (value, after[name]) for name, value in before.items() if after[name] != value}
    return {name: f"{_shown(was)} -> {_shown(now)}" for name, (was, now) in changed.items()}


def who_changed(changed: Collection[str]) -> str:
    """Who may have changed settings of these names, in words."""
    return "its code, or something outside," if set(changed) & set(FROM_OUTSIDE) else "its code"


def put_back(before: Mapping[str, Any]) -> None:
    """Set again what has changed since, as far as that can be; in order, as some settings change those after them."""
    if not changes(before, settings_now()):
        return
    for name, setting in SETTINGS.items():
        if setting.put is not None and _read(setting) != before[name]:
            with suppress(Exception):  # as above; what stays is seen after the blocks
                setting.put(before[name])


@contextmanager
def settings_kept(*, random: bool = False) -> Iterator[None]:
    """At the end of the block the settings are as they were, as far as they can be put back.

    Args:
        random: so are random numbers: for an import, whose draws and seeds are no part of a cell's own seed.

    """
    before = settings_now()
    with torch.random.fork_rng(devices=[], enabled=random):
        try:
            yield
        finally:
            put_back(before)


def _shown(value: Any) -> str:
    """A value in words."""
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return str(getattr(value, "__name__", value)).removeprefix("torch.")
