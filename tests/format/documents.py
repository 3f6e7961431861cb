"""Documents: every file that the suite writes, with the tables of its fields. The code gives fields, types and absence.

What the code does not say stands here: the units of plain numbers, and fields that no dataclass has.
"""

from dataclasses import dataclass, field, fields, replace

from bench.compare.calibration import SCHEMA as CALIBRATION
from bench.compare.calibration import Calibration, RunCounts
from bench.compare.facts import ComparisonFacts, SideFacts
from bench.compare.log import SCHEMA as COMPARISON
from bench.compare.records import CountsRecord, EndRecord, FailureRecord, PairRecord, SamenessRecord
from bench.plan.cell import Cell
from bench.plan.largest import Try
from bench.plan.plan import SETTINGS, Plan
from bench.plan.tuning import Trial
from bench.process.layout import Layout
from bench.process.messages import Ceiling
from bench.regression.history import Point
from bench.stats.change_points import Change
from bench.stats.interval import Interval
from bench.stats.operating_characteristics import Rates
from bench.step_results import Measurement as StepMeasurement
from bench.store.baseline import SCHEMA as BASELINE
from bench.store.baseline import StoredSummary
from bench.store.elsewhere import SCHEMA as PUBLISHED
from bench.store.elsewhere import Figure, FigureFile
from bench.store.facts import Git
from bench.store.fingerprint import Fingerprint
from bench.store.goal_verdict import GoalTime, GoalVerdict
from bench.store.insight import (
    Adversarial,
    Ascent,
    Bin,
    Edge,
    Edges,
    Features,
    FilterBank,
    Fooled,
    Insight,
    LayerMaps,
    Saliency,
    Scored,
    Strength,
)
from bench.store.insight import Calibration as Reliability
from bench.store.published import PublishedComparison
from bench.store.raster import Raster
from bench.store.readings import COLUMNS
from bench.store.result import SCHEMA as RUN
from bench.store.run_document import RunDocument
from bench.store.spread import Spread
from bench.store.stored import (
    StoredBlock,
    StoredCell,
    StoredEvaluation,
    StoredHead,
    StoredLine,
    StoredMeasurement,
    StoredMemory,
    StoredPhase,
    StoredTraining,
    StoredWarning,
)
from bench.store.summary import CellSummary
from bench.store.surface import Path, Plane, Surface, Track
from bench.store.warning import Warning
from bench.verdict.verdict import SCHEMA as DECISION
from bench.verdict.verdict import Anchor, Decision, Verdict
from tests.format.fields import ABSENT, EITHER, NEVER, NULL, Row, meanings_of, rows_of

OF_METRIC = "of its metric"
TIME = {"started": "UTC, ISO 8601"}


@dataclass(frozen=True)
class Table:
    """The fields of one kind of object.

    Attributes:
        title: the heading.
        text: a sentence or two before the table.
        shape: the dataclass or TypedDict that gives the fields, if there is one.
        units: of the fields that are numbers or moments.
        changed: what the code cannot say of some fields: by name, other values of the row's.
        before: rows that stand before those of the shape, or instead of them.

    """

    title: str
    text: str
    shape: object = None
    units: dict = field(default_factory=dict)
    changed: dict = field(default_factory=dict)
    before: tuple = ()

    def rows(self):
        given = rows_of(self.shape, NAMED) if self.shape else []
        rows = [*self.before, *given]
        return [
            replace(row, **{"unit": self.units.get(row.name, row.unit), **self.changed.get(row.name, {})})
            for row in rows
        ]


@dataclass(frozen=True)
class Document:
    """One file: its path, the number of its schema (None where it has none), and its tables."""

    title: str
    text: str
    tables: tuple
    schema: int | None = None


def means(**meanings):
    return {name: {"meaning": meaning} for name, meaning in meanings.items()}


# Options that came after files of this schema were kept: a reader takes their defaults.
LATER = (
    "fp32_precisions", "augmentations", "world_sizes", "scaling", "oversubscribe", "accumulate", "memory_limit", "goal",
    "address", "shard", "energy", "engines", "loaders", "starts", "insight", "surface", "targets", "evaluations",
    "held_out", "test_augmentations", "averages", "clip_norms", "initializations", "one_at_a_time",
)  # fmt: skip


def plan_rows():
    """The fields of a plan, as the help of their flags says."""
    units = {"duration": "s", "limit": "s", "share": "1", "goal": "1", "size": "B"}
    for row in rows_of(Plan, NAMED):
        metadata = SETTINGS[row.name].metadata
        unit = units.get(metadata["reads"], "1") if row.is_number else "-"
        missing = ABSENT if row.name in LATER else row.missing
        yield replace(row, unit=unit, missing=missing, meaning=metadata["help"].replace("%%", "%"))


