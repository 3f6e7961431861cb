"""Run document: the keys of run.json, as who writes it has to name them; readers take `bench.store.facts`."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from bench.vocabulary import RunStatus


class RunDocument(TypedDict, total=False):
    """What stands in run.json; what is not known yet is absent.

    Attributes:
        schema: of this file and of results.jsonl.
        run: the run's name, which is its folder's.
        status: how the run stands or ended.
        started: when it began, UTC.
        finished: when measuring ended; absent as long as it goes on, and where it was killed.
        command: what repeats it.
        resumed: the commands that went on with it, in their order.
        plan: every field of the plan, with the seed of the order that was drawn.
        order_seed: of the order in which cells were measured.
        reference: what costs are relative to, in words.
        protocol: how a time is measured: digests of the `reference` and of the `timing` of blocks, and the `estimator`.
        git: the state of the code; empty without git.
        versions: of packages, by name.
        architectures: what is registered of each that is used, by name: family, module, source and so on.
        optimizers: of each that is used, by name, its own `learning_rate`, or null, and its `description`.
        origins: which code was named by file or module, or is a plug-in's, by field and text.
        cells: how many cells were to be measured.
        nodes: the machines that tasks run on.
        source: a digest of the suite's own sources.
        merged: of a run that others were merged into, what each of those was.
        ceilings: what the machine can do at most, by device, dtype and threads.
        tuned: the trials of learning rates, an entry for each configuration that shares a rate.
        largest: of a plan with batches as large as fit, the search for each group of cells that share one.
        surfaces: planes through the loss surface of each net, with the paths of its optimizers.
        endings: by the id of a cell, why it got no further repeat.
        imported: the name of the file that the run was read from.
        imported_digest: the SHA-256 of that file.

    """

    schema: int
    run: str
    status: RunStatus
    started: str
    finished: str
    command: str
    resumed: Sequence[str]
    plan: Mapping[str, Any]
    order_seed: int | None
    reference: str
    protocol: Mapping[str, str]
    git: Mapping[str, Any]
    versions: Mapping[str, str]
    architectures: Mapping[str, Any]
    optimizers: Mapping[str, Any]
    origins: Mapping[str, Any]
    cells: int
    nodes: Sequence[str]
    source: str
    merged: Sequence[Mapping[str, Any]]
    ceilings: Sequence[Any]
    tuned: Sequence[Mapping[str, Any]]
    largest: Sequence[Mapping[str, Any]]
    surfaces: Sequence[Mapping[str, Any]]
    endings: Mapping[str, str]
    imported: str
    imported_digest: str
