"""Grid: from a plan and a catalogue to the cells to measure, and the cells that are skipped, each with the reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from typing import Any

from bench.errors import BenchError, unknown
from bench.plan.catalogue import Catalogue, DeviceFacts
from bench.plan.cell import Cell
from bench.plan.compiled import COMPILED, is_compiled, uncompiled
from bench.plan.energy import is_counted
from bench.plan.engines import unfit_for_engine
from bench.plan.loader import unfit_for_loader
from bench.plan.matching import meant
from bench.plan.plan import AUTO, MAX, Plan, check_measures, flag
from bench.plan.precision import PURE, words_of
from bench.plan.ranks import check_ranks, scaled, threads_of_each, unfit_for_ranks
from bench.plan.recipe import unfit_for_recipe
from bench.plan.seeds import order_seed_of
from bench.plan.split import held_out_of
from bench.plan.task import Task
from bench.plan.workloads import check_workloads, target_of

# Each field of Cell, and the field of Plan that lists its values.
AXES = {
    "architecture": "architectures",
    "optimizer": "optimizers",
    "dataset": "datasets",
    "batch_size": "batch_sizes",
    "device": "devices",
    "threads": "threads",
    "dtype": "dtypes",
    "fp32_precision": "fp32_precisions",
    "denormals": "denormals",
    "memory_format": "memory_formats",
    "mode": "modes",
    "implementation": "implementations",
    "loss": "losses",
    "learning_rate": "learning_rates",
    "schedule": "schedules",
    "normalization": "normalizations",
    "augmentation": "augmentations",
    "loader": "loaders",
    "split": "splits",
    "world_size": "world_sizes",
    "accumulate": "accumulate",
    "engine": "engines",
    "test_augmentation": "test_augmentations",
    "average": "averages",
    "clip_norm": "clip_norms",
    "initialization": "initializations",
    "seed": "seeds",
}

CROSSED = ("dataset", "device", "seed")  # with each change where a plan changes one thing at a time

_COUNTS = "counts its steps on the host"
# Of the suite's optimizers, what a graph would have to leave out (asgd has a capturable).
UNCAPTURED = {
    "adafactor": "reads back from the device in each step",
    **dict.fromkeys(("ademamix", "schedule_free", "soap"), _COUNTS),
}
NAMED = (
    "architecture",
    "optimizer",
    "dataset",
    "loss",
)  # whose values have names, or are of files or modules
NAMED_AXES = tuple(AXES[field] for field in NAMED)  # the fields of Plan that list them
_WORDS = {"dataset": "data set"}


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a plan.

    Attributes:
        cells: those to measure, in the order asked for.
        skipped: the others, each with its reason.
        untrainable: those to measure that cannot be trained, each with its reason: of them inference alone is timed.

    """

    cells: tuple[Cell, ...]
    skipped: tuple[tuple[Cell, str], ...]
    untrainable: tuple[tuple[Cell, str], ...] = ()


def expand(plan: Plan, catalogue: Catalogue, *, untrainable: bool = False) -> Grid:
    """Every combination that `plan` asks for; with `untrainable` also cells of which inference alone can be timed.

    Raises:
        BenchError: a name is unknown, a device is not there, or nothing is left to measure.

    """
    _check_sizes(plan)
    cores = catalogue.usable_cores
    axes: dict[str, tuple[Any, ...]] = {
        **{field: getattr(plan, key) for field, key in AXES.items()},
        "architecture": chosen("architecture", plan.architectures, catalogue.architectures),
        "optimizer": chosen("optimizer", plan.optimizers, catalogue.optimizers),
        "dataset": _datasets(plan, catalogue),
        "loss": chosen("loss", plan.losses, catalogue.losses),
        "device": _devices(plan, catalogue),
        "threads": plan.threads or (threads_of_each(plan, cores),),
        "learning_rate": plan.learning_rates or (None,),
        "normalization": chosen("normalization", plan.normalizations, {name: {} for name in catalogue.normalizations}),
    }
    for name, values in axes.items():
        if not values:
            raise BenchError(f"nothing to measure: no {name.replace('_', ' ')} is chosen ({flag(AXES[name])})")
    for threads in axes["threads"]:
        if threads > cores:
            raise BenchError(f"--threads {threads} is more than the {cores} cores usable here: ask for {cores} at most")
    check_ranks(axes["device"], axes["threads"], plan, catalogue)
    _check_names(axes, plan, catalogue)
    points = _points(axes, one_at_a_time=plan.one_at_a_time)
    cells = [each for cell in points for each in scaled(cell, plan.scaling)]
    cells = [replace(cell, origins=tuple(origins_of([cell], catalogue))) for cell in cells]
    cells = [_resolved(cell, catalogue) for cell in cells]
    untrained = {cell: reason for cell in cells if (reason := _untrainable(cell, catalogue))}
    left_out = {cell: why for cell, why in untrained.items() if not untrainable or cell.mode == "cuda_graph"}
    reasons = {
        cell: _unfit(cell, plan, catalogue) or _unsupported(cell, catalogue) or left_out.get(cell)
        for cell in dict.fromkeys(cells)
    }
    kept = tuple(cell for cell, reason in reasons.items() if reason is None)
    skipped = tuple((cell, reason) for cell, reason in reasons.items() if reason is not None)
    if not kept:
        others = f" (all {len(skipped)} cells are left out)" if len(skipped) > 1 else ""
        raise BenchError(f"nothing to measure: {skipped[0][1]}{others}")
    return Grid(kept, skipped, tuple((cell, untrained[cell]) for cell in kept if cell in untrained))


