"""Messages: the tasks and payloads that cross between a parent and its workers as dicts. Knows no torch.

Those of an A/B comparison, marked so, are a contract between revisions: see bench/process/CONTRACT.md.
"""

from typing import Any, NotRequired, Required, TypedDict

from bench.process.layout import Layout
from bench.vocabulary import PairQuantile


class BlockFacts(TypedDict):
    """One timed block, without its times; seconds. `waited` is None where the system does not tell.

    `joules` and `gpu` (`bench.counters.gpu.Around`) are absent where nothing tells them.
    """

    subject: str
    started: float
    wall: float
    cpu: float
    faults: int
    preempted: int
    waited: float | None
    steps: int
    joules: NotRequired[float]
    gpu: NotRequired[dict[str, Any]]


class Layer(TypedDict):
    """One layer of an architecture; `output_shape` is of one image, None where the output is no tensor."""

    layer: str
    kind: str
    arguments: str
    output_shape: list[int] | None
    parameters: int
    flops: int


class Layers(TypedDict):
    """An architecture with its layers in the order they run; `flops` of a forward pass of one image."""

    name: str
    family: str
    description: str
    source: str
    input_shape: list[int]
    num_classes: int
    parameters: int
    flops: int
    layers: list[Layer]


class Scores(TypedDict):
    """The scores of a checkpoint, measured again on the CPU.

    Attributes:
        test_loss: None if it is not finite, or of a loss that a file or module would have to be run for.
        test_accuracy: a share.
        images: how many were scored.
        apart: how many more or fewer of them were right than recorded.
        allowed: how many may be: none on the machine that trained it.
        same: whether no more are.

    """

    test_loss: float | None
    test_accuracy: float
    images: int
    apart: int
    allowed: int
    same: bool


class Verification(TypedDict):
    """A checkpoint read back: what it holds, the `entry` of its learning record, and its scores `again`."""

    path: str
    cell: dict[str, Any]
    id: str
    input_shape: list[int]
    num_classes: int
    parameters: int
    verified: bool
    entry: dict[str, Any]
    again: Scores


class Ceiling(TypedDict):
    """The best rates of one dtype on one device, per second.

    Attributes:
        flops_per_second: of products of square matrices.
        bytes_per_second: of copies larger than the caches, bytes read and bytes written both counted.
        operator_seconds: what one more operator of a small training step takes.
        step_seconds: what such a step takes around its operators, by optimizer and implementation: "adam fused".
        disturbed: those of the three that were measured beside other work each time, and so may be too low.

    """

    device: str
    dtype: str
    threads: int
    flops_per_second: float
    bytes_per_second: float
    operator_seconds: float
    step_seconds: dict[str, float]
    disturbed: list[str]


class Curves(TypedDict):
    """The learning curves of one cell.

    Attributes:
        name: what its event files' names begin with, before a slash.
        epochs: the entries of its learning record.
        parameters: the fields of the cell.
        metrics: the final figures by name.

    """

    name: str
    epochs: list[dict[str, Any]]
    parameters: dict[str, Any]
    metrics: dict[str, float]


class CapabilitiesTask(TypedDict):
    """A/B: which device, threads and data sets are meant; `data_dir` is "" for the default.

    `origins` are the texts that name a file or module, by the field of Plan; a revision may know nothing of them.
    `left_out` is what ended the process that tried it, with how that ended; likewise. `devices` are all that are meant.
    """

    device: str
    threads: int
    datasets: list[str]
    data_dir: str
    devices: NotRequired[list[str]]
    origins: NotRequired[dict[str, list[str]]]
    left_out: NotRequired[dict[str, str]]


class CapabilitiesAnswer(TypedDict):
    """A/B: what a revision has (the fields of Catalogue, those of Cell, its entries) and where it runs.

    `installed` is the version of each package of its interpreter, `systems` where it runs by each device that is meant;
    a revision from before they were told leaves them out.
    """

    catalogue: dict[str, Any]
    cell_fields: list[str]
    entries: list[str]
    system: dict[str, Any]
    installed: NotRequired[dict[str, str]]
    systems: NotRequired[dict[str, dict[str, Any]]]


class SameTask(TypedDict):
    """A/B: the cell whose first steps are asked for, and whether dropout takes part in them."""

    cell: dict[str, Any]
    data_dir: str
    dropout: bool


class Sketch(TypedDict):
    """A/B: what is kept of tensors: the distance of two sketches is close to the distance of what they are of.

    Attributes:
        size: how many numbers there were.
        norm: the root of the sum of their squares.
        bins: their sums over a few bins, each number with a sign drawn by its place alone.

    """

    size: int
    norm: float
    bins: list[float]


class Figures(TypedDict):
    """A/B: what first steps gave: the losses of all, the gradients of the first, the change of the weights by all."""

    losses: Sketch
    gradients: Sketch
    update: Sketch


