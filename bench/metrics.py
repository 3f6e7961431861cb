"""Metrics: what each metric is, once. Measuring, pooling, tables, pages and gates read its row here.

The order of the rows is that of the columns, on the terminal and on the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bench.text import PERCENT, TIMES
from bench.vocabulary import METRIC_KINDS, PHASES, Direction, Gate, MetricKind, Part, Pooling

# Metrics that come once for each part of a step, category of operators or strength of an attack, and their names.
OPERATORS_OF = {phase: f"operators_{phase}" for phase in PHASES}
LAUNCHES_OF = {phase: f"launches_{phase}" for phase in (*PHASES, "step")} | {"": "launches_unmarked"}
ROBUST_OF = {eps: f"robust_accuracy_{eps * 100:.0f}" for eps in (0.02, 0.05, 0.1, 0.2, 0.3)}
WORDED_ROBUST = 0.1  # the strength that tables begin with and sentences are of
SERVED_AT = {size: f"served_at_{size}" for size in (1, 8, 64, 512)}  # images that an engine is given at once
FLOPS_OF = {kind: f"flops_{kind.replace(' ', '_')}" for kind in ("convolution", "matrix multiply", "other")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a metric is.

    Attributes:
        name: as it is stored and named in files and flags.
        unit: of the stored values: SI without a prefix, "1" for a count or a share.
        direction: which way is better; a budget is a limit in this direction.
        kind: what kind of number it is, which decides how it is shown.
        pooled: how the processes of a cell and the seeds of a configuration become one number.
        heading: of its column on the page.
        note: what it is, in a phrase.
        symbol: the unit as people see it, after a prefix such as M; "" for none.
        shown: whether its column on the page starts visible.
        terminal: title of its column on the terminal; "" where it has none.
        judged_by: the gate that judges it when a run is checked; None where nothing does, so that it has no tolerance.
        once_a_seed: training gives it, so that n counts seeds and not processes.
        to_target: how much training it took to reach the accuracy aimed at; absent unless every seed got there.
        imported: a file of pytest-benchmark may have it.
        followed: whether `history` shows it; of imported runs alone where `imported` is set, too.
        changes: whether `history` looks for changes of its level.
        tradeoff: whether the page draws accuracy against it.
        tensorboard: whether TensorBoard's table of cells has it.
        on_request: measured only where it is asked for: its column on the terminal stands where something has it.
        signed: whether it may be below 0.
        bounded: its column on the terminal has its interval, as those of ratios and shares do.
        axes: fields of the cell: its column stands where cells differ in one of them; empty for no such rule.
        timed_in: the part of a measurement that gives it, whose disturbance makes it doubtful; None for counts.
        derived: computed for tables, pages and comparisons from another metric's samples, never stored itself.

    """

    name: str
    unit: str
    direction: Direction
    kind: MetricKind
    pooled: Pooling
    heading: str
    note: str = ""
    symbol: str = ""
    shown: bool = False
    terminal: str = ""
    judged_by: Gate | None = None
    once_a_seed: bool = False
    to_target: bool = False
    imported: bool = False
    followed: bool = False
    changes: bool = False
    tradeoff: bool = False
    tensorboard: bool = False
    on_request: bool = False
    signed: bool = False
    bounded: bool = False
    axes: tuple[str, ...] = ()
    timed_in: Part | None = None
    derived: bool = False

    @property
    def words(self) -> str:
        """The heading within a sentence."""
        return self.heading.lower().replace("flops", "FLOPs")

    @property
    def may_have_budget(self) -> bool:
        """Whether an absolute limit can hold it: it is stored, and one way is better."""
        return not self.derived and self.direction != "none"

    @property
    def is_wall(self) -> bool:
        """Whether it is a time of pytest-benchmark, which stands in for a step where a run has none."""
        return self.imported and self.kind == "time"


# The fields of a cell, and the machine, that two configurations have to share before numbers of a kind compare.
_TIMED = ("device", "threads", "dataset", "machine")
COMPARE_WITHIN: Mapping[MetricKind, tuple[str, ...]] = {
    **dict.fromkeys(METRIC_KINDS, ("dataset",)),
    "ratio": ("device", "threads", "denormals", "dataset", "machine"),
    "time": _TIMED,
    "rate": _TIMED,
    "size": ("device", "dataset", "machine"),
    "energy": _TIMED,
    "share": ("dataset", "split"),
}