NAMED = {
    Anchor: "Anchor",
    Calibration: "Calibration",
    Ceiling: "Ceiling",
    Cell: "Cell",
    Change: "Change",
    Decision: "Decision",
    Figure: "Figure",
    Fingerprint: "Machine",
    GoalTime: "Goal time",
    GoalVerdict: "Goal verdict",
    Interval: "Interval",
    Raster: "Raster",
    Scored: "Scored",
    FilterBank: "Filter bank",
    Features: "Features",
    LayerMaps: "Layer maps",
    Saliency: "Saliency",
    Ascent: "Ascent",
    Adversarial: "Adversarial",
    Strength: "Strength",
    Fooled: "Fooled",
    Reliability: "Reliability",
    Bin: "Bin",
    Edges: "Edges",
    Edge: "Edge",
    Insight: "Insight",
    Layout: "Layout",
    Point: "Point",
    Rates: "Rates",
    RunCounts: "Run counts",
    SideFacts: "Side",
    Path: "Path",
    Plane: "Plane",
    Spread: "Spread",
    Surface: "Surface",
    Track: "Track",
    StoredBlock: "Block",
    StoredCell: "Cell",
    StoredEvaluation: "Evaluation",
    StoredMeasurement: "Measurement",
    StoredMemory: "Memory",
    StoredPhase: "Phase",
    StoredTraining: "Learning record",
    StoredWarning: "Warning",
    Try: "Try",
    Verdict: "Verdict",
}