class StepResult(TypedDict):
    """A/B: what the first steps of a side compute.

    Attributes:
        bits: a digest of losses, gradients and weights as they were computed.
        repeats: whether a second computation in the same process gives the same bits.
        spread: where it does not, how far two computations lie apart, relative: in float64 where the net runs in it.
        epsilon: of the type that it computes in.
        own: what came out as the cell has it.
        exact: the same in float64; None where the net does not run in it.
        errors: of the first step against float64, relative, by name; empty where they are not known.
        pure: whether its weights are of that type too; as the next, a revision may leave it out.
        flags: of torch, that decide in which arithmetic it computed, once the steps were made.

    """

    bits: str
    repeats: bool
    spread: float
    epsilon: float
    own: Figures
    exact: Figures | None
    errors: dict[str, float]
    pure: NotRequired[bool]
    flags: NotRequired[dict[str, str]]


class OperatorOutput(TypedDict):
    """A/B: what one operator of the first steps gave.

    Attributes:
        operator: such as "aten.relu".
        module: the path of the module that it ran in, or whose backward pass; "" where there is none.
        phase: of the step; "" outside.
        step: from 1.
        shapes: of its outputs.
        output: the sketch of all of them.

    """

    operator: str
    module: str
    phase: str
    step: int
    shapes: list[list[int]]
    output: Sketch


class StepTrace(TypedDict):
    """A/B: the weights by name before the first step, and all that was computed, in the order of dispatch."""

    weights: dict[str, Sketch]
    operators: list[OperatorOutput]


class SideTask(TypedDict):
    """A/B: the cell of one side by its fields, and by how much more work to slow it down, as a share.

    `heap_offset` is by how many bytes to shift the heap; it is drawn where it is absent.
    """

    cell: dict[str, Any]
    inject: float
    data_dir: str
    heap_offset: NotRequired[int]


class StepTask(TypedDict):
    """A/B: a step of the user's own in place of a cell.

    Attributes:
        label: what errors call it.
        text: names it or what sets it up, see `bench.plan.origin`.
        base: the folder that a relative file in `text` starts from.
        path: folders of modules, beside those of the interpreter.
        shared: the folder that no module may be of, unless it is of `base`; "" for none.
        device: the name of that it runs on; "" to find out.
        threads: CPU threads; 0 for all usable cores.
        inject: as of SideTask.
        blocks: how many to time, of who is not asked for them one by one.
        heap_offset: as of SideTask.

    """

    label: str
    text: str
    base: str
    path: list[str]
    shared: str
    device: str
    threads: int
    inject: float
    blocks: NotRequired[int]
    heap_offset: NotRequired[int]


class StepFacts(TypedDict):
    """A/B: what a step turned out to be.

    Attributes:
        origin: which code it is, see `bench.origins.resolve.Resolved.facts`.
        device: what it runs on, by name.
        threads: CPU threads in force, which the step may have set itself.
        system: the hardware and software.
        installed: the version of each package of its interpreter, of a step that is tried out.

    """

    origin: dict[str, Any]
    device: str
    threads: int
    system: dict[str, Any]
    installed: NotRequired[dict[str, str]]


class StepTimes(TypedDict):
    """What one process timed of a step; seconds of each.

    Attributes:
        seconds: of the whole.
        phases: by phase that it marks, in the order of their first appearance.
        outside: of what is in no phase.
        warnings: see `bench.store.warning.Warning`.

    """

    seconds: list[float]
    phases: dict[str, list[float]]
    outside: list[float]
    warnings: list[dict[str, Any]]


class Ready(TypedDict):
    """A/B: a side is warm; the steps of a block, whether they were steady, and which quantile of them repeats best.

    `layout` is where its memory lies; a revision from before it was recorded leaves it out.
    """

    steps: int
    steady: bool
    statistic: PairQuantile
    layout: NotRequired[Layout]


class OnCore(TypedDict, total=False):
    """A/B: how much of their cores a block of steps had, on a CPU; left out where it is not known.

    Attributes:
        wall: seconds of the block.
        cpu: CPU seconds of one thread meanwhile; of several, `wall` less what the one that waited longest waited.

    """

    wall: float
    cpu: float


class BlockClock(TypedDict, total=False):
    """A/B: of a block on a GPU whose driver tells; a revision from before it was told leaves both out.

    Attributes:
        clock: of the multiprocessors, Hz.
        dropped: how many blocks before it did not count, since the clock was held down.

    """

    clock: float
    dropped: int


class BlockTimes(OnCore, BlockClock):
    """A/B: one block of steps.

    Attributes:
        seconds: of each step.
        phases: the same by phase.
        faults: page faults of the block.

    """

    seconds: Required[list[float]]
    phases: Required[dict[str, list[float]]]
    faults: Required[int]
