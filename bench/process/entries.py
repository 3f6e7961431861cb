"""Entries: the functions that a parent names for a worker to run, each as "module:function". Knows no torch.

A worker imports the module and calls `function(task, channel)`; the parent never imports it. MESSAGES says what each
receives and sends. The names, tasks and payloads of the AB_ entries are a contract between revisions: see
bench/process/CONTRACT.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.plan.catalogue import Catalogue
from bench.plan.task import (
    BatchTask,
    CatalogueRequest,
    HandedTask,
    LayersRequest,
    Probe,
    StartTask,
    SurfaceTask,
    Task,
    Weights,
)
from bench.process import messages as m
from bench.vocabulary import Arithmetic, FileKind, Status

MEASURE_CELL = "bench.worker.cell:measure"
TRY_BATCH = "bench.worker.batch_try:try_batch"
SURFACE = "bench.worker.surface:survey"
COMPILE_START = "bench.worker.compiling:start"
CATALOGUE = "bench.worker.catalogue:describe"
LAYERS = "bench.worker.layers:describe_layers"
VERIFY_CHECKPOINT = "bench.worker.verify_checkpoint:verify"
MACHINE_FACTS = "bench.worker.machine_facts:examine"
CEILINGS = "bench.worker.ceilings:measure_ceilings"
TENSORBOARD = "bench.worker.tensorboard:write_curves"
AB_CAPABILITIES = "bench.worker.ab_side:capabilities_of"
AB_COUNTS = "bench.worker.ab_side:count"
AB_BLOCKS = "bench.worker.ab_side:serve"
AB_SAME = "bench.worker.ab_same:compute_steps"
AB_STEP_FACTS = "bench.worker.step_side:try_out"
AB_STEP_BLOCKS = "bench.worker.step_side:serve"
STEP_TIMES = "bench.worker.step_times:measure"
HANDED = "bench.worker.handed:go_on"


@dataclass(frozen=True, slots=True)
class Messages:
    """What passes between the parent and an entry, all of it plain data that can be pickled.

    Attributes:
        task: the type of what it is told first.
        sends: each kind of message, and the type of its payload.
        hears: the type of what it is told meanwhile; None for nothing.

    """

    task: Any
    sends: Mapping[str, Any] = field(default_factory=dict)
    hears: Any = None


REFUSED = {"refused": str}  # why, in one line; nothing else is sent then
FAILED = {"failed": str}  # likewise
TRYING = {"trying": str}  # whose code comes next, by the text of its origin or its group and name; "" when it is over

MESSAGES: Mapping[str, Messages] = {
    MEASURE_CELL: Messages(
        Task,
        {
            "system": dict[str, Any],
            "stage": str,
            "code": dict[str, str],  # SHA-256 of the files that the cell names, by the text that names each
            "measurements": list[dict[str, Any]],  # see `bench.store.result.Measurement`
            "blocks": list[m.BlockFacts],
            "artifacts": bytes,  # what it compiled, as torch hands it over, where starts are asked for
            "operators": dict[str, dict[str, int]],  # by phase and name
            "training": dict[str, Any],  # the learning record; the last one counts
            "warning": dict[str, Any],  # see `bench.store.warning.Warning`
            "file": tuple[FileKind, str, bytes],  # its kind, its name and its content
            "status": tuple[Status, str | None],  # the last, but for what a look into the net and a profile send
            "insight": dict[str, Any],  # see `bench.store.insight.Insight`
            "profile": dict[str, Any],
            "memory": dict[str, Any],  # see `bench.store.stored.StoredMemory`
        },
    ),
    TRY_BATCH: Messages(
        BatchTask,
        {
            "limit": float,  # bytes
            "tried": tuple[Status, str | None, float | None],  # the reason, and the peak of memory in bytes
        },
    ),
    SURFACE: Messages(
        SurfaceTask,
        {"stage": str, "surface": dict[str, Any], **FAILED},  # see `bench.store.surface.Surface`
    ),
    COMPILE_START: Messages(StartTask, {"started": float, **FAILED}),  # seconds beyond those of the steps
    CATALOGUE: Messages(CatalogueRequest, {**TRYING, "catalogue": Catalogue, **REFUSED}),
    LAYERS: Messages(LayersRequest, {"layers": m.Layers, **REFUSED}),
    VERIFY_CHECKPOINT: Messages(Weights, {"verification": m.Verification, **REFUSED}),
    MACHINE_FACTS: Messages(None, {"facts": dict[str, Any]}),
    CEILINGS: Messages(Probe, {"measurements": list[m.Ceiling]}),
    TENSORBOARD: Messages(
        Sequence[m.Curves],
        {"file": tuple[Literal["curves"], str, bytes]},  # each event file: its name after that of the cell and a slash
    ),
    AB_CAPABILITIES: Messages(m.CapabilitiesTask, {**TRYING, "about": m.CapabilitiesAnswer, **FAILED}),
    AB_COUNTS: Messages(m.SideTask, {"counts": dict[str, float], **FAILED}),
    AB_BLOCKS: Messages(m.SideTask, {"ready": m.Ready, "block": m.BlockTimes, **FAILED}, hears=int | None),
    AB_SAME: Messages(m.SameTask, {"result": m.StepResult, "trace": m.StepTrace, **FAILED}, hears=Arithmetic | None),
    AB_STEP_FACTS: Messages(m.StepTask, {"facts": m.StepFacts, **REFUSED, **FAILED}),
    AB_STEP_BLOCKS: Messages(m.StepTask, {"ready": m.Ready, "block": m.BlockTimes, **FAILED}, hears=int | None),
    STEP_TIMES: Messages(m.StepTask, {"facts": m.StepFacts, "times": m.StepTimes, **FAILED}),
    HANDED: Messages(HandedTask),  # then what the entry that it goes on with sends
}
