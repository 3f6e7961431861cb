"""What a worker is asked: plain data that crosses to its process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from bench.plan.cell import Cell
from bench.plan.compiled import as_torch_has_it
from bench.plan.plan import Plan
from bench.plan.ranks import images_together
from bench.plan.timing import EVALUATIONS_PER_EPOCH


@dataclass(frozen=True, slots=True)
class Task:
    """One cell in one repeat, to be measured.

    Attributes:
        cell: what to measure.
        relative_threads: CPU threads while it and the reference are compared.
        repeat: which pass over the grid, from 0.
        order_seed: seeds the order of blocks, together with the repeat.
        blocks: blocks of phases, and pairs of blocks of the relative cost; 0 times nothing.
        epochs: training epochs; 0 trains nothing.
        train_limit: seconds of training, all epochs together; infinite for no limit.
        until: test accuracy at which training stops; 0 for none.
        goal: test accuracy that is looked for as often as `until` is, and stops nothing; 0 for none.
        evaluations: an epoch, where a test accuracy is looked for.
        checkpoint: whether to hand the best weights over.
        costs: whether to count operators and bytes too, which are the same in every repeat, and the peak of memory.
        peak: whether to tell the peak of memory without them.
        profile: whether to profile some steps too, after all else, and hand the trace over.
        insight: whether to look into the trained net too, after its status is told.
        energy: whether to count joules too.
        starts: whether fresh processes start the compiled cell again, with what its worker leaves.
        caches: folder for what torch.compile keeps; "" for one that ends with the worker.
        data_dir: folder with data sets that are not embedded; "" for the default.
        timeout: seconds after which the worker is ended.
        left_out: plug-ins that ended the process that tried them, with how that ended; they are not tried again.

    """

    cell: Cell
    relative_threads: int = 1
    repeat: int = 0
    order_seed: int = 0
    blocks: int = 15
    epochs: int = 0
    train_limit: float = inf
    until: float = 0.0
    goal: float = 0.0
    evaluations: int = EVALUATIONS_PER_EPOCH
    checkpoint: bool = False
    costs: bool = True
    peak: bool = False
    profile: bool = False
    insight: bool = False
    energy: bool = False
    starts: bool = False
    caches: str = ""
    data_dir: str = ""
    timeout: float = 600.0
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchTask:
    """Whether training steps on batches of one size fit a limit of memory.

    Attributes:
        cell: what to step.
        limit: bytes that the steps may take; 0 for what is free.
        data_dir: folder with data sets that are not embedded; "" for the default.
        left_out: as of Task.

    """

    cell: Cell
    limit: float = 0.0
    data_dir: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartTask:
    """A compiled cell, to be started in a fresh process.

    Attributes:
        cell: what to start.
        caches: folder with what torch.compile has kept, or an empty one.
        artifacts: what another process compiled, as torch hands it over; empty for none.
        data_dir: folder with data sets that are not embedded; "" for the default.
        left_out: as of Task.

    """

    cell: Cell
    caches: str
    artifacts: bytes = field(default=b"", repr=False)
    data_dir: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Descent:
    """A training that was recorded, to be made once more.

    Attributes:
        cell: that was trained.
        steps: that it took.
        accuracy: test accuracy that it ended with.

    """

    cell: Cell
    steps: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class SurfaceTask:
    """The loss surface of the net of cells that differ in their optimizer alone.

    Attributes:
        descents: their trainings.
        epochs: that they were given, by which learning-rate schedules go.
        data_dir: folder with data sets that are not embedded; "" for the default.
        left_out: as of Task.

    """

    descents: tuple[Descent, ...]
    epochs: int
    data_dir: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A device as some cells use it.

    Attributes:
        device: its name, such as "cpu" or "cuda:0".
        dtypes: the types that matrices are multiplied in.
        threads: CPU threads.
        optimizers: those in use: the name, the implementation, and what to build it from.

    """

    device: str
    dtypes: tuple[str, ...]
    threads: int
    optimizers: tuple[tuple[str, str, str], ...] = (("sgd", "default", "sgd"),)


def probes_of(cells: Iterable[Cell]) -> list[Probe]:
    """One probe for each device and thread count of the cells, with all types they compute in and their optimizers."""
    alike: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        alike.setdefault((cell.device, cell.threads), []).append(cell)
    return [
        Probe(
            device,
            tuple(dict.fromkeys(cell.dtype for cell in those)),
            threads,
            tuple(
                dict.fromkeys(
                    (cell.optimizer, as_torch_has_it(cell).implementation, cell.source("optimizer")) for cell in those
                )
            ),
        )
        for (device, threads), those in alike.items()
    ]


@dataclass(frozen=True, slots=True)
class CatalogueRequest:
    """The catalogue, with what a plan names by file or module, and the data sets that it needs checked.

    Attributes:
        architectures: globs, and texts that name an origin; what matches has its parameters and FLOPs counted, which
            takes time.
        datasets: names or origins that a plan wants; each must be known, well formed and at hand.
        data_dir: folder with data sets that are not embedded; "" for the default.
        download: fetch what is not there, which may take long.
        optimizers: names, globs and origins; the origins become entries.
        losses: likewise.
        batch_sizes: of the cells; whether a network can do with one image is looked at where that is among them.
        energy: whether to look for counters of energy too.
        left_out: what ended the process that tried it (`bench.origins.attempts`), with how that ended.
        devices: those that the cells are for, by name or kind; optimizers are tried on them, and on no other but the
            host, since others may be in use by someone.

    """

    architectures: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data_dir: str = ""
    download: bool = False
    optimizers: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    batch_sizes: tuple[int, ...] = ()
    energy: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()


def request_of(plan: Plan) -> CatalogueRequest:
    """What a plan needs to know."""
    return CatalogueRequest(
        plan.architectures,
        plan.datasets,
        plan.data_dir,
        plan.download,
        plan.optimizers,
        plan.losses,
        (*plan.sizes, *images_together(plan)),
        plan.energy,
        devices=plan.devices,
    )


@dataclass(frozen=True, slots=True)
class LayersRequest:
    """The layers of one architecture.

    Attributes:
        architecture: its name, or the text of its origin.
        dataset: whose images and classes it is built for; "" for the architecture's own.

    """

    architecture: str
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """A checkpoint to be read back and evaluated.

    Attributes:
        name: what to call it, its path.
        content: its bytes, since the worker may not see that path.
        data_dir: folder with data sets that are not embedded; "" for the default.

    """

    name: str
    content: bytes = field(repr=False)
    data_dir: str = ""


@dataclass(frozen=True, slots=True)
class HandedObject:
    """An object that a Python program handed over by value.

    Attributes:
        value: pickled; it crosses to workers, and is never stored.
        facts: which code it is: `pickle`, the SHA-256 of the value, and the `file` that it was written in with its
            `sha256`, where there is one.

    """

    value: bytes = field(repr=False)
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HandedTask:
    """A task of another entry, with the objects that its texts mean.

    Attributes:
        objects: by the text that stands for each, such as "python:MyNet#1a2b3c4d".
        entry: the function to go on with.
        task: its task.
        path: the module path of the program, which the objects' modules come from.

    """

    objects: Mapping[str, HandedObject]
    entry: str
    task: Any
    path: tuple[str, ...] = ()
