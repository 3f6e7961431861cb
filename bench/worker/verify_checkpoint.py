"""Verification: a checkpoint is read back, and its model evaluated again on the images that told its accuracy."""

import math
from dataclasses import replace
from pathlib import Path

from bench.data import Dataset
from bench.devices import device_for
from bench.errors import BenchError
from bench.machine.system import usable_cores
from bench.measure.batches import Sources, load_for
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.plan.origin import texts_of
from bench.plan.task import Weights
from bench.process.channel import Channel
from bench.process.messages import Verification
from bench.training.checkpoint import machine_of, unpacked
from bench.training.evaluate import judge, scores_of

NO_LOSS = "cross_entropy"  # whose value is not told
ELSEWHERE = 0.001  # share of the images by which another machine, which rounds differently, may be apart


def verify(task: Weights, channel: Channel) -> None:
    """Send the verification, or why it is refused: the file or its data set cannot be read."""
    try:
        channel.send("verification", _facts(task))
    except BenchError as error:
        channel.send("refused", str(error))


def _facts(task: Weights) -> Verification:
    saved = unpacked(task.content, task.name, Path(task.data_dir) if task.data_dir else None)
    threads = min(saved.cell.threads, usable_cores())
    own_loss = "loss" in texts_of(saved.cell.origins)
    cell = replace(saved.cell, device="cpu", threads=threads, mode="eager", implementation="default")
    # nothing is stepped, and a file of weights is no reason to run a file of code
    named = tuple(entry for entry in cell.origins if entry.startswith("dataset="))
    cell = replace(cell, optimizer="sgd", learning_rate=None, origins=named, loss=NO_LOSS if own_loss else cell.loss)
    device = device_for(cell)
    sources = Sources(_dataset(cell, task.data_dir), device)
    test = sources.test(cell)
    work = Workload(cell, device, test.images[:1], test.labels[:1], saved.num_classes)
    work.model.load_state_dict(saved.model.state_dict())  # into the layout that they were trained in
    loss, accuracy = judge(work, scores_of(work, test.images), test.labels)
    images = len(test.labels)
    alike = saved.cell.mode == "eager" and saved.machine == machine_of(device, threads)
    allowed = 0 if alike else math.ceil(images * ELSEWHERE)
    apart = round((accuracy - saved.entry["test_accuracy"]) * images)
    return {
        "path": task.name,
        "cell": saved.cell.to_dict(),
        "id": saved.cell.id,
        "input_shape": list(saved.input_shape),
        "num_classes": saved.num_classes,
        "parameters": sum(parameter.numel() for parameter in saved.model.parameters()),
        "verified": saved.verified,
        "entry": saved.entry,
        "again": {
            "test_loss": loss if math.isfinite(loss) and not own_loss else None,
            "test_accuracy": accuracy,
            "images": images,
            "apart": apart,
            "allowed": allowed,
            "same": abs(apart) <= allowed,
        },
    }


def _dataset(cell: Cell, data_dir: str) -> Dataset:
    try:
        return load_for(cell, data_dir, whole=True)
    except BenchError as error:
        raise BenchError(f"{error}; or name the folder that it was trained from with --data-dir FOLDER") from error
