"""Review: a checkpoint read back, and its model evaluated again on the images that told its accuracy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.channel import Channel
from bench.errors import BenchError
from bench.measure.checkpoint import load_checkpoint
from bench.measure.device import CpuDevice
from bench.measure.evaluate import judge, scores_of
from bench.measure.sources import Sources, load_for
from bench.measure.workload import Workload


def review(path: str, channel: Channel) -> None:
    """Send ("review", facts), or ("refused", why) where the file or its data set cannot be read."""
    try:
        channel.send("review", _facts(Path(path)))
    except BenchError as error:
        channel.send("refused", str(error))


def _facts(path: Path) -> dict[str, Any]:
    """The cell, the entry of its learning record, and test loss and accuracy measured again, on the CPU."""
    found, device = load_checkpoint(path), CpuDevice()
    cell = replace(found.cell, device="cpu", mode="eager", implementation="default")
    sources = Sources(load_for(cell, "", whole=True), device)
    test = sources.test(cell)
    work = Workload(cell, device, test.images[:1], test.labels[:1], found.num_classes)
    work.model = work.forward = found.model
    loss, accuracy = judge(work, scores_of(work, test.images), test.labels)
    return {
        "path": str(path),
        "cell": found.cell.to_dict(),
        "id": found.cell.id,
        "input_shape": list(found.input_shape),
        "num_classes": found.num_classes,
        "parameters": sum(parameter.numel() for parameter in found.model.parameters()),
        "entry": found.entry,
        "again": {"test_loss": loss, "test_accuracy": accuracy, "images": len(test.labels)},
    }
