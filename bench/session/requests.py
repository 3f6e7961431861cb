"""Requests: what a worker is asked outside a grid: the catalogue, a net's layers, a checkpoint's scores, ceilings."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.plan.catalogue import ANSWER_SECONDS, Catalogue, patience_of
from bench.plan.cell import Cell
from bench.plan.task import CatalogueRequest, LayersRequest, Weights, probes_of
from bench.process import entries
from bench.process.attempts import ask
from bench.process.executor import TaskStarter, talk
from bench.process.messages import Ceiling, Layers, Verification
from bench.process.worker import WorkerError

DOWNLOAD_SECONDS, PROBE_SECONDS = 3600.0, 60.0
MOST_BYTES = 4 * 2**30  # of a checkpoint, a billion weights


def ask_catalogue(starter: TaskStarter, request: CatalogueRequest) -> Catalogue:
    """What is registered and what the machine can do; what ended the process that tried it is named and left out.

    Raises:
        BenchError: a data set that is wanted cannot be had, or the worker that was asked did not answer.

    """
    patience = DOWNLOAD_SECONDS if request.download else patience_of(request.datasets)
    try:
        parts = ask(starter, entries.CATALOGUE, lambda left_out: replace(request, left_out=left_out), patience)
        catalogue: Catalogue = _answer(parts, "catalogue")
    except WorkerError as ended:
        raise _trouble("cannot list what is registered", ended) from ended
    return catalogue


def ask_layers(starter: TaskStarter, request: LayersRequest) -> Layers:
    """The layers of one architecture, as `bench.worker.layers` tells them.

    Raises:
        BenchError: there is no such architecture or data set, they do not fit, or the worker did not answer.

    """
    trouble = f"cannot list the layers of '{request.architecture}'"
    layers: Layers = _ask(starter, entries.LAYERS, request, "layers", trouble)
    return layers


def ask_verification(starter: TaskStarter, checkpoint: Path, data_dir: str = "") -> Verification:
    """What the file of weights holds and what it scores, as `bench.worker.verify_checkpoint` tells it.

    Data sets that are not embedded are looked for in `data_dir`, or in the default folder.

    Raises:
        BenchError: the file or its data set cannot be read, or the worker did not answer.

    """
    try:
        weights = Weights(str(checkpoint.absolute()), files.content(checkpoint, MOST_BYTES), data_dir)
    except FileNotFoundError as error:
        raise BenchError(f"no checkpoint {checkpoint}: runs with --checkpoint write them to results/") from error
    except OSError as error:
        raise BenchError(f"cannot read {checkpoint}: {error.strerror}; check the path") from error
    trouble = f"cannot verify {checkpoint}"
    verification: Verification = _ask(starter, entries.VERIFY_CHECKPOINT, weights, "verification", trouble)
    return verification


def ask_ceilings(starter: TaskStarter, cells: Iterable[Cell]) -> list[Ceiling]:
    """The ceilings of each device, dtype and thread count of the cells (`bench.worker.ceilings`).

    What a worker could not measure is left out: a run goes on without.
    """
    ceilings: list[Ceiling] = []
    for probe in probes_of(cells):
        try:
            for kind, payload in talk(starter, entries.CEILINGS, probe, PROBE_SECONDS):
                ceilings += payload if kind == "measurements" else []
        except WorkerError:  # the cells themselves will tell what is wrong with this device
            continue
    return ceilings


def _ask(starter: TaskStarter, entry: str, request: Any, kind: str, trouble: str) -> Any:
    """What a worker answers; BenchError with its words if it refuses, or with the `trouble` it had."""
    try:
        return _answer(dict(talk(starter, entry, request, ANSWER_SECONDS)), kind)
    except WorkerError as ended:
        raise _trouble(trouble, ended) from ended


def _answer(parts: Mapping[str, Any], kind: str) -> Any:
    """The answer, unless it is a refusal.

    Raises:
        BenchError: it is.
        WorkerError: there is none.

    """
    if "refused" in parts:
        raise BenchError(parts["refused"])
    if kind not in parts:
        raise WorkerError("failed", "the worker ended without an answer")
    return parts[kind]


def _trouble(trouble: str, ended: WorkerError) -> BenchError:
    return BenchError(f"{trouble}: {ended.in_full}")