Maker = Callable[..., Metric]
_time: Maker = partial(Metric, unit="s", symbol="s", direction="lower", kind="time", pooled="log_mean")
_rate: Maker = partial(Metric, unit="1/s", direction="higher", kind="rate", pooled="log_mean")
_ratio: Maker = partial(Metric, unit="1", kind="ratio", pooled="log_mean")
_share: Maker = partial(Metric, unit="1", kind="share", pooled="mean")
_count: Maker = partial(Metric, unit="1", direction="lower", kind="count", pooled="mean")
_size: Maker = partial(Metric, unit="B", symbol="B", direction="lower", kind="size", pooled="log_mean")
_energy: Maker = partial(
    Metric, unit="J", symbol="J", direction="lower", kind="energy", pooled="log_mean", on_request=True
)
_exact: Maker = partial(Metric, direction="lower", kind="exact", pooled="once", judged_by="exact counts")
_whole: Maker = partial(_exact, unit="1")
_bytes: Maker = partial(_exact, unit="B", symbol="B")
_flops: Maker = partial(_exact, unit="1", symbol="FLOP")
# A distance from float64 tells the price of what computes faster, and so stands where cells differ in that.
_error: Maker = partial(
    Metric, unit="1", direction="lower", kind="number", pooled="mean",
    axes=("dtype", "fp32_precision", "mode", "implementation", "memory_format", "accumulate"),
)  # fmt: skip

# Beyond 1 where the parts of a batch fit a cache that the whole does not.
_efficiency: Maker = partial(
    Metric, unit="1", direction="higher", kind="share", pooled="log_mean", derived=True, axes=("world_size",),
)  # fmt: skip

# Of the same batch in another way, so that it stands where cells differ in that.
_of_the_usual: Maker = partial(
    Metric, unit="1", direction="lower", kind="ratio", pooled="log_mean", derived=True,
)  # fmt: skip

# What it takes to answer, of cells that have an engine.
_served: Maker = partial(_time, timed_in="inference", axes=("engine",))
_latency: Maker = partial(_served, bounded=True)
_answered: Maker = partial(_share, once_a_seed=True, axes=("engine",))
_answers: Maker = partial(_count, once_a_seed=True, direction="none")

# When compiling has paid, so that they stand where cells differ in that.
_COMPILING = ("mode", "implementation")
_payoff: Maker = partial(Metric, direction="lower", pooled="log_mean", derived=True, axes=_COMPILING)

