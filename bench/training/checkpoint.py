"""Checkpoint: the best weights of a cell in a file, and the model that they belong to."""

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

import architectures
from bench import models
from bench.devices import Device
from bench.errors import BenchError
from bench.machine.system import describe_system
from bench.measure.workload import Workload
from bench.plan.cell import Cell
from bench.store.fingerprint import fingerprint
from bench.training.checkpoint_schema import DAMAGE, cell_of, digest_of, entry_of, images_of, is_intact

FORMAT, WITHOUT_DIGEST = 2, 1  # the older one is still read


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights in their model.

    Attributes:
        model: in eval(), on the CPU.
        cell: what was trained.
        input_shape: (C, H, W) of an image.
        num_classes: how many outputs the model has.
        entry: the entry of the learning record whose weights these are: epoch, steps, test_accuracy and so on.
        verified: whether a digest shows that they are as they were written.
        machine: what `machine_of` gave where it was trained; "" in older files.

    """

    model: nn.Module
    cell: Cell
    input_shape: tuple[int, int, int]
    num_classes: int
    entry: dict[str, Any]
    verified: bool
    machine: str


def packed(work: Workload, entry: dict[str, Any]) -> bytes:
    """The content of a checkpoint: the weights as they are now, with the `entry` of the learning record."""
    stored = {
        "format": FORMAT,
        "cell": work.cell.to_dict(),
        "input_shape": list(work.images.shape[1:]),
        "num_classes": work.num_classes,
        "entry": entry,
        "machine": machine_of(work.device, work.cell.threads),
        "weights": {name: tensor.detach().cpu() for name, tensor in work.model.state_dict().items()},
    }
    stored["digest"] = digest_of(stored)
    content = BytesIO()
    torch.save(stored, content)
    return content.getvalue()


def machine_of(device: Device, threads: int) -> str:
    """Where equal weights give equal scores to the last bit: the digest of hardware, software and threads."""
    return fingerprint(describe_system(device), threads).digest


def unpacked(content: bytes, name: str, data_dir: Path | None = None) -> Checkpoint:
    """The model that `packed` wrote. Nothing but tensors and plain data is unpickled (`weights_only=True`).

    Args:
        content: of the file.
        name: what an error calls it.
        data_dir: folder with data sets that are not embedded; None for the default.

    Raises:
        BenchError: it is damaged, not a checkpoint, or its weights are not those of its architecture.

    """
    try:
        _check_packing(content)
        stored = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what reads a damaged pickle may raise anything
        cause = "it is damaged, no checkpoint, or holds more than tensors and plain data"
        raise BenchError(f"cannot read {name}: {cause}; train again with --checkpoint") from error
    try:
        return _restored(stored, name, data_dir)
    except (architectures.RegistryError, architectures.ShapeError, *DAMAGE) as error:
        reason = (str(error).strip().splitlines() or [""])[0].rstrip(": ")
        raise BenchError(f"{name} does not fit this version ({reason}): train again with --checkpoint") from error


def _check_packing(content: bytes) -> None:
    """See that it is packed as `torch.save` packs: a zip file whose parts are not compressed, and so no larger than it.

    Raises:
        ValueError: it is not; a few bytes could unpack to any number.

    """
    with zipfile.ZipFile(BytesIO(content)) as packed:
        if sum(member.file_size for member in packed.infolist()) > len(content):
            raise ValueError("its parts are compressed")


def _restored(stored: Any, name: str, data_dir: Path | None) -> Checkpoint:
    if not isinstance(stored, dict) or type(form := stored.get("format")) is not int:
        raise ValueError("it is no checkpoint")
    if form not in (FORMAT, WITHOUT_DIGEST):
        remedy = "evaluate it with the version it is of, or train again with --checkpoint"
        raise BenchError(f"{name} has format {form}, this version reads {FORMAT} and {WITHOUT_DIGEST}: {remedy}")
    verified = form != WITHOUT_DIGEST
    if verified and not is_intact(stored):
        raise BenchError(f"{name} is damaged, its content is not what was written: train again with --checkpoint")
    cell, entry = cell_of(stored), entry_of(stored)
    shape, classes = images_of(stored, cell, data_dir)
    model = models.build(cell.architecture, shape, classes)
    model.load_state_dict(stored["weights"])
    return Checkpoint(model.eval(), cell, shape, classes, entry, verified, str(stored.get("machine", "")))
