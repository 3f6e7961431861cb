"""Nodes: what each machine of a cluster tells of itself, and whether a run can be measured on all of them."""

import platform
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version

from bench import __version__
from bench.errors import BenchError
from bench.machine import procfs
from bench.store.source import source_digest
from bench.text import joined, plural

WITH_GPU = ("cuda",)  # kinds of device that Ray counts as GPUs
RESOURCE = "bench_node"  # of which each node that may be measured on has one, and each task there takes it
START_NODE = f"""ray start ... --resources='{{"{RESOURCE}": 1}}'"""
OURS = ("bench", "architectures", "torch_architecture_bench")
PLUGINS = "bench."  # begins the names of the groups by which packages register what is listed


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What a node tells before anything is measured.

    Attributes:
        host: its own name.
        cpu: the processor's name; "" where the system does not tell.
        cores: that a process may use there.
        arch: the architecture of the processor.
        gpus: the names of its GPUs.
        software: versions that have to be equal on all nodes, by name; "" for what is not installed.

    """

    host: str
    cpu: str
    cores: int
    arch: str
    gpus: tuple[str, ...]
    software: Mapping[str, str]

    @property
    def machine(self) -> str:
        """What decides its times, in words: like nodes have the same."""
        gpus = f", {joined(self.gpus)}" if self.gpus else ""
        return f"{self.cpu or self.arch}, {plural(self.cores, 'core')}{gpus}"


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster that cells are measured on.

    Attributes:
        id: by which Ray knows it.
        name: by which people do; no other node has it.
        machine: what decides its times, in words.

    """

    id: str
    name: str
    machine: str = ""


def look_around() -> NodeFacts:
    """The facts of the machine that this runs on."""
    return NodeFacts(
        host=socket.gethostname(),
        cpu=procfs.cpu_model() or "",
        cores=procfs.usable_cores(),
        arch=platform.machine(),
        gpus=procfs.gpu_models(),
        software=software(),
    )


def software() -> dict[str, str]:
    """What has to be of the same version on the machine that asks and on all nodes."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "ray": _version("ray"),
        "torch": _version("torch"),
        "this suite": f"{__version__} ({source_digest()})",
        **_plugins(),
    }


def check_software(wanted: Mapping[str, str], nodes: Iterable[tuple[Node, NodeFacts]]) -> None:
    """See that all nodes have the versions that the machine has which asks.

    Raises:
        BenchError: one has another, or lacks something.

    """
    for node, facts in nodes:
        for name in dict.fromkeys((*wanted, *facts.software)):
            here, there = wanted.get(name, ""), facts.software.get(name, "")
            if here != there:
                raise BenchError(
                    f"node {node.name} has {_told(name, there)}, and this machine {_told(name, here)}: "
                    "install the same on both, or leave the node out"
                )


def named(facts: Sequence[tuple[str, NodeFacts]]) -> list[Node]:
    """The nodes of these ids, each by its host's name; by a part of its id as well where several have one host."""
    hosts = [each.host for _, each in facts]
    return [
        Node(number, each.host if hosts.count(each.host) == 1 else f"{each.host}-{number[:6]}", each.machine)
        for number, each in facts
    ]


def unlike(nodes: Sequence[Node]) -> str:
    """One sentence on machines that differ; "" where all are alike."""
    machines = list(dict.fromkeys(node.machine for node in nodes))
    if len(machines) == 1:
        return ""
    parts = [
        f"{joined([node.name for node in nodes if node.machine == machine], most=3)} ({machine})"
        for machine in machines
    ]
    return (
        f"the nodes are unlike: {'; '.join(parts)}: all repeats of a cell are measured on machines of one kind, and "
        "times of different kinds do not compare"
    )


def _told(name: str, value: str) -> str:
    return f"{name} {value}" if value else f"no {name}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _plugins() -> dict[str, str]:
    """The packages that enter plug-ins for the suite, with their versions."""
    known = entry_points()
    entered = (entry for group in known.groups if group.startswith(PLUGINS) for entry in known.select(group=group))
    return {f"the plug-ins of {entry.dist.name}": entry.dist.version for entry in entered if entry.dist}
