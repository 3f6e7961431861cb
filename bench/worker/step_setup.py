"""Step set-up: from a task to the step that it names, set up, run once or twice, and closed at the end."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from bench.devices import Device, device_in_use, open_device, unsupported_on
from bench.machine.system import describe_system, usable_cores
from bench.measure.own_step import OwnStep
from bench.measure.threads import check_threads
from bench.origins.module_path import modules_from
from bench.origins.resolve import resolve
from bench.plan.cell import Cell
from bench.plan.handed import label_of
from bench.plan.origin import BASE, INSTALLED
from bench.process.messages import StepFacts, StepTask
from bench.worker.failure import NoStepError, place_told

_OURS = {"__main__", "bench", "architectures"}  # the tree server has seen to them


@contextmanager
def opened(task: StepTask) -> Iterator[tuple[OwnStep, StepFacts]]:
    """The step of a task, with what it turned out to be; closed at the end of the block.

    Raises:
        OriginError, NoStepError: there is no such step.
        BenchError: it raised, or its context did as it was closed; the message says where.

    """
    os.environ[BASE] = task["base"]
    threads = task["threads"] or usable_cores()
    torch.set_num_threads(threads)
    check_threads(threads)
    device = device_named(task["device"])
    with modules_from(task["path"]), _closed(task["label"]) as stack:
        target, origin = _target(task)
        with place_told(task["label"]):
            call = stack.enter_context(set_up(target, task["label"]))
            call()
            device = device or device_in_use()
            own = OwnStep(call, device)
            own.once()
        check_modules(task["shared"], task["base"])
        device.synchronize()
        device.settle_memory()
        threads = torch.get_num_threads()  # the step may have set them
        system = describe_system(device)
        yield own, StepFacts(origin=origin, device=device.name, threads=threads, system=system)


@contextmanager
def _closed(label: str) -> Iterator[ExitStack]:
    """What is entered in the block is left at its end, and what that raises is told, unless the block raised itself."""
    stack = ExitStack()
    try:
        yield stack
    except BaseException:
        with suppress(BaseException):  # what the step itself raised is told
            stack.close()
        raise
    with place_told(f"{label}, as it was closed"):
        stack.close()


def device_named(name: str) -> Device | None:
    """The device of that name, before the step is set up, which may ask for the current one; None for no name.

    Raises:
        NoStepError: there is none here.

    """
    if not name:
        return None
    if reason := unsupported_on(Cell("", device=name)):
        raise NoStepError(reason)
    return open_device(name)


@contextmanager
def set_up(target: Callable[[], object], label: str) -> Iterator[Callable[[], object]]:
    """The step: what calling `target` gives, if that can be called, or entered as a context; else `target` itself.

    Args:
        target: the step, or a function that sets it up.
        label: what it is called.

    Raises:
        NoStepError: it takes arguments, or gives something that is never run to its end.
        Exception: as it raised it.

    """
    if not callable(target):
        raise NoStepError(f"{label} is {type(target).__name__}, no step: give a function, or one that sets a step up")
    if needs := _needs(target):
        raise NoStepError(
            f"{label}{needs} takes arguments, and a step is called without any: bind them by functools.partial, or "
            "give a function that sets the step up"
        )
    with ExitStack() as stack:
        result: Any = target()
        if hasattr(type(result), "__enter__") and hasattr(type(result), "__exit__"):
            entered = type(result).__enter__(result)
            stack.callback(type(result).__exit__, result, None, None, None)  # it is left as if nothing was raised
            result = entered
            if not callable(result):
                raise NoStepError(f"{label} gives {type(result).__name__} in its context, and no step to be called")
        if inspect.isgenerator(result):
            raise NoStepError(f"{label} is a generator: decorate it with contextlib.contextmanager, and yield the step")
        if inspect.iscoroutine(result) or inspect.isasyncgen(result):
            if inspect.iscoroutine(result):
                result.close()  # or Python warns that nobody waited for it
            raise NoStepError(f"{label} is asynchronous: give a function that runs it to its end")
        if callable(result) and (needs := _needs(result)):
            raise NoStepError(
                f"{label} gives {label_of(result)}{needs}, which takes arguments: give a step that takes none, or "
                f"nothing if {label} is the step itself"
            )
        yield result if callable(result) else target


def _needs(step: Any) -> str:
    """The signature of what cannot be called without arguments; "" for what can, or does not tell."""
    try:
        signature = inspect.signature(step.forward if isinstance(step, torch.nn.Module) else step)
    except (TypeError, ValueError):  # it is built in
        return ""
    try:
        signature.bind()
    except TypeError:
        return str(signature)
    return ""


def check_modules(shared: str, base: str) -> None:
    """See that no module comes from the repository itself, where each side has a tree of its own.

    Raises:
        NoStepError: one does, so that both sides would run the same code.

    """
    for name, module in list(sys.modules.items()) if shared else ():
        file = Path(getattr(module, "__file__", None) or "/")
        ours = name.partition(".")[0] in _OURS or {*INSTALLED} & {*file.parts}
        if not ours and file.is_relative_to(shared) and not file.is_relative_to(base):
            raise NoStepError(
                f"{name} was imported from {file}, which is in neither revision's own tree, so that both sides would "
                "run it: have the step's file put the folder beside it that holds it on sys.path"
            )


def _target(task: StepTask) -> tuple[Callable[[], object], dict[str, Any]]:
    """The callable, and which code it is."""
    resolved = resolve(task["text"])
    if resolved.origin.arguments:
        return resolved.call, resolved.facts
    return resolved.target, resolved.facts
