"""Messages: the tasks and payloads that cross between a parent and its workers as dicts. Knows no torch.

Those of an A/B comparison, marked so, are a contract between revisions: see bench/process/CONTRACT.md.
"""

from typing import Any, TypedDict

from bench.vocabulary import PairQuantile


class BlockFacts(TypedDict):
    """One timed block, without its times; seconds. `waited` is None where the system does not tell."""

    subject: str
    started: float
    wall: float
    cpu: float
    faults: int
    preempted: int
    waited: float | None
    steps: int


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
        test_loss: None if it is not finite.
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
        dispatch_seconds: what a call of an operator on one element takes.

    """

    device: str
    dtype: str
    threads: int
    flops_per_second: float
    bytes_per_second: float
    dispatch_seconds: float


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
    """A/B: which device, threads and data sets are meant; `data_dir` is "" for the default."""

    device: str
    threads: int
    datasets: list[str]
    data_dir: str


class CapabilitiesAnswer(TypedDict):
    """A/B: what a revision has (the fields of Catalogue, those of Cell) and where it runs."""

    catalogue: dict[str, Any]
    cell_fields: list[str]
    system: dict[str, Any]


class SideTask(TypedDict):
    """A/B: the cell of one side by its fields, and by how much more work to slow it down, as a share."""

    cell: dict[str, Any]
    inject: float
    data_dir: str


class Ready(TypedDict):
    """A/B: a side is warm; the steps of a block, whether they were steady, and which quantile of them repeats best."""

    steps: int
    steady: bool
    statistic: PairQuantile


class BlockTimes(TypedDict):
    """A/B: one block; seconds of each step, the same by phase, and page faults."""

    seconds: list[float]
    phases: dict[str, list[float]]
    faults: int