PLAN = Table(
    "Plan", "The key `plan` of run.json: what was asked for. Each field is a flag of `run`, and a key of a suite.",
    before=tuple(plan_rows()),
)  # fmt: skip
GIT = Table(
    "Git", "The key `git` of run.json; an empty object without git.", Git,
    changed={
        "revision": {"meaning": "the full hash of what was checked out"},
        "dirty": {"meaning": "whether the code differed from it, results and reports aside"},
        "committed": {"meaning": "when it was committed", "unit": "ISO 8601"},
    },
)  # fmt: skip
CEILING = Table(
    "Ceiling", "An entry of `ceilings` in run.json: the best rates of one dtype on one device.", Ceiling,
    {
        "threads": "1", "flops_per_second": "FLOP/s", "bytes_per_second": "B/s", "operator_seconds": "s",
        "step_seconds": "s",
    },
    means(device="by its name", dtype="of the arithmetic", threads="CPU threads in force"),
)  # fmt: skip
ORIGIN = Table(
    "Origin",
    "An entry of `origins` in run.json, under the field of the cell and the text that named it, such as "
    '"architecture=my_nets.py:MyNet", or the name of a plug-in, "optimizer=lion".',
    before=(
        Row("text", "text", ABSENT, "-", "as it was named"),
        Row("file", "text", ABSENT, "-", "its file; of a data set of files also a folder"),
        Row("sha256", "text", ABSENT, "-", "of the content of that file or folder"),
        Row("package", "text", ABSENT, "-", "the package that it is of, where it is of one"),
        Row("version", "text", EITHER, "-", "of that package; null where it tells none"),
        Row("pickle", "text", ABSENT, "-", "of an object of a Python program, the SHA-256 of its value"),
        Row("description", "text", ABSENT, "-", "of a data set, what it is in words"),
    ),
)  # fmt: skip
SYSTEM = Table(
    "System", "The key `system` of a line, as the worker saw it. What the machine does not tell is absent; of what was "
    "imported, all but a few.",
    before=tuple(
        Row(name, kind, ABSENT, unit, meaning) for name, (kind, unit, meaning) in {
            "cpu": ("text", "-", "the processor's name"),
            "isa": ("text", "-", "the instructions that torch uses of it"),
            "cores": ("integer", "1", "that the system has"),
            "cores_usable": ("integer", "1", "that a process may use: its affinity, and the quota of the group"),
            "affinity": ("list of integers", "1", "the numbers of the cores that it may run on"),
            "cpu_quota": ("number", "1", "cores' worth of time that the group of processes is granted"),
            "virtualization": ("text", "-", 'the virtual machine; "none" on bare metal'),
            "governor": ("text", "-", "who sets the clock of the cores"),
            "memory": ("integer", "B", "physical memory"),
            "os": ("text", "-", "the operating system"),
            "arch": ("text", "-", "the architecture of the processor"),
            "python": ("text", "-", "its version"),
            "torch": ("text", "-", "its version"),
            "bench": ("text", "-", "the version of this suite"),
            "allocator": ("text", "-", "who hands out memory, and whether large blocks stay in the process"),
            "openmp": ("object of text", "-", "the variables that place its threads"),
            "environment": ("object of text", "-", "variables that are set and decide what torch and its libraries do"),
            "start_method": ("text", "-", "how workers are started"),
            "load": ("number", "1", "the load average over a minute"),
            "precision": (
                "object", "-",
                '`matmul`, `tf32` (or "by operator"), `cudnn_benchmark`, `deterministic`, `flush_denormal`',
            ),
            "fp32_precision": ("object of text", "-", "torch's flags of products of float32, by kind of operator"),
            "identity": ("list of text", "-", "names of device facts that have to be equal before times compare"),
            "layout": ("[Layout](#layout)", "-", "where the memory of the process lies"),
            "energy": ("list of text", "-", "the counters whose joules are added up"),
            "gpu": ("text", "-", "the name of a GPU"),
            "gpu_memory": ("integer", "B", "of the GPU"),
            "gpu_multiprocessors": ("integer", "1", "of the GPU"),
            "gpu_units": ("integer", "1", "of an XPU, that compute"),
            "gpu_cache": ("integer", "B", "the last level of its cache"),
            "gpu_arch": ("text", "-", "of AMD's, what its code is made for"),
            "gpu_uuid": ("text", "-", "which one of its kind it is"),
            "gpu_pci": ("text", "-", "where it is plugged in"),
            "gpu_float32": ("object of text", "-", "in what `products` and `convolutions` of float32 are computed"),
            "gpu_timing": ("text", "-", "how a step is marked there"),
            "cuda": ("text", "-", "its version"),
            "rocm": ("text", "-", "its version"),
            "cudnn": ("integer", "1", "its version"),
            "gpu_clock_mhz": ("integer", "MHz", "the clock now"),
            "gpu_clock_max_mhz": ("integer", "MHz", "the highest clock"),
            "gpu_temperature": ("integer", "°C", "of the GPU"),
            "gpu_busy": ("number", "1", "share of the time that it was busy"),
            "gpu_driver": ("text", "-", "the version of its driver"),
            "gpu_persistence": ("true or false", "-", "whether the driver stays loaded"),
            "gpu_throttle": ("list of text", "-", "why the clock is held down"),
            "node": ("text", "-", "the node of a cluster that it was measured on"),
        }.items()
    ),
)  # fmt: skip
INSIGHT = Table(
    "Insight",
    "The key `insight` of a line: a look into the trained net, with `--insight`, see [insight.md](insight.md).",
    Insight, {"seconds": "s"},
)  # fmt: skip
RASTER = Table(
    "Raster", "Pictures of one size, 8 bits a value: a byte b stands for low + b / 255 (high - low).", Raster,
    {"count": "1", "channels": "1", "height": "1", "width": "1", "low": "of the values", "high": "of the values"},
)  # fmt: skip
SEEN = (
    Table(
        "Scored", "An entry of `scores`: a chosen test image.", Scored,
        {"index": "1", "label": "1", "predicted": "1", "scores": "1"},
    ),
    Table(
        "Filter bank", "An entry of `filters`: learned filters of one layer.", FilterBank,
        {"filters": "1", "inputs": "1", "columns": "1"},
    ),
    Table("Features", "An entry of `features`: feature maps of one image.", Features, {"index": "1"}),
    Table("Layer maps", "Those of one layer.", LayerMaps, {"channels": "1"}),
    Table("Saliency", "An entry of `saliency`.", Saliency, {"index": "1", "predicted": "1"}),
    Table("Ascent", "What maximizes classes.", Ascent, {"steps": "1", "classes": "1", "probabilities": "1"}),
    Table(
        "Adversarial", "Attacks by FGSM and PGD.", Adversarial,
        {"images": "1", "clean": "1", "steps": "1", "step_size": "1"},
    ),
    Table("Strength", "Accuracies within one bound.", Strength, {"eps": "1", "fgsm": "1", "pgd": "1"}),
    Table(
        "Fooled", "An image and what fooled the net.", Fooled,
        {"index": "1", "label": "1", "predicted": "1", "eps": "1", "before": "1", "after": "1"},
    ),
    Table("Reliability", "Probabilities against the share that is right.", Reliability, {"error": "1"}),
    Table(
        "Bin", "One range of probabilities.", Bin,
        {"low": "1", "high": "1", "images": "1", "confidence": "1", "accuracy": "1"},
    ),
    Table("Edges", "Edge handling and pooling.", Edges, {"index": "1"}),
    Table("Edge", "One map of it.", Edge),
)  # fmt: skip
PROFILE = Table(
    "Profile", "The key `profile` of a line: what was read of a profile, see [profiling.md](profiling.md).",
    before=(
        Row("trace", "text", NEVER, "-", "the name of the file, in the folder of the cell under traces/"),
        Row("bytes", "integer", NEVER, "B", "of that file"),
        Row("side", '"host", "device"', NEVER, "-", "whose time the rows are of"),
        Row("events", "integer", NEVER, "1", "in the trace"),
        Row("steps", "integer", NEVER, "1", "how many whole steps the times are of"),
        Row("left_out", "list of pairs", NEVER, "-", "steps that are not in it, each with what it lost"),
        Row("notes", "list of text", NEVER, "-", "what to know of the trace"),
        Row("seconds", "number", NEVER, "s", "a step"),
        Row("phases", "object of numbers", NEVER, "s", "of a step, by phase"),
        Row("rows", "list of lists", NEVER, "-", "phase, category, operator, module, seconds and calls of one step"),
        Row("reading", "object", NEVER, "-", "the analysis of torch-tb-profiler"),
        Row("launches", "object of numbers", ABSENT, "1", "kernels that a step launches on a GPU, by phase"),
        Row("busy", "number", ABSENT, "s", "of a step, for which a GPU was busy"),
        Row("idle", "object of numbers", ABSENT, "s", "of a step, for which it was not, by cause"),
    ),
)  # fmt: skip
TUNED = Table(
    "Tuned", "An entry of `tuned` in run.json: a configuration and the trials of its learning rate.",
    before=(
        Row("id", "text", NEVER, "-", "of the configuration, whatever its rate"),
        Row("cell", "[Cell](#cell)", NEVER, "-", "the same by its fields"),
        Row("learning_rate", "number", NULL, "1", "the rate that was chosen; null where none trained the net"),
        Row("trials", "list of [Trial](#trial)", NEVER, "-", "what each rate gave with each seed"),
    ),
)  # fmt: skip
LARGEST = Table(
    "Largest", "An entry of `largest` in run.json: the search for the largest batch that fits, of cells that share it.",
    before=(
        Row("id", "text", NEVER, "-", "of one of the cells, with the batch size that was found"),
        Row("cell", "[Cell](#cell)", NEVER, "-", "the same by its fields"),
        Row("batch_size", "integer", NEVER, "1", "images of the largest batch that fits; 0 where none does"),
        Row("limit", "number", NEVER, "B", "what training steps may take"),
        Row("most", "integer", NEVER, "1", "training images that there are"),
        Row("tries", "list of [Try](#try)", NEVER, "-", "in the order in which they were made"),
    ),
)  # fmt: skip
TRY = Table(
    "Try", "Training steps on batches of one size, within a limit of memory.", Try,
    {"batch_size": "1", "peak_memory": "B"},
)  # fmt: skip
SURFACES = (
    Table(
        "Surface",
        "An entry of `surfaces` in run.json: planes through the loss surface of a net, with `--surface`, see "
        "[surface.md](surface.md).",
        Surface, {"parameters": "1", "images": "1", "seconds": "s"},
        {name: {"missing": ABSENT} for name in ("parameters", "images", "seconds", "paths", "planes")},
    ),
    Table(
        "Path", "The weights of one optimizer over its training.", Path,
        {"steps": "1", "losses": "1", "moved": "1", "accuracy": "1", "recorded": "1"},
    ),
    Table("Plane", "The loss on a plane.", Plane, {"centre": "1", "reach": "1", "ridges": "1"}),
    Table("Track", "A path as a plane shows it.", Track, {"x": "1", "y": "1", "off": "1", "share": "1"}),
)  # fmt: skip
PART = Table(
    "Part", "An entry of `merged` in run.json: a run that was merged into this one.",
    before=(
        Row("run", "text", NEVER, "-", "its name, which its lines bear"),
        Row("shard", "text", NEVER, "-", 'such as "2/5"; empty where it was the whole plan'),
        Row("status", "text", NEVER, "-", "how it ended"),
        Row("started", "text", NEVER, "UTC, ISO 8601", "when it began"),
        Row("finished", "text", NEVER, "UTC, ISO 8601", "when measuring ended"),
        Row("command", "text", NEVER, "-", "what repeats it"),
        Row("resumed", "list of text", NEVER, "-", "the commands that went on with it"),
        Row("order_seed", "integer", NULL, "1", "of the order in which its cells were measured"),
        Row("nodes", "list of text", NEVER, "-", "the machines that its tasks ran on"),
        Row("versions", "object of text", NEVER, "-", "of packages, by name"),
        Row("machines", "list of text", NEVER, "-", "the digests of its classes of machines"),
        Row("ceilings", "list of [Ceiling](#ceiling)", NULL, "-", "what its machine can do at most; null if unknown"),
    ),
)  # fmt: skip
TRIAL = Table(
    "Trial", "One learning rate with one seed, judged by held-out training images.", Trial,
    {"learning_rate": "1", "accuracy": "1", "loss": "1", "seed": "1"},
    means(
        learning_rate="that was tried", status="how its process ended", reason="why it is not ok",
        accuracy="share of the held-out images that is right", loss="the cell's own loss of them",
        seed="of the weights and of the order of batches",
    ),
)  # fmt: skip
LINE = Table(
    "Line", "A line of results.jsonl: what one process gave of one cell. The keys stand in this order.", StoredLine,
    {"schema": "1", "repeat": "1", "seconds": "s", "operators": "1", **TIME}, {
        **means(**meanings_of(StoredHead)), "profile": {"type": "[Profile](#profile)", "missing": NULL},
        "system": {"type": "[System](#system)"},
    },
)  # fmt: skip
_OF_THE_CELL = {
    "architecture": "the net by name, or its label; of a benchmark that was imported, that benchmark's full name",
    "optimizer": "by name or label",
    "dataset": 'by name or label; "pytest-benchmark" of what was imported, "step" of a step of somebody\'s own',
    "batch_size": "images a step",
    "device": "by its name: cpu, cuda:0",
    "threads": "CPU threads of the step and of training",
    "dtype": "of the arithmetic",
    "fp32_precision": "in which arithmetic products of float32 are computed, all or those of one kind of operator",
    "denormals": "whether denormal numbers are kept or flushed to zero",
    "memory_format": "layout of the images",
    "mode": "how a step is run",
    "implementation": "the optimizer's code path",
    "loss": "by name or label",
    "learning_rate": "null for the optimizer's own",
    "schedule": "of the learning rate",
    "normalization": "scaling of the pixels",
    "augmentation": "what is done to each batch of training images: none, shift, crop, flip, cutout, or some with +",
    "loader": "how batches come to be: resident, gathered on the device; or by a DataLoader, with _N for N processes",
    "split": "which images tell the accuracy: test, or validation, held out of the training images",
    "world_size": "processes that train it together; its batch is of all of them, its threads of each",
    "accumulate": "equal parts in which a step takes its batch, whose gradients are added up",
    "engine": "by what it answers once it is trained, which is measured then; none: training steps are",
    "test_augmentation": "what else of an image its scores are the mean over: none, flip or shift",
    "average": "which weights are evaluated: none, those of the last step, ema with its decay, or swa",
    "clip_norm": "what the norm of a step's gradients is cut down to; 0: they are left as they are",
    "initialization": "how the initial weights of linear layers and convolutions are drawn; default: as the net has it",
    "seed": "of the weights and of the order of batches",
    "origins": 'which file or module each label stands for, such as "architecture=my_nets.py:MyNet"',
}
CELL = Table(
    "Cell",
    "Everything that decides what is measured. Of what was imported, all is null but `architecture` and `dataset`. A "
    "baseline leaves out what is at its default, and is read so.",
    Cell,
    dict.fromkeys(
        ("batch_size", "threads", "learning_rate", "world_size", "accumulate", "clip_norm", "seed"), "1"
    ),
    {
        **means(**_OF_THE_CELL),
        **{
            name: {"meaning": _OF_THE_CELL[name], "missing": ABSENT}
            for name in (
                "fp32_precision", "augmentation", "loader", "world_size", "accumulate", "engine", "test_augmentation",
                "average", "clip_norm", "initialization",
            )
        },
    },
)  # fmt: skip
WARNING = Table(
    "Warning", "What speaks against a part of a result.", Warning, {"amount": "of its kind"},
    means(
        amount="how much: of faulting, page faults a step; of contended, the share of a core that was waited for; of "
        "reference disturbed, the share that it took longer; of drifting, the share a block; of denormals, the share "
        "of weights and state; of uneven, how many times as long; of time limit, s; of target missed, the best test "
        "accuracy; of left running, processes; of node lost, nodes; of oversubscribed, threads to a core; of costly "
        "marks, the share of a step. Null for other kinds",
    ),
)  # fmt: skip
MEASUREMENT = Table(
    "Measurement", "One metric of one process. The unit of each metric is in [metrics.md](metrics.md).",
    StoredMeasurement, {"value": OF_METRIC, "threads": "1", "n": "1", "median": OF_METRIC},
)  # fmt: skip
SPREAD = Table(
    "Spread", "What a file of pytest-benchmark says of the rounds of one benchmark; what it does not say is absent.",
    Spread,
    {
        **dict.fromkeys(("rounds", "iterations"), "1"),
        **dict.fromkeys(("min", "q1", "q3", "max", "mean", "stddev", "iqr"), "s"),
    },
    {name: {"missing": ABSENT} for name in (entry.name for entry in fields(Spread))},
)  # fmt: skip
BLOCK = Table(
    "Block", "One timed block.", StoredBlock,
    {
        "started": "s", "wall": "s", "cpu": "s", "faults": "1", "preempted": "1", "waited": "s", "steps": "1",
        "joules": "J",
    },
)  # fmt: skip
TRAINING = Table(
    "Learning record", "The key `training` of a line.", StoredTraining, {"seed": "1", "limit": "s"},
    {
        "classes": {"type": "list of text"}, "gradients": {"type": "object"},
        "shape": {"type": "list of integers", "unit": "1"},
        "per_class": {"type": "list of numbers", "unit": "1"},
        "confusion": {"type": "list of lists of integers", "unit": "1"},
        "digits": {"type": "list of objects"}, "mistakes": {"type": "list of objects"},
    },
)  # fmt: skip
EVALUATION = Table(
    "Evaluation", "An entry of `epochs` in a learning record; a checkpoint has that of its weights.", StoredEvaluation,
    {
        "epoch": "1", "steps": "1", "seconds": "s", "train_loss": "1", "train_accuracy": "1", "test_loss": "1",
        "test_accuracy": "1", "joules": "J",
    },
)  # fmt: skip
MEMORY = Table(
    "Memory", "The key `memory` of a line: what one step holds when, see [memory.md](memory.md). Between two moments "
    "it is what it was at the first.", StoredMemory, {"seconds": "s", "bytes": "B", "end": "s"},
)  # fmt: skip
PHASE = Table("Phase", "An entry of `phases` in a memory.", StoredPhase, {"start": "s"})
DECIDED = Table(
    "Decision", "The whole document.", Decision, {"schema": "1", "exit_code": "1", "seconds": "s", **TIME},
    before=(
        Row("schema", "integer", NEVER, "1", "of this file"),
        Row("overall", '"regression", "not comparable", "inconclusive", "pass"', NEVER, "-", "the gravest of "
            "the verdicts"),
        Row("exit_code", "integer", NEVER, "1", "0 pass, 1 regression, 3 inconclusive, 4 not comparable"),
    ),
    changed={"versions": {"type": "object of pairs of text", "meaning": "of each package that differs between "
        "two interpreters, both versions, null for none"}},
)  # fmt: skip
VERDICT = Table(
    "Verdict", "What is said of one metric of one cell.", Verdict,
    {
        "before": "`unit`", "after": "`unit`", "confidence": "1", "tolerance": "1", "visible": "1",
    },
    means(
        metric='its name, such as "step"; "counts" for the exact counts together and "result" for what is computed, '
        "which have no value",
    ),
)  # fmt: skip
ANCHOR = Table(
    "Anchor", "The first of the accepted runs that a cell is held to.", Anchor, {"runs": "1", "confidence": "1"}
)
INTERVAL = Table(
    "Interval", "An estimate with its two-sided interval; both ends are null where one process gives none.", Interval,
    {"value": "of the estimate", "low": "of the estimate", "high": "of the estimate", "n": "1"},
)  # fmt: skip
KIND = {
    name: Row("kind", f'"{name}"', NEVER, "-", "what the line is")
    for name in ("facts", "counts", "sameness", "failure", "pair", "end")
}
COMPARISON_TABLES = (
    Table(
        "Facts", "The first line: what is compared, where and how.", ComparisonFacts,
        {"schema": "1", "tolerance": "1", "blocks": "1", "order_seed": "1", **TIME},
        before=(Row("schema", "integer", NEVER, "1", "of this file"), KIND["facts"]),
        changed={"cells": {"type": "object of pairs of [Cell](#cell)"}},
    ),
    Table("Side", "What one side is.", SideFacts),
    Table(
        "Counts", "The exact counts of both sides of a cell.", CountsRecord,
        {"before": OF_METRIC, "after": OF_METRIC},
        means(cell="its name in the comparison", before="of the reference, by metric", after="of the other "
            "side, by metric"),
        (KIND["counts"],),
    ),
    Table("Sameness", "Whether both sides compute the same.", SamenessRecord, before=(KIND["sameness"],)),
    Table(
        "Failure", "Why a side of a cell cannot be measured.", FailureRecord,
        changed=means(cell="its name in the comparison", side="which one", reason="why, in one line"),
        before=(KIND["failure"],),
    ),
    Table(
        "Pair", "What is kept of a pair of processes.", PairRecord,
        {
            "run": "1", "log_ratio": "1", "before": "s", "after": "s", "phases": "s", "quantiles": "s", "faults": "1",
            "started_first": "1", "started": "s", "busy": "1", "clocks": "Hz", "dropped": "1",
        },
        {"clocks": {"missing": EITHER}, "dropped": {"missing": ABSENT}},  # a log from before has neither
        before=(KIND["pair"],),
    ),
    Table(
        "Layout", "Where the memory of a process lies; what the system does not tell is absent.", Layout,
        {"environment": "B", "heap_offset": "B", "code": "address", "heap": "address", "stack": "address"},
    ),
    Table(
        "End", "The last line; without it the comparison was killed.", EndRecord, {"seconds": "s"},
        means(ended='why it ended early, "" where it did not', seconds="how long it took"), (KIND["end"],),
    ),
)  # fmt: skip
BASELINE_TABLES = (
    Table(
        "Lines that others name", "The first line names the schema. A machine and a set of counts stand once each.",
        before=(
            Row("schema", "integer", ABSENT, "1", "of this file, on its first line alone"),
            Row("machine", "text", ABSENT, "-", "the digest that summaries name this machine by"),
            Row("facts", "object", ABSENT, "-", "beside it: the hard fields of that machine, see [Machine](#machine)"),
            Row("counts", "text", ABSENT, "-", "the digest that summaries name these counts by"),
            Row("exact", "object of numbers", ABSENT, OF_METRIC, "beside it: each exact count by metric"),
        ),
    ),
    Table(
        "Accepted", "A configuration of an accepted run. What is unknown is left out.", StoredSummary,
        {
            "log_cost": "1", "reference": "s", "processes": "1", "step": "s", "accuracy": "1", "epochs": "1",
            "peak_memory": "B", **TIME,
        },
        means(
            cell="those of its fields that are not at their default", counts="digest of the exact counts",
            id="of the configuration", machine="digest of the machine",
            definition="what is timed and how: digests of the cell, the reference and the timing, the "
                "estimator, the blocks",
            run="its name", revision="of the code", dirty="true where the code differed from it",
            begins="why it begins a segment: asked for, or measured side by side and then accepted",
            started="of the run", log_cost="mean logarithm of the relative cost over processes",
            reference="a step of the reference beside it, geometric mean over processes",
            processes="how many fresh processes stand behind it", step="a step, geometric mean over processes",
            accuracy="of the test images, by seed", epochs="of training; left out where a time limit cut it short",
            peak_memory="at the peak, where it varies",
        ),
    ),
)  # fmt: skip
CALIBRATION_TABLES = (
    Table(
        "Calibration", "The whole document.", Calibration,
        {
            **dict.fromkeys(("schema", "log_ratios", "smallest_tolerance", "started_first", "tolerances"), "1"), **TIME,
        },
        {"tolerances": {"type": "object of numbers or null"}},
        (Row("schema", "integer", NEVER, "1", "of this file"),),
    ),
    Table(
        "Rates", "What the gate does at one tolerance, by resampling.", Rates,
        dict.fromkeys(("tolerance", "false_alarm", "passed", "slowdowns", "power", "missed", "pairs"), "1"),
    ),
    Table(
        "Run counts", "How measured runs ended.", RunCounts,
        {**dict.fromkeys(("slowdown", "tolerance", "fail", "passed", "inconclusive"), "1"), "seconds": "s"},
    ),
)  # fmt: skip
PUBLISHED_TABLES = (
    Table(
        "Figures", "The whole document.", FigureFile, {"schema": "1"},
        before=(Row("schema", "integer", NEVER, "1", "of this file"),),
    ),
    Table(
        "Figure", "How fast one model was in one part of a benchmark on somebody's machine.", Figure,
        {
            "images_per_second": "1/s", "seconds": "s", "passes": "s", "batch_size": "1", "image_size": "pixels",
            "parameters": "1",
        },
    ),
)  # fmt: skip
CHECKPOINT_TABLES = (
    Table(
        "Checkpoint", "A dictionary that torch.save wrote; read it with `weights_only=True`.",
        before=(
            Row("format", "integer", NEVER, "1", "of this file; a file of format 1 has no digest, and is read "
                "as unverified"),
            Row("cell", "[Cell](#cell)", NEVER, "-", "what was trained"),
            Row("input_shape", "list of integers", NEVER, "1", "channels, height and width of an image"),
            Row("num_classes", "integer", NEVER, "1", "how many outputs the model has"),
            Row("entry", "[Evaluation](#evaluation)", NEVER, "-", "the evaluation whose weights these are, the "
                "best one"),
            Row("machine", "text", NEVER, "-", "digest of the machine that trained it"),
            Row("weights", "object of tensors", NEVER, "-", "the state of the model by name, on the CPU"),
            Row("digest", "text", NEVER, "-", "SHA-256 of all the rest: of the plain data as JSON with sorted "
                "keys, and of the tensors"),
        ),
    ),
)  # fmt: skip
_OF_ROWS = {
    "id": ("text", NEVER, "-", "of the cell; among `configurations`, and pooled over seeds there"),
    "status": ("text", NEVER, "-", "ok, or the first other status of its processes"),
    "reason": ("text", NULL, "-", "why it is not ok"),
    "flags": (
        "text",
        NULL,
        "-",
        'what speaks against its numbers, in how many processes: "contended 2 of 6; target 3 % not met"',
    ),
    "seeds": ("integer", NULL, "1", "how many seeds were asked for"),
    "lost": ("text", NEVER, "-", "what became of seeds without an accuracy"),
    "fingerprint": (
        "text",
        NEVER,
        "-",
        "digest of machine and software within which relative costs compare, of several all",
    ),
    "machine": (
        "text",
        NULL,
        "-",
        "digest of machine and software whatever the threads; null where nothing tells it, or a number is over several",
    ),
    "metric": ("text", NULL, "-", "the metric; null in the one row of a cell that has none"),
    "unit": ("text", NULL, "-", "of value, low, high and median, see [metrics.md](metrics.md)"),
    "direction": ("text", NULL, "-", "which way is better"),
    "statistic": ("text", NULL, "-", "how the value of a process follows from its samples"),
    "threads_used": ("integer", NULL, "1", "CPU threads in force while it was taken"),
    "value": ("number", NULL, OF_METRIC, "pooled over processes"),
    "low": ("number", NULL, OF_METRIC, "lower end of the 95 % interval over processes; null from a single one"),
    "high": ("number", NULL, OF_METRIC, "the upper end"),
    "n": ("integer", NULL, "1", "fresh processes behind it, or seeds where training gives it"),
    "median": ("number", NULL, OF_METRIC, "of the samples, pooled"),
    "samples": ("integer", NULL, "1", "how many samples there are"),
    "left_out": (
        "integer",
        NULL,
        "1",
        "processes that a neighbour disturbed, and that are not in it since others were not",
    ),
    "contended": ("true or false", NULL, "-", "whether those that are in it were disturbed"),
}