def _points(axes: Mapping[str, tuple[Any, ...]], *, one_at_a_time: bool) -> Iterator[Cell]:
    """Each combination of the axes' values, or the first values and what differs from these in one axis.

    Data sets, devices and seeds are crossed with each change: what it does is told by all of them.
    """
    bases = [axes]
    if one_at_a_time:
        first = {name: values if name in CROSSED else values[:1] for name, values in axes.items()}
        bases = [first, *({**first, name: values[1:]} for name, values in axes.items() if name not in CROSSED)]
    for values in bases:
        yield from (Cell(**dict(zip(axes, point, strict=True))) for point in product(*values.values()))


def _check_sizes(plan: Plan) -> None:
    """Refuse what only a search could tell, and a plan that measures nothing."""
    check_measures(plan)
    if MAX in plan.batch_sizes:
        raise BenchError(f"--batch-sizes {MAX} goes with run alone, which searches for it: name the batch sizes")


def reference_threads(cell: Cell, plan: Plan, devices: Mapping[str, DeviceFacts]) -> int:
    """CPU threads while a cell and its reference are compared: 1 on the host, unless the plan gives threads."""
    return 1 if devices[cell.device].on_host and not plan.threads else cell.threads


def task_of(cell: Cell, plan: Plan, repeat: int, devices: Mapping[str, DeviceFacts]) -> Task:
    """What a worker is asked to do with `cell` in one repeat."""
    return Task(
        cell=cell,
        relative_threads=reference_threads(cell, plan, devices),
        repeat=repeat,
        order_seed=order_seed_of(plan),
        blocks=plan.blocks,
        epochs=plan.epochs if repeat == 0 else 0,
        train_limit=plan.train_limit or inf,
        costs=repeat == 0 and plan.blocks > 0,
        peak=repeat > 0 and plan.blocks > 0 and compares_memory(plan),
        until=target_of(cell, plan.to_dict()),
        goal=plan.goal,
        evaluations=plan.evaluations,
        checkpoint=plan.checkpoint and plan.epochs > 0 and repeat == 0 and cell.split in plan.splits,
        profile=plan.profile and repeat == 0,
        insight=plan.insight and plan.epochs > 0 and repeat == 0 and cell.split == "test",
        energy=is_counted(cell, plan, devices),
        starts=plan.starts and plan.blocks > 0 and is_compiled(cell),
        data_dir=plan.data_dir,
        timeout=plan.timeout,
    )


def compares_memory(plan: Plan) -> bool:
    """Whether cells differ in what trades memory for time, so that several processes have to tell its peak."""
    return max(plan.accumulate) > 1 or "recompute" in plan.modes


