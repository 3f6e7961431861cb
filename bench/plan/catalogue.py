"""Catalogue: what there is to choose from, as plain data that the torch half hands over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """What a worker is asked to tell about.

    Attributes:
        architectures: globs; those that match have their parameters and FLOPs counted, which takes time.
        datasets: names that a plan wants; each must be known, well formed and at hand.
        data_dir: folder with data sets that are not embedded; "" for the default.
        download: fetch what is not there, which may take long.

    """

    architectures: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data_dir: str = ""
    download: bool = False


@dataclass(frozen=True, slots=True)
class Specimen:
    """One architecture to be looked into.

    Attributes:
        architecture: its name.
        dataset: whose images and classes it is built for; "" for the architecture's own.

    """

    architecture: str
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything registered, and what this machine can do, as one worker saw it.

    Attributes:
        architectures: name to its facts: family, module, input_shape, num_classes, description, source; parameters and
            flops_forward (one image) of those that were asked for, and misfits: data sets whose images it cannot take,
            each with the reason.
        optimizers: name to its facts: description, learning_rate, implementations, needs_closure, and obstacles, which
            say by device and implementation why it cannot run there.
        datasets: name to its facts: input_shape, num_classes, train, test, description.
        normalizations: names of pixel scalings.
        devices: name to its facts, "cpu" and each usable "cuda:N"; obstacles say by dtype or mode why it cannot.
        usable_cores: CPU cores this process may use (affinity and cgroup quota).
        problems: plug-ins that could not be loaded, one line each.

    """

    architectures: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]]
    normalizations: tuple[str, ...]
    devices: Mapping[str, Mapping[str, Any]]
    usable_cores: int
    problems: tuple[str, ...] = ()