def column_rows():
    """The columns of --csv, in their order."""
    cell = {row.name: row for row in CELL.rows()}
    after = {row.name: row for row in SPREAD.rows()}
    for name in ("id", *cell, "status", "reason", "flags", "seeds", "lost", "fingerprint", "machine", *COLUMNS):
        yield (
            replace(cell[name], missing=NEVER if name in ("architecture", "dataset") else NULL)
            if name in cell
            else Row(name, *_OF_ROWS[name])
        )
    yield from after.values()


SHOWN_TABLES = (
    Table(
        "Shown", "`show RUN --json`: all of [Run](#run), and beside it",
        before=(
            Row("rows", "list of [Column](#column)", NEVER, "-", "a row for each cell and metric"),
            Row("configurations", "list of [Column](#column)", NEVER, "-", "the same with seeds pooled: in "
                "place of `seed` there is `seeds_run`, a list"),
            Row("published", "list of [Published](#published)", NEVER, "-", "published and imported figures "
                "beside the run's own"),
            Row("goals", "list of [Goal verdict](#goal-verdict)", NEVER, "-", "what `--goal` tests, a "
                "configuration each; empty without it"),
        ),
    ),
    Table(
        "Column", "A row of `show --json`, and the columns of `show --csv` in their order, where null is empty. "
            "Those of "
        "the spread stand there only in runs that were imported.",
        before=tuple(column_rows()),
    ),
    Table(
        "Goal verdict", "An entry of `goals` in `show --json`: the accuracy of one configuration beside the goal. The "
        "strict rule is `passed`; `seen` and `first_look` are of the first look at which a seed is seen at the goal, "
        "which flatters.", GoalVerdict, {"goal": "1", "p": "1", "seeds": "1", "seen": "1"},
    ),
    Table("Goal time", "How long the trainings of one machine took, in seconds.", GoalTime),
    Table("Published", "A figure of others beside the run's own, in words.", PublishedComparison),
    Table(
        "Baseline shown", "An entry of `summaries` in `baseline show --json`, beside the `name` of the baseline "
            "and the "
        "`problem` of its last line, \"\" for none.", CellSummary,
        {
            "log_cost": "1", "reference": "s", "processes": "1", "step": "s", "accuracy": "1", "epochs": "1",
            "peak_memory": "B", "counts": OF_METRIC, **TIME,
        },
        {"accuracy": {"type": "object of numbers"}},
    ),
    Table(
        "Machine", "What has to be equal before times compare; what the machine does not tell is absent.", Fingerprint,
    ),
    Table(
        "Series", "An entry of `series` in `history --json`, beside `by_chance`, how many changes one expects where "
        "nothing changed, and `report`, the page or null.",
        before=(
            Row("cell", "text", NEVER, "-", "the id of the configuration"),
            Row("metric", "text", NEVER, "-", "its name"),
            Row("unit", "text", NEVER, "-", "of the values"),
            Row("statistic", "text", NEVER, "-", "as in the results"),
            Row("machine", "object", NEVER, "-", "the hard fields of the machine, and `digest`"),
            Row("points", "list of [Point](#point)", NEVER, "-", "a value for each run, in the order of the code"),
            Row("changes", "list of [Change](#change)", NEVER, "-", "where the level moved, each with `ab`, the "
                "command that confirms it, or null"),
        ),
    ),
    Table(
        "Point", "One run's value.", Point,
        {"value": OF_METRIC, "low": OF_METRIC, "high": OF_METRIC, "n": "1", "moment": "UTC, ISO 8601", **TIME},
    ),
    Table(
        "Change", "Where a level moved; the first reading is number 0.", Change,
        {"index": "1", "low": "1", "high": "1", "shift": "1", "z": "1"},
    ),
    Table(
        "Ran", "`run --json`.",
        before=(
            Row("run", "text", NEVER, "-", "its name"),
            Row("status", "text", NEVER, "-", "how it ended"),
            Row("results", "text", NEVER, "-", "its folder"),
            Row("report", "text", NULL, "-", "the page"),
            Row("counts", "object of integers", NEVER, "1", "how many cells ended in each status"),
        ),
    ),
)  # fmt: skip