_ROWS: tuple[Metric, ...] = (
    _ratio(
        name="relative_cost", timed_in="relative cost", direction="lower", judged_by="screening",
        followed=True, changes=True, tradeoff=True, heading="Relative cost", shown=True, terminal="relative cost",
        note="seconds an image, divided by those of the reference, a frozen mlp, measured in turn in the same process; "
        "compares configurations of one run, and runs of one fingerprint",
    ),
    _share(
        name="accuracy", direction="higher", judged_by="accuracy", once_a_seed=True, followed=True, tensorboard=True,
        heading="Test accuracy", shown=True, terminal="accuracy",
        note="share of the test images classified right when training ended, over seeds; of the held-out images under "
        "the split validation",
    ),
    _time(
        name="time_to_accuracy", timed_in="training", once_a_seed=True, to_target=True,
        heading="Time to accuracy", shown=True, terminal="time to accuracy",
        note="training seconds, evaluation excluded, at the first evaluation that reaches the target",
    ),
    _rate(
        name="throughput", timed_in="phases", tradeoff=True, tensorboard=True,
        heading="Step throughput", shown=True, terminal="images/s",
        note="images a second of a training step alone; its fetch is left out, so that training gives fewer",
    ),
    _time(
        name="step", timed_in="phases", followed=True, tensorboard=True, heading="Step", shown=True, terminal="step",
        note="one training step, from zeroing the gradients to the optimizer's update; the fetch of its batch is apart",
    ),
    _time(
        name="step_median", timed_in="phases", derived=True, heading="Step, median", shown=True, terminal="median",
        note="the median step: what a user experiences",
    ),
    _time(
        name="seconds_per_image", derived=True, heading="Seconds an image",
        note="a step's time divided by its batch size: what ab compares where batch sizes differ",
    ),
    _time(
        name="forward", timed_in="phases", heading="Forward", shown=True, terminal="forward",
        note="the forward pass of a training step, with the augmentation of its images",
    ),
    _time(
        name="backward", timed_in="phases", heading="Backward", shown=True, terminal="backward",
        note="the backward pass of a training step",
    ),
    _time(
        name="optimizer", timed_in="phases", heading="Optimizer", shown=True, terminal="optimizer",
        note="the optimizer's update in a training step, with clipping before and averaging after it",
    ),
    _efficiency(
        name="weak_efficiency", heading="Weak efficiency", terminal="weak efficiency",
        note="throughput over so many times that of one rank with as many images as each rank has here",
    ),
    _efficiency(
        name="strong_efficiency", heading="Strong efficiency", terminal="strong efficiency",
        note="throughput over so many times that of one rank with the whole batch",
    ),
    _of_the_usual(
        name="accumulation_time", axes=("accumulate",), heading="Time in parts", terminal="time of whole",
        note="a step that takes its batch in parts, over one that takes the whole batch at once",
    ),
    _of_the_usual(
        name="accumulation_memory", axes=("accumulate",), heading="Memory in parts", terminal="memory of whole",
        note="peak memory of steps that take their batch in parts, over that of the whole batch at once",
    ),
    _of_the_usual(
        name="recompute_time", axes=("mode",), heading="Time, recomputed", terminal="time of eager",
        note="a step with activation checkpointing, over one that keeps all activations",
    ),
    _of_the_usual(
        name="recompute_held", axes=("mode",), heading="Held, recomputed", terminal="held of eager",
        note="bytes held at the peak of a step with activation checkpointing, over those of one that keeps all",
    ),
    _of_the_usual(
        name="recompute_memory", axes=("mode",), heading="Memory, recomputed", terminal="memory of eager",
        note="peak memory of steps with activation checkpointing, over that of steps that keep all activations",
    ),
    _of_the_usual(
        name="loading_time", axes=("loader",), heading="Time, loaded", terminal="time of resident", bounded=True,
        note="a step with the fetch of its batch, over one whose batch is gathered from resident images",
    ),
    _payoff(
        name="pays_after_steps", unit="1", kind="count", heading="Pays after, steps", terminal="pays after steps",
        note="steps after which compiling has saved as much time as it took, beside the eager cell of the run",
    ),
    _payoff(
        name="pays_after_seconds", unit="s", symbol="s", kind="time", heading="Pays after", terminal="pays after",
        note="how long these steps take, compiling included",
    ),
    _time(
        name="communication", timed_in="phases", axes=("world_size",), heading="Communication",
        terminal="communication",
        note="how long an exchange between ranks is in flight in a step, by a trace of the rank that waits least in it",
    ),
    _time(
        name="communication_exposed", timed_in="phases", axes=("world_size",), heading="Communication, exposed",
        terminal="exposed", note="the part of it beside which nothing is computed",
    ),
    _size(
        name="peak_memory", judged_by="memory", tradeoff=True, heading="Peak memory", shown=True, terminal="memory",
        note="what training steps had in use at their peak beyond what was there before: resident on a CPU, allocated "
        "on a GPU",
    ),
    _energy(
        name="energy_per_image", timed_in="phases", tradeoff=True, heading="Energy an image", shown=True,
        terminal="energy an image",
        note="a step's energy divided by its batch size",
    ),
    _energy(
        name="energy_per_step", timed_in="phases", heading="Energy a step", shown=True, terminal="energy a step",
        note="joules that the device draws in a training step, its idle power and the fetch of a batch included: of a "
        "CPU its packages and memory, of a GPU its board",
    ),
    _energy(
        name="energy_to_accuracy", timed_in="training", once_a_seed=True, to_target=True,
        heading="Energy to accuracy", shown=True, terminal="energy to accuracy",
        note="joules of training, evaluation excluded, at the first evaluation that reaches the target",
    ),
    _energy(
        name="idle_power", unit="W", symbol="W", direction="none", heading="Idle power", shown=True,
        terminal="idle power",
        note="watts of the same counters while the process does nothing, before anything is timed",
    ),
    _whole(
        name="parameters", imported=True, tradeoff=True, heading="Parameters", shown=True, terminal="parameters",
        note="trainable numbers in the architecture",
    ),
    _flops(
        name="flops", imported=True, heading="FLOPs", shown=True,
        note="FLOPs of one step's convolutions, matrix products and attention, forward and backward, 2 a multiply-add",
    ),
    _time(
        name="inference", timed_in="inference", heading="Inference",
        note="the forward pass of one batch without gradients",
    ),
    _rate(
        name="inference_throughput", timed_in="inference", heading="Inference throughput",
        note="images a second without gradients",
    ),
    _rate(
        name="training_throughput", timed_in="training", once_a_seed=True, heading="Training throughput",
        note="images a second of the training run, evaluation excluded",
    ),
    _share(
        name="train_accuracy", direction="higher", once_a_seed=True, heading="Training accuracy",
        note="share of the first 5,000 training images classified right when training ended",
    ),
    Metric(
        name="test_loss", unit="1", direction="lower", kind="number", pooled="mean", once_a_seed=True, tensorboard=True,
        heading="Test loss", note="the cell's own loss of all test images when training ended; of the held-out images "
        "under the split validation",
    ),
    *(
        _share(
            name=name, direction="higher", once_a_seed=True, on_request=True, heading=f"Robust accuracy, eps {eps:g}",
            shown=eps == WORDED_ROBUST, terminal=f"robust {eps:g}" if eps == WORDED_ROBUST else "",
            note="share of a fixed draw of test images that is right whatever PGD does to them within "
            f"{eps:g} of the range of a pixel, over seeds",
        )
        for eps, name in ROBUST_OF.items()
    ),
    _share(
        name="calibration_error", direction="lower", once_a_seed=True, on_request=True, heading="Calibration error",
        shown=True, terminal="calibration error",
        note="expected calibration error: how far the probability of the predicted class lies from the share that is "
        "right, mean over test images, in 15 bins",
    ),
    _share(
        name="reached", direction="higher", pooled="proportion", once_a_seed=True, heading="Reached the target",
        note="share of all seeds, those that diverged or failed included, that reached the accuracy aimed at",
    ),
    _time(
        name="training_step", timed_in="training", once_a_seed=True, heading="Step of training",
        note="mean seconds a step of the training run, the fetch of its batch included, evaluation excluded",
    ),
    _count(  # pooled as times are, so that the time to an accuracy stays the product of the two
        name="steps_to_accuracy", pooled="log_mean", once_a_seed=True, to_target=True, heading="Steps to accuracy",
        note="training steps until the first evaluation that reaches the target",
    ),
    _time(
        name="call", imported=True, followed=True, changes=True, heading="Call", shown=True, terminal="call",
        note="one call of a function that pytest-benchmark timed",
    ),
    _time(
        name="step_wall", timed_in="phases", imported=True, followed=True, changes=True, heading="Step, by the block",
        terminal="step_wall", note="a step as the whole block's time divided by its steps",
    ),
    _time(
        name="inference_wall", timed_in="inference", imported=True, followed=True, changes=True,
        heading="Inference, by the block", terminal="inference_wall",
        note="a batch without gradients as the whole block's time divided by its batches",
    ),
    _latency(
        name="latency", heading="Latency, p50", terminal="p50",
        note="the median answer to a single image, from the call until its scores are there",
    ),
    _latency(
        name="latency_p90", heading="Latency, p90", terminal="p90",
        note="what nine of ten answers to single images take at most; each process has its own, which are pooled",
    ),
    _latency(
        name="latency_p99", heading="Latency, p99", terminal="p99",
        note="what 99 of 100 answers to single images take at most; each process has its own, which are pooled",
    ),
    *(
        _rate(
            name=name, timed_in="inference", heading=f"Answers, batch {size}", axes=("engine",),
            terminal=f"at {size}", symbol="/s", note=f"images a second that are answered, {size} at once",
        )
        for size, name in SERVED_AT.items()
    ),
    _size(
        name="size_on_disk", heading="Size on disk", axes=("engine",), terminal="disk",
        note="bytes of the engine's file: the weights, or the whole program with them",
    ),
    _served(
        name="start_up", heading="Start-up", terminal="start",
        note="from the file to the first answer in a fresh process that has torch; what a compiler kept is found again",
    ),
    _answered(
        name="accuracy_lost", direction="lower", signed=True, heading="Accuracy lost", terminal="lost",
        note="accuracy of eager float32 less the engine's, same weights and images; with one seed ± is over images",
    ),
    _answered(
        name="answers_differ", direction="lower", heading="Answers that differ", terminal="differ",
        note="share of the test images that the engine answers otherwise than eager float32 with the same weights",
    ),
    _answered(
        name="answer_accuracy", direction="higher", heading="Accuracy of answers",
        note="share of the test images that the engine answers right",
    ),
    _answers(
        name="answers_lost", heading="Answers lost",
        note="test images that eager float32 has right, and the engine wrong",
    ),
    _answers(
        name="answers_gained", heading="Answers gained",
        note="test images that eager float32 has wrong, and the engine right",
    ),
    _answers(name="answers_scored", heading="Images scored", note="test images that both answer"),
    Metric(
        name="answer_error", unit="1", direction="lower", kind="number", pooled="mean", axes=("engine",),
        heading="Error of the scores", terminal="error",
        note="distance of the engine's scores from those of eager float32, same weights, relative to their norm",
    ),
    _bytes(name="parameter_bytes", heading="Memory of parameters", note="bytes of the parameters"),
    _bytes(name="optimizer_bytes", heading="Memory of the optimizer", note="bytes of the optimizer's state"),
    _bytes(
        name="activation_bytes", heading="Memory of activations",
        note="bytes that the forward pass and the loss keep for the backward pass",
    ),
    _time(name="loss", timed_in="phases", heading="Loss", note="the loss in a training step"),
    _time(
        name="zero_grad", timed_in="phases", heading="Zero gradients", note="zeroing the gradients in a training step"
    ),
    _time(
        name="fetch", timed_in="phases", heading="Fetch", terminal="fetch", axes=("loader",),
        note="the fetch of a batch, which is no part of a step",
    ),
    _time(
        name="loader_cpu", timed_in="phases", heading="Loader's CPU time", terminal="loader's CPU", axes=("loader",),
        note="CPU seconds that the processes of a loader take for a batch, all of them together",
    ),
    _flops(
        name="flops_forward", imported=True, heading="FLOPs forward",
        note="the FLOPs of the forward pass of one step",
    ),
    _flops(
        name="flops_backward", heading="FLOPs backward",
        note="the FLOPs of the backward pass of one step",
    ),
    *(
        _flops(name=name, heading=f"FLOPs, {kind}", note=f"the FLOPs of one step, {kind} alone")
        for kind, name in FLOPS_OF.items()
    ),
    _whole(
        name="elementwise_operations", heading="Elementwise operations",
        note="elements all other arithmetic goes through, forward and backward: normalization, activation, pooling",
    ),
    _bytes(
        name="bytes_moved", heading="Bytes moved",
        note="bytes that the operators of one step read and write, as if there were no caches",
    ),
    *(
        _whole(
            name=name, heading=f"Operators, {phase.replace('_', ' ')}",
            note=f"operators that a step dispatches, {phase.replace('_', ' ')}",
        )
        for phase, name in OPERATORS_OF.items()
    ),
    *(
        _whole(
            name=name, heading=f"Kernels, {(phase or 'unmarked').replace('_', ' ')}",
            note=f"kernels that a step launches on the GPU, {(phase or 'unmarked').replace('_', ' ')}",
        )
        for phase, name in LAUNCHES_OF.items()
    ),
    _count(
        name="evaluations", heading="Evaluations",
        note="how often a step evaluates the model, where the optimizer decides that",
    ),
    _count(
        name="page_faults", timed_in="phases", heading="Page faults",
        note="page faults a step; many of them mean that the allocator shapes the times",
    ),
    _share(
        name="phase_gap", timed_in="phases", direction="lower", heading="Outside phases",
        note="share of a step's time that lies in no phase",
    ),
    _time(
        name="launching", timed_in="phases", heading="Launching",
        note="seconds a step until the host had given all of a block to the GPU; near the step, launches bound it",
    ),
    _share(
        name="mark_overhead", timed_in="phases", direction="lower", heading="Cost of marks",
        note="how much longer a step takes with marks between its phases: on a GPU these are of blocks of their own",
    ),
    _time(
        name="relative_cell", timed_in="relative cost", heading="Step beside the reference",
        note="a step of this configuration in the blocks that alternate with the reference",
    ),
    _time(
        name="relative_reference", timed_in="relative cost", heading="Reference's step",
        note="a step of the reference in the blocks that alternate with this configuration",
    ),
    _ratio(
        name="launch_cost", timed_in="relative cost", direction="lower", heading="Cost over launches",
        note="seconds a step, divided by those of a second reference, which is bound by launches, in the same blocks",
    ),
    _time(
        name="launch_reference", timed_in="relative cost", heading="Launch-bound reference's step",
        note="a step of the second reference in the blocks that alternate with this configuration",
    ),
    _time(
        name="first_step", timed_in="phases", heading="First step",
        note="the first step of a process, which chooses kernels and, where asked for, compiles",
    ),
    _time(
        name="compile_time", timed_in="phases", heading="Compilation", terminal="compile time", axes=_COMPILING,
        note="how much longer the first steps take than as many later ones, with nothing kept from before",
    ),
    *(
        _time(
            name=f"compile_time_{kind}", timed_in="phases", on_request=True, heading=f"Compilation, {kind}",
            note=f"the same in a fresh process {what}",
        )
        for kind, what in (
            ("warm", "with the folder of caches that a first one left"),
            ("restored", "with an empty folder of caches, and what torch packed of the first one's"),
        )
    ),
    _size(
        name="compile_memory", heading="Memory of compiling", terminal="compile memory", axes=_COMPILING,
        note="the most resident memory that the process and its compilers took beyond what it held before",
    ),
    _whole(
        name="compiled_graphs", heading="Compiled graphs", note="graphs that torch.compile makes of a training step",
    ),
    _whole(
        name="graph_breaks", heading="Graph breaks", terminal="graph breaks", axes=_COMPILING,
        note="places of a training step at which torch.compile ends one graph and begins another",
    ),
    _whole(
        name="recompiles", heading="Recompilations", terminal="recompilations", axes=_COMPILING,
        note="how often code is compiled again until steps are timed; none may be from then on",
    ),
    _time(
        name="copy", heading="Copy to the device",
        note="one batch on its way from the host's pinned memory to the device",
    ),
    _size(
        name="peak_memory_reserved", heading="Peak memory, reserved",
        note="the most memory that the allocator of a GPU had taken from the driver during training steps",
    ),
    _size(
        name="held_memory", heading="Held memory",
        note="the most bytes that torch's allocator had handed out at once in a step, weights included; with a profile",
    ),
    _error(
        name="gradient_error", heading="Error of the gradients", terminal="gradient error",
        note="distance of the first step's gradients from float64, relative to their norm; dropout put aside",
    ),
    _error(
        name="update_error", heading="Error of the update", terminal="update error",
        note="distance of the first update of the weights from the same update in float64, relative to its norm",
    ),
    _error(
        name="output_error", heading="Error of the outputs",
        note="distance of the net's outputs in the first step from float64, relative to their norm; dropout put aside",
    ),
    _error(
        name="loss_error", heading="Error of the loss",
        note="distance of the first step's loss from float64, relative to it; dropout put aside",
    ),
    _ratio(
        name="profiler_overhead", direction="none", heading="Profiler's overhead",
        note="a profiled step divided by a timed one",
    ),
)  # fmt: skip

