"""A visit to one cell, in the worker: everything that is measured of it, handed over part by part as it is found."""

from pathlib import Path
from random import Random
from typing import Any

import torch

from bench import data
from bench.channel import Channel
from bench.measure.blocks import Block
from bench.measure.costs import measure_costs
from bench.measure.device import is_out_of_memory, open_device
from bench.measure.sources import RESIDENT_IMAGES, Sources
from bench.measure.speed import measure_inference, measure_phases, measure_relative
from bench.measure.system import describe_system
from bench.measure.train import DivergedError, train
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.visit import Visit
from bench.store.result import Measurement


def visit(task: Visit, channel: Channel) -> None:
    """Measure one cell; each part is handed over as plain data as soon as it is known.

    Kinds: "system", "stage" (what is being done), "measurements", "blocks", "training", "warning", and at the end
    "status" with (status, reason).
    """
    try:
        _measure(task, channel)
    except DivergedError as error:
        channel.send("status", ("diverged", str(error)))
    except Exception as error:  # whatever a cell raises is that cell's status; the run goes on
        status = "oom" if is_out_of_memory(error) else "failed"
        channel.send("status", (status, f"{type(error).__name__}: {_first_line(error)}"))
    else:
        channel.send("status", ("ok", None))


def _measure(task: Visit, channel: Channel) -> None:
    cell = task.cell
    device = open_device(cell.device)
    torch.set_num_threads(cell.threads)
    channel.send("system", describe_system(device))
    dataset = data.load(cell.dataset, Path(task.data_dir) if task.data_dir else None)
    sources = Sources(dataset, device)

    timed = sources.train(cell, max(RESIDENT_IMAGES, cell.batch_size))
    if task.costs:
        channel.send("stage", "costs")
        work = Workload(cell, device, *timed, dataset.num_classes)
        channel.send("measurements", [one.to_dict() for one in measure_costs(work)])
        del work
    channel.send("stage", "phases")
    work = Workload(cell, device, *timed, dataset.num_classes)
    blocks, found, warmth = measure_phases(work, task.rounds, cell.threads)
    _hand_over(channel, blocks, found)
    _warn_of(channel, warmth.steady, blocks, cell.threads)
    channel.send("stage", "inference")
    _hand_over(channel, *measure_inference(work, cell.threads))

    channel.send("stage", "relative cost")
    torch.set_num_threads(task.reference_threads)
    other = Workload(task.reference, device, *sources.train(task.reference, len(timed.images)), dataset.num_classes)
    order = Random(f"{task.order_seed}/{task.generation}/{cell.id}")  # str, so that every process draws the same
    blocks, found, steady = measure_relative(work, other, task.rounds, order, task.reference_threads)
    _hand_over(channel, blocks, found)
    _warn_of(channel, steady, blocks, task.reference_threads)
    del work, other

    if task.epochs:
        torch.set_num_threads(cell.threads)
        work = Workload(cell, device, *sources.train(cell), dataset.num_classes)
        learnt = train(work, sources.test(cell), task.epochs, lambda stage: channel.send("stage", stage))
        channel.send("training", {**learnt, "classes": list(dataset.classes)})
        channel.send("measurements", [one.to_dict() for one in _learning(learnt, cell)])


def _hand_over(channel: Channel, blocks: list[Block], found: list[Measurement]) -> None:
    channel.send("measurements", [one.to_dict() for one in found])
    facts = ("subject", "started", "wall", "cpu", "faults", "preempted", "steps")
    channel.send("blocks", [{name: getattr(block, name) for name in facts} for block in blocks])


def _learning(learnt: dict[str, Any], cell: Cell) -> list[Measurement]:
    """The learning record's last line as metrics."""
    last = learnt["epochs"][-1]
    rate = last["steps"] * cell.batch_size / last["seconds"]
    return [
        Measurement("accuracy", "1", "higher", last["test_accuracy"], "final"),
        Measurement("test_loss", "1", "lower", last["test_loss"], "final"),
        Measurement("training_throughput", "1/s", "higher", rate, "mean", cell.threads),
    ]


def _warn_of(channel: Channel, steady: bool, blocks: list[Block], threads: int) -> None:
    """What these blocks say against their own numbers."""
    subject = f"{blocks[0].subject} blocks" if len({b.subject for b in blocks}) == 1 else "relative cost"
    if not steady:
        channel.send("warning", f"{subject}: not steady after the longest warm-up")
    faults = sum(block.faults for block in blocks) / sum(block.steps for block in blocks)
    if faults > 1:
        channel.send("warning", f"{subject}: {faults:.0f} page faults a step")
    busy = sum(block.cpu for block in blocks) / sum(block.wall for block in blocks)
    if threads == 1 and busy < 0.95:
        channel.send("warning", f"{subject}: contended, this process had {busy:.0%} of its core")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
