"""Catalogue: what is registered and what the devices can do, as plain data that a worker sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bench.plan.origin import parse
from bench.vocabulary import PairQuantile

ANSWER_SECONDS, READ_SECONDS = 120.0, 900.0
FIRST_LOSSES = ("cross_entropy", "nll_loss")  # what a revision has that does not tell its losses


def patience_of(datasets: Iterable[str]) -> float:
    """Seconds within which a worker tells the catalogue: more where images of the user's own are read whole first."""
    return READ_SECONDS if any(map(parse, datasets)) else ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What decides how a device is used, so that no caller asks for its kind.

    Attributes:
        kind: its name without a number: "cpu", "cuda".
        numbered: whether there may be several, each with its number: "cuda:1".
        on_host: whether it computes on the host's own cores, and so on the CPU threads of a cell.
        queued: whether a call returns before its work is done: steps are given to it without waiting, and a mark within
            a step costs the host a share of a small one.
        phases: whether the phases of a step can be timed; else whole steps alone are.
        forks: whether a process that was forked can use it; else workers are spawned.
        slow_denormals: whether numbers too small for full precision slow it down.
        slow_bfloat16: whether products in bfloat16 may be far slower than in float32.
        exact_memory: metrics of its memory that are counts, the same in every run.
        quantile: of the steps' times, the one that repeats best; with a single CPU thread `quantile_alone` is.
        quantile_alone: see `quantile`.
        profiler_activity: what torch.profiler calls its activity, beside the host's; "" for none.
        identity: those facts in a worker's system that must be equal before times compare.
        unsupported: why it cannot, by dtype, by mode, or for "flush" (denormals to zero) or "energy" (to be counted).
        model: what its maker calls it; "" where it is recorded elsewhere.
        collective: the backend of torch.distributed by which processes on such devices exchange gradients.

    """

    kind: str
    numbered: bool = False
    on_host: bool = False
    queued: bool = False
    phases: bool = True
    forks: bool = True
    slow_denormals: bool = False
    slow_bfloat16: bool = False
    exact_memory: tuple[str, ...] = ()
    quantile: PairQuantile = "p25"
    quantile_alone: PairQuantile = "p25"
    profiler_activity: str = ""
    identity: tuple[str, ...] = ()
    unsupported: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    collective: str = "gloo"

    def location(self, threads: int) -> PairQuantile:
        """The quantile of a cell's steps that repeats best with so many CPU threads."""
        return self.quantile_alone if threads == 1 else self.quantile

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "DeviceFacts":
        """The facts that another revision sends; those unknown here are passed over."""
        known = {fact.name for fact in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything registered or named by file or module, and what this machine can do, as one worker saw it.

    An entry that is not registered stands under its label, with its `origin`: `text`, as it was named, and `file` with
    its `sha256`, or `package` with its `version`. A plug-in stands under its name, with the same of it as its `plugin`.

    Attributes:
        architectures: name to its facts: family, module, input_shape, num_classes, description, source, registered_by
            (the package whose plug-in did, "" for the suite's own); of those that were asked for parameters,
            flops_forward (one image) and cannot: why not by mode or initial weights, such as "recompute"; or the
            trouble with them; incompatible: data sets whose images it cannot take, each with the reason; outputs: what
            else than logits it gives for those of a data set, in words; more_than_one: why a batch of one of their
            images cannot be trained on.
        optimizers: name to its facts: description, learning_rate (None where it has none of its own), implementations,
            needs_closure; unsupported: by device and implementation, why it cannot run there; of what is not the
            suite's own cannot: reasons by "default rate", "learning rate", "tune", "schedule", "cuda_graph".
        datasets: name to its facts: input_shape, num_classes, train, test, description.
        absent: by kind of device of which none is here, why.
        engines: name to its facts: description, tolerance, file; unsupported: by device, why it cannot answer there.
        losses: name to its facts: description; of what is not the suite's own own_weights, those that nobody trains.
        normalizations: names of pixel scalings.
        devices: name to its facts, "cpu" and each usable "cuda:N".
        usable_cores: CPU cores this process may use (affinity and cgroup quota).
        problems: plug-ins that could not be loaded, one line each.
        broken: of these, those of architectures: `plugin`, the `package` that it is of, and the `reason`.
        imported: files that all this followed from, beside the suite's own and what is installed: of plug-ins that are
            worked on, and of what these import.
        left_out: what ended the process that tried it, with how that ended; `problems` says it in words.

    """

    architectures: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]]
    normalizations: tuple[str, ...]
    devices: Mapping[str, DeviceFacts]
    usable_cores: int
    problems: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    broken: tuple[Mapping[str, str], ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    losses: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {name: {} for name in FIRST_LOSSES})

    def dataset(self, name: str) -> Mapping[str, Any] | None:
        """The facts of a data set; `synthetic` with a shape is known by what stands before the colon."""
        return self.datasets.get(name) or self.datasets.get(name.partition(":")[0])

    @property
    def by_field(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """The entries of each field of a cell that may be named by its origin."""
        return {
            "architecture": self.architectures,
            "optimizer": self.optimizers,
            "dataset": self.datasets,
            "loss": self.losses,
        }