DOCUMENTS = (
    Document(
        "A run: run.json and results.jsonl",
        "`results/RUN/run.json` is replaced in one move as the run goes. `results/RUN/results.jsonl` only "
            "grows: a line "
        "for each process, written and synced as soon as it ends. Both have the same schema.",
        (
            Table("Run", "The keys of run.json.", RunDocument, {
                "schema": "1", "order_seed": "1", "cells": "1", "finished": "UTC, ISO 8601", **TIME,
            }, {
                **{key: {"missing": NEVER} for key in ("schema", "run", "command")},
                "plan": {"type": "[Plan](#plan)"}, "git": {"type": "[Git](#git)"},
                "origins": {"type": "object of [Origin](#origin)"}, "ceilings": {"type": "list of [Ceiling](#ceiling)"},
                "tuned": {"type": "list of [Tuned](#tuned)"}, "merged": {"type": "list of [Part](#part)"},
                "largest": {"type": "list of [Largest](#largest)"},
                "surfaces": {"type": "list of [Surface](#surface)"},
            }),
            PLAN, GIT, ORIGIN, CEILING, TUNED, TRIAL, LARGEST, TRY, *SURFACES, PART, LINE, CELL, WARNING, MEASUREMENT,
            SPREAD, BLOCK, TRAINING, EVALUATION, INSIGHT, RASTER, *SEEN, PROFILE, MEMORY, PHASE, SYSTEM,
        ),
        RUN,
    ),
    Document(
        "A decision: check.json",
        "`results/RUN/check.json` is the decision of `check` on the run; `check --json` and `ab --json` print "
            "the same, "
        "and `bench.compare` has it as `decision`.",
        (DECIDED, VERDICT, ANCHOR, INTERVAL),
        DECISION,
    ),
    Document(
        "A comparison: results/ab/TIME.jsonl",
        "The comparison log of `ab`, `check` and `bench.compare`: raw numbers, line by line as they come. `ab "
        "--recompute` decides from it again.",
        COMPARISON_TABLES,
        COMPARISON,
    ),
    Document(
        "A baseline: results/baselines/NAME.jsonl",
        "What accepted runs said. A file only grows by lines at its end, with sorted keys.",
        BASELINE_TABLES,
        BASELINE,
    ),
    Document(
        "A calibration: results/calibrations/DIGEST.json",
        "What `calibrate` has shown of the gate on a machine, whose digest is the file's name; `calibrate "
            "--json` prints "
        "it with `record`, this path, and `picture`, that of its power curve.",
        CALIBRATION_TABLES,
        CALIBRATION,
    ),
    Document(
        "Imported figures: results/published/NAME.json",
        "Figures of other machines, that `import` read from a CSV of timm.",
        PUBLISHED_TABLES,
        PUBLISHED,
    ),
    Document(
        "A checkpoint: results/RUN/checkpoints/CELL.pt",
        "With `--checkpoint`, the weights of the best evaluation of each cell.",
        CHECKPOINT_TABLES,
        2,
    ),
    Document(
        "What commands print",
        "These documents have no number of their own: who reads them has the version that printed them.",
        SHOWN_TABLES,
    ),
    Document(
        "What bench.measure gives",
        "An object of Python, which no file holds.",
        (
            Table(
                "Measurement of a step", "Its attributes.", StepMeasurement,
                {"value": "s", "low": "s", "high": "s", "n": "1", "p25": "s", "threads": "1", "samples": "s"},
                {"samples": {"type": "list of arrays of numbers"}},
            ),
        ),
    ),
)  # fmt: skip
