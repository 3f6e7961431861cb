"""TensorBoard: learning records as TensorBoard's event files, written by torch's own SummaryWriter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from bench.process.channel import Channel
from bench.process.messages import Curves
from bench.process.scratch import scratch

# Each figure of an epoch's entry that is drawn, and the tag that it goes by: what is before the slash groups charts.
TAGS = {
    "train_loss": "loss/train",
    "test_loss": "loss/test",
    "train_accuracy": "accuracy/train",
    "test_accuracy": "accuracy/test",
    "seconds": "time/seconds",
}


def write_curves(cells: Sequence[Curves], channel: Channel) -> None:
    """Send the event files of each cell, which are written in a folder of this process."""
    for cell in cells:
        with scratch() as folder:
            _write(cell, folder)
            for path in sorted(Path(folder).iterdir()):
                channel.send("file", ("curves", f"{cell['name']}/{path.name}", path.read_bytes()))


def _write(cell: Curves, folder: str) -> None:
    with SummaryWriter(folder) as writer:
        for entry in cell["epochs"]:
            for figure, tag in TAGS.items():
                if entry.get(figure) is not None:
                    writer.add_scalar(tag, entry[figure], entry["steps"])
        parameters = {name: _plain(value) for name, value in cell["parameters"].items()}
        finals = {f"final/{name}": value for name, value in cell["metrics"].items()}
        writer.add_hparams(parameters, finals, run_name=".")  # "." is this folder


def _plain(value: Any) -> Any:
    """A setting as the hyper-parameters tab takes it."""
    return value if isinstance(value, bool | int | float | str) else "default" if value is None else str(value)