def chosen(kind: str, texts: Iterable[str], known: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The entries that the texts mean, in their order.

    Raises:
        BenchError: a text matches nothing.

    """
    names: dict[str, None] = {}
    for text in texts:
        matches = matching(text, known)
        if not matches:
            if kind in NAMED and "(" in text:  # the label of what a file or module named
                raise BenchError(
                    f"unknown {_WORDS.get(kind, kind)} '{text}': name its file too, such as FILE.py:{text}"
                )
            listing = f"list {AXES[kind]}" if kind in NAMED else "run --help"
            raise unknown(_WORDS.get(kind, kind), text, known, listing)
        names.update(dict.fromkeys(matches))
    return tuple(names)


def _check_names(axes: Mapping[str, tuple[Any, ...]], plan: Plan, catalogue: Catalogue) -> None:
    """Refuse an optimizer that has no rate where it needs one, and targets of architectures that there are not."""
    _check_rates(axes["optimizer"], plan, catalogue)
    check_workloads(plan.targets, plan.held_out, catalogue.architectures)


def _check_rates(optimizers: Iterable[str], plan: Plan, catalogue: Catalogue) -> None:
    """Refuse an optimizer that has no learning rate where it needs one, or one to begin a search with."""
    for name in optimizers:
        cannot = catalogue.optimizers[name].get("cannot", {})
        if plan.tune and "tune" in cannot:
            raise BenchError(f"{cannot['tune']} (--tune)")
        if not plan.learning_rates and "default rate" in cannot:
            raise BenchError(f"{cannot['default rate']}, or give --learning-rates")


def _datasets(plan: Plan, catalogue: Catalogue) -> tuple[str, ...]:
    """The data sets; a shape of `synthetic` need not be an entry of its own."""
    shapes = {name: facts for name in plan.datasets if ":" in name and (facts := catalogue.dataset(name))}
    return chosen("dataset", plan.datasets, {**catalogue.datasets, **shapes})


def matching(text: str, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The entries of the catalogue that a text of the plan means: those of that origin, else those of such a name."""
    named = [name for name, facts in known.items() if facts.get("origin", {}).get("text", name) == text]
    return named or meant(text, {name: (name,) for name, facts in known.items() if "origin" not in facts})


def origins_of(cells: Iterable[Cell], catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Which code the cells are of that nobody registered: "architecture=my_nets.py:MyNet" to that origin's facts."""
    return {
        f"{field}={facts['origin']['text']}": dict(facts["origin"])
        for cell in cells
        for field, listing in catalogue.by_field.items()
        if "origin" in (facts := listing.get(getattr(cell, field), {}))
    }


def plugins_of(cells: Iterable[Cell], catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Which package each plug-in among the cells is of: "optimizer=lion" to its facts."""
    return {
        f"{field}={name}": dict(facts["plugin"])
        for cell in cells
        for field, listing in catalogue.by_field.items()
        if "plugin" in (facts := listing.get(name := getattr(cell, field), {}))
    }


def _devices(plan: Plan, catalogue: Catalogue) -> tuple[str, ...]:
    """The devices asked for; a kind without a number, such as "cuda", is the first of it."""
    firsts: dict[str, str] = {}
    for name, facts in catalogue.devices.items():
        firsts.setdefault(facts.kind, name)
    devices = tuple(firsts.get(name, name) for name in plan.devices)
    for name in devices:
        if name not in catalogue.devices:
            raise BenchError(f"no device '{name}' here: choose among {', '.join(catalogue.devices)} (--devices)")
    return devices


def _resolved(cell: Cell, catalogue: Catalogue) -> Cell:
    """The cell with what is there: "auto" decided, denormals flushed only where they are slow and can be.

    A GPU computes them at full speed; a suite that flushes them must run there, and on processors that cannot flush.
    """
    if cell.implementation == AUTO:
        optimizer = catalogue.optimizers[cell.optimizer]
        usable = "fused" in optimizer["implementations"] and "fused" not in optimizer["unsupported"][cell.device]
        cell = replace(cell, implementation="fused" if usable else "default")
    facts = catalogue.devices[cell.device]
    flushes = facts.slow_denormals and "flush" not in facts.unsupported
    return cell if flushes else replace(cell, denormals="keep")


def _unfit(cell: Cell, plan: Plan, catalogue: Catalogue) -> str | None:
    """Why the cell cannot take its data set's images, or cannot be trained on them as the plan wants; or None."""
    unfit = {
        kind: catalogue.architectures[cell.architecture].get(kind, {}).get(cell.dataset)
        for kind in ("incompatible", "outputs")
    }
    if reason := unfit["incompatible"]:
        return str(reason)
    if plan.epochs and unfit["outputs"]:
        return (
            f"'{cell.source('architecture')}' gives several outputs ({unfit['outputs']}), and training knows one loss: "
            "time its steps alone with --epochs 0"
        )
    images = (catalogue.dataset(cell.dataset) or {})["train"]
    images -= held_out_of(images) if cell.split == "validation" else 0
    if cell.batch_size > images:
        most = f"a batch of {cell.batch_size} is more than the {images:,} training images of {cell.dataset}"
        return f"{most}: ask for {images} at most (--batch-sizes)"
    return None


def _untrainable(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why the cell's batch, or a part of it, cannot be trained on, such as one image by batch norm; or None."""
    few: str | None = catalogue.architectures[cell.architecture].get("more_than_one", {}).get(cell.dataset)
    return few if cell.batch_size == cell.accumulate else None


def _unsupported(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why the device or the optimizer cannot do what the cell asks, or None."""
    optimizer, device = catalogue.optimizers[cell.optimizer], catalogue.devices[cell.device]
    if reason := _cannot(cell, optimizer.get("cannot", {})):
        return reason
    if optimizer["needs_closure"] and (cell.mode == "cuda_graph" or cell.dtype == "float16"):
        what = "a CUDA graph" if cell.mode == "cuda_graph" else "the gradient scaler of float16"
        return f"{cell.optimizer} evaluates the model as often as it finds need in a step, which {what} cannot"
    if cell.implementation not in (*optimizer["implementations"], COMPILED):
        return f"{cell.optimizer} has no {cell.implementation} implementation (--implementations {AUTO}: what it has)"
    if reason := optimizer["unsupported"][cell.device].get(cell.implementation):
        return f"{cell.optimizer} has no {cell.implementation} implementation on {cell.device}: {reason}"
    cannot = catalogue.architectures[cell.architecture].get("cannot", {})
    if reason := cannot.get(cell.mode) or cannot.get(cell.initialization):
        return str(reason)
    own = next((device.unsupported[word] for word in words_of(cell) if word in device.unsupported), None)
    closure = uncompiled(cell, needs_closure=optimizer["needs_closure"])
    fit = own or _uncaptured(cell) or closure or _contradiction(cell) or unfit_for_ranks(cell, catalogue)
    fit = fit or unfit_for_recipe(cell, needs_closure=optimizer["needs_closure"])
    fed = unfit_for_loader(cell, catalogue)
    return fit or unfit_for_engine(cell, catalogue) or fed or _indivisible(cell, catalogue)


def _uncaptured(cell: Cell) -> str | None:
    """Why a graph cannot replay the cell's step, or None where it can, or is not asked to."""
    if cell.mode != "cuda_graph":
        return None
    if cell.optimizer in UNCAPTURED:
        return f"{cell.optimizer} {UNCAPTURED[cell.optimizer]}, which a CUDA graph cannot"
    if cell.schedule != "constant":
        return "a captured step keeps the learning rate that it was captured with (--schedules constant)"
    if cell.dtype == "float16":
        return "the gradient scaler of float16 reads back from the device, which a CUDA graph cannot"
    return None


def _contradiction(cell: Cell) -> str | None:
    """Why the type of a cell and the arithmetic of its products do not go together, or None."""
    if cell.dtype.startswith(PURE) and cell.fp32_precision != "default":
        return f"{cell.dtype} has no products of float32 whose arithmetic could be chosen (--fp32-precisions default)"
    return None


def _indivisible(cell: Cell, catalogue: Catalogue) -> str | None:
    """Why a step of the cell cannot take its batch in parts, or None."""
    if cell.accumulate == 1:
        return None
    if cell.batch_size % cell.accumulate:
        return f"a batch of {cell.batch_size} cannot be taken in {cell.accumulate} equal parts (--batch-sizes)"
    if cell.world_size > 1:
        return "gradients of parts are added up in one process, not in several (--world-sizes 1)"
    if catalogue.optimizers[cell.optimizer]["needs_closure"]:
        return f"{cell.optimizer} evaluates the model itself, each time on the whole batch (--accumulate 1)"
    return None


def _cannot(cell: Cell, reasons: Mapping[str, str]) -> str | None:
    """Why an optimizer that is not the suite's own cannot do what the cell asks of it, or None."""
    asked = {
        "learning rate": (cell.learning_rate is not None, "leave out --learning-rates"),
        "schedule": (cell.schedule != "constant", "--schedules constant"),
        "cuda_graph": (cell.mode == "cuda_graph", "--modes eager"),
    }
    refused = (f"{reasons[what]} ({remedy})" for what, (wanted, remedy) in asked.items() if wanted and what in reasons)
    return next(refused, None)
