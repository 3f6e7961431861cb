"""A visit to one cell, in the worker: everything that is measured of it, handed over part by part as it is found."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bench import data
from bench.measure.blocks import Block
from bench.measure.costs import measure_costs
from bench.measure.device import Device, is_out_of_memory, open_device
from bench.measure.speed import measure_inference, measure_phases, measure_relative
from bench.measure.system import describe_system
from bench.measure.train import DivergedError, train
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.visit import Visit
from bench.store.result import Measurement

RESIDENT_IMAGES = 4096  # timing cycles through this many images, or one batch if that is more

Send = Callable[[str, Any], None]


class Part(NamedTuple):
    """Images and labels of one purpose, normalized and on the device."""

    images: Tensor
    labels: Tensor


def visit(task: Visit, send: Send) -> None:
    """Measure one cell; `send(kind, payload)` hands over each part as plain data.

    Kinds: "system", "stage" (what is being done), "measurements", "blocks", "training", "warning", and at the end
    "status" with (status, reason).
    """
    try:
        _measure(task, send)
    except DivergedError as error:
        send("status", ("diverged", str(error)))
    except Exception as error:  # whatever a cell raises is that cell's status; the run goes on
        status = "oom" if is_out_of_memory(error) else "failed"
        send("status", (status, f"{type(error).__name__}: {_first_line(error)}"))
    else:
        send("status", ("ok", None))


def _measure(task: Visit, send: Send) -> None:
    cell = task.cell
    device = open_device(cell.device)
    torch.set_num_threads(cell.threads)
    send("system", describe_system(device))
    dataset = data.load(cell.dataset, Path(task.data_dir) if task.data_dir else None)
    sources = _Sources(dataset, device)

    timed = sources.train(cell, limit=max(RESIDENT_IMAGES, cell.batch_size))
    if task.costs:
        send("stage", "costs")
        work = Workload(cell, device, *timed, dataset.num_classes)
        send("measurements", [one.to_dict() for one in measure_costs(work)])
        del work
    send("stage", "phases")
    work = Workload(cell, device, *timed, dataset.num_classes)
    blocks, found, warmth = measure_phases(work, task.rounds, cell.threads)
    _hand_over(send, blocks, found)
    _warn_of(send, warmth.steady, blocks, cell.threads)
    send("stage", "inference")
    _hand_over(send, *measure_inference(work, cell.threads))

    send("stage", "relative cost")
    torch.set_num_threads(task.reference_threads)
    other = Workload(task.reference, device, *sources.train(task.reference, len(timed.images)), dataset.num_classes)
    order = Random(f"{task.order_seed}/{task.generation}/{cell.id}")  # str, so that every process draws the same
    blocks, found, steady = measure_relative(work, other, task.rounds, order, task.reference_threads)
    _hand_over(send, blocks, found)
    _warn_of(send, steady, blocks, task.reference_threads)
    del work, other

    if task.epochs:
        torch.set_num_threads(cell.threads)
        work = Workload(cell, device, *sources.train(cell), dataset.num_classes)
        learnt = train(work, sources.test(cell), task.epochs, lambda stage: send("stage", stage))
        send("training", {**learnt, "classes": list(dataset.classes)})
        send("measurements", [one.to_dict() for one in _learning(learnt, cell)])


class _Sources:
    """The data set's parts, normalized as a cell wants them."""

    def __init__(self, dataset: data.Dataset, device: Device) -> None:
        self._dataset = dataset
        self._device = device
        self._statistics = data.statistics(dataset.train_images)

    def train(self, cell: Cell, limit: int | None = None) -> Part:
        """The first `limit` training images, or all."""
        return self._part(self._dataset.train_images[:limit], self._dataset.train_labels[:limit], cell)

    def test(self, cell: Cell) -> Part:
        """All test images."""
        return self._part(self._dataset.test_images, self._dataset.test_labels, cell)

    def _part(self, images: Tensor, labels: Tensor, cell: Cell) -> Part:
        if len(images) < cell.batch_size and images is not self._dataset.test_images:
            raise ValueError(f"batch size {cell.batch_size} is more than the {len(images)} training images there are")
        place = self._device.torch_device
        return Part(data.normalize(images.to(place), cell.normalization, self._statistics), labels.to(place))


def _hand_over(send: Send, blocks: list[Block], found: list[Measurement]) -> None:
    send("measurements", [one.to_dict() for one in found])
    facts = ("subject", "started", "wall", "cpu", "faults", "preempted", "steps")
    send("blocks", [{name: getattr(block, name) for name in facts} for block in blocks])


def _learning(learnt: dict[str, Any], cell: Cell) -> list[Measurement]:
    """The learning record's last line as metrics."""
    last = learnt["epochs"][-1]
    rate = last["steps"] * cell.batch_size / last["seconds"]
    return [
        Measurement("accuracy", "1", "higher", last["test_accuracy"], "final"),
        Measurement("test_loss", "1", "lower", last["test_loss"], "final"),
        Measurement("training_throughput", "1/s", "higher", rate, "mean", cell.threads),
    ]


def _warn_of(send: Send, steady: bool, blocks: list[Block], threads: int) -> None:
    """What these blocks say against their own numbers."""
    subject = f"{blocks[0].subject} blocks" if len({b.subject for b in blocks}) == 1 else "relative cost"
    if not steady:
        send("warning", f"{subject}: not steady after the longest warm-up")
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > 1:
        send("warning", f"{subject}: {faults:.0f} page faults a step")
    busy = sum(block.cpu for block in blocks) / sum(block.wall for block in blocks)
    if threads == 1 and busy < 0.95:
        send("warning", f"{subject}: contended, this process had {busy:.0%} of its core")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