# What a verdict on all exact counts of a cell at once is about: no metric, for it has no value.
COUNTS = "counts"
# What a verdict on a plug-in or a file that cannot be imported is about: likewise.
IMPORT = "import"
# What a verdict on whether both sides compute the same is about: likewise.
RESULT = "result"

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}

_OF_UNIT: dict[str, Maker] = {"s": _time, "B": _size, "1/s": _rate, "J": _energy}


def registered(name: str) -> Metric:
    """The row of a metric that is about to be measured.

    Raises:
        ValueError: it has none.

    """
    if name not in METRICS:
        raise ValueError(f"no metric is called '{name}': give it a row in bench/metrics.py")
    return METRICS[name]


def row_of(name: str, unit: str = "1", direction: Direction = "none") -> Metric:
    """The row of a stored metric; one that another version stored, and that has none here, is known by its unit."""
    heading = name.replace("_", " ").capitalize()
    return METRICS.get(name) or _OF_UNIT.get(unit, _count)(name=name, direction=direction, heading=heading)


def symbol_of(name: str, unit: str) -> str:
    """What stands after the number of a metric stored in that unit, as `bench.text` takes it; "" for a count."""
    row = row_of(name, unit)
    return {"share": PERCENT, "ratio": TIMES, "rate": row.symbol or "images/s"}.get(row.kind, row.symbol)


def named(wanted: Callable[[Metric], bool]) -> tuple[str, ...]:
    """The names of the metrics that are `wanted`, in the order of the rows."""
    return tuple(name for name, row in METRICS.items() if wanted(row))
