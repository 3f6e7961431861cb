"""Training of one cell from scratch: its learning record, metrics and warnings, sent as they are known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from torch import Tensor

from bench import data
from bench.counters.energy import EnergyMeter
from bench.measure import denormals
from bench.measure.batches import Sources
from bench.measure.blocks import Block, Meter
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.task import Task
from bench.process.channel import Channel
from bench.store.result import Measurement
from bench.store.warning import Warning
from bench.text import PERCENT, quantity
from bench.training import checkpoint
from bench.training.evaluate import examine
from bench.training.loading import Loading
from bench.training.train import train

UNEVEN = 1.3  # the slowest quarter of an epoch over the fastest: chosen, to be beyond the noise of a quiet machine


@dataclass(frozen=True, slots=True)
class Trained:
    """What is left of a training.

    Attributes:
        measurements: its metrics.
        block: all of it as one.
        work: with the weights at the end.
        scores: (M, K) that these give the test images.
        beside: who was at work beside the processes of a loader; None where it has none.

    """

    measurements: list[Measurement]
    block: Block
    work: Workload
    scores: Tensor
    beside: list[Warning] | None = None


def learn(task: Task, sources: Sources, channel: Channel, meter: EnergyMeter | None = None) -> Trained:
    """Train the task's cell; sends stages, the record and warnings.

    The record is sent after each evaluation, so that it is kept where the process is ended early. With a `meter` it has
    joules.

    Raises:
        DivergedError: the loss was not finite any more.

    """
    cell, dataset, part = task.cell, sources.dataset, sources.train(task.cell)
    work = sources.workload(cell, part, loading=True)
    test, classes = sources.test(cell), {"classes": list(dataset.classes)}

    def evaluated(learnt: dict[str, Any], improved: bool) -> None:
        channel.send("training", {**learnt, **classes})  # the latest is kept, so that a timeout loses an epoch at most
        if improved and task.checkpoint:
            channel.send("file", ("checkpoint", "best.pt", checkpoint.packed(work, learnt["epochs"][-1])))

    loading = Loading.of(work.loader, cell.threads)
    spent = Meter()
    learnt, scores = train(
        work,
        test,
        task.epochs,
        lambda stage: channel.send("stage", stage),
        limit=task.train_limit,
        until=task.until,
        often=task.goal > 0,
        evaluations=task.evaluations,
        meter=meter,
        evaluated=evaluated,
    )
    beside = loading.end("training")[1] if loading else None
    work.stop_loading()
    block = Block(subject="training", **spent.read(), intervals=np.empty((learnt["epochs"][-1]["steps"], 0)))
    seen = examine(scores, test.labels, data.as_bytes(dataset.test_images, sources.statistics))
    if cell.split != "test":  # only the test images are ever shown
        seen = {key: value for key, value in seen.items() if key not in ("digits", "mistakes")}
    channel.send("training", {**learnt, **classes, **seen})
    for warning in (*_warnings(learnt, task.epochs), *denormals.warnings_of("training", work)):
        channel.send("warning", warning.to_dict())
    return Trained(metrics_of(learnt, cell), block, work, scores, beside)


def metrics_of(learnt: dict[str, Any], cell: Cell) -> list[Measurement]:
    """The last entry of a learning record as metrics, and with a target how long it took to reach it.

    `time_to_accuracy` is `training_step` times `steps_to_accuracy`, and absent, as those are, where it was not reached.
    """
    last, until = learnt["epochs"][-1], learnt["until"]
    step = last["seconds"] / last["steps"]
    measurements = [
        Measurement.of_value("accuracy", last["test_accuracy"], "final"),
        Measurement.of_value("train_accuracy", last["train_accuracy"], "final"),
        Measurement.of_value("test_loss", last["test_loss"], "final"),
        Measurement.of_value("training_throughput", cell.batch_size / step, "mean", cell.threads),
        Measurement.of_value("training_step", step, "mean", cell.threads),
    ]
    if until:
        measurements.append(Measurement.of_value("reached", float(until["reached"]), "share"))
    if until and until["reached"]:
        measurements += [
            Measurement.of_value("time_to_accuracy", last["seconds"], "at target", cell.threads),
            Measurement.of_value("steps_to_accuracy", float(last["steps"]), "at target"),
        ]
        if "joules" in last:
            measurements.append(Measurement.of_value("energy_to_accuracy", last["joules"], "at target", cell.threads))
    return measurements


def paces_of(gradients: Mapping[str, Any]) -> list[float]:
    """Seconds a step from each noted step to the next: of each quarter of an epoch."""
    return [
        (after - before) / (end - start)
        for (before, after), (start, end) in zip(
            pairwise(gradients["seconds"]), pairwise(gradients["steps"]), strict=True
        )
    ]


def _warnings(learnt: dict[str, Any], epochs: int) -> Iterator[Warning]:
    last, until = learnt["epochs"][-1], learnt["until"]
    paces = paces_of(learnt["gradients"])
    if paces and max(paces) > UNEVEN * min(paces):
        times = max(paces) / min(paces)
        text = f"its steps took {times:.1f} times as long in one quarter of an epoch as in another"
        yield Warning("training", "uneven", times, text)
    if limit := learnt["limit"]:
        text = f"training stopped after {limit:g} s, at epoch {last['epoch']:.1f} of {epochs} (--train-limit)"
        yield Warning("training", "time limit", limit, text)
    if until and not until["reached"]:
        best = max(entry["test_accuracy"] for entry in learnt["epochs"])
        target, reached = quantity(until["target"], PERCENT), quantity(best, PERCENT)
        text = f"{target} test accuracy was not reached; the best was {reached} (--until)"
        yield Warning("training", "target missed", best, text)
