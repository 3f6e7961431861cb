"""Survey: the catalogue, asked so that a net or plug-in that crashes its worker, or hangs, costs itself alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

from bench.errors import BenchError
from bench.plan.catalogue import Catalogue
from bench.plan.matching import matches_any
from bench.plan.origin import parse
from bench.plan.task import CatalogueRequest
from bench.process.executor import TaskStarter
from bench.session.requests import CrashError, ask_catalogue

GROUP = "bench.architectures"  # the entry points by which packages register nets


def surveyed(starter: TaskStarter, request: CatalogueRequest, *, to_measure: bool = False) -> Catalogue:
    """What is registered, and what the machine can do; of a net that ends its worker the `trouble` it makes.

    A plug-in whose import ends its worker is left out, as one is that cannot be imported; unless all is `to_measure`,
    whose workers import every plug-in.

    Raises:
        BenchError: what was asked for cannot be had, or something else than a registered net ends workers.

    """
    try:
        return ask_catalogue(starter, request)
    except CrashError:
        crashing = _crashing_imports(starter)
        if crashing and to_measure:
            plugin, reason = next(iter(crashing.items()))
            raise BenchError(f"plug-in '{plugin}': {reason}; mend it, or uninstall its package") from None
        request = replace(request, left_out=crashing)
        outline = ask_catalogue(starter, replace(request, architectures=()))
        return _piece_by_piece(starter, request, outline)


def _crashing_imports(starter: TaskStarter) -> dict[str, str]:
    """The plug-ins that end a worker which imports them alone, each with how that ends."""
    names = [entry_point.name for entry_point in entry_points(group=GROUP)]
    crashing = {}
    for name in dict.fromkeys(names):
        others = {other: "" for other in names if other != name}
        if reason := _crash(starter, CatalogueRequest(left_out=others)):
            crashing[name] = f"its import ends the process: {reason}"
    return crashing


def _crash(starter: TaskStarter, request: CatalogueRequest) -> str:
    """How a worker ends that is asked this; "" where it answers."""
    try:
        ask_catalogue(starter, request)
    except CrashError as crash:
        return crash.reason
    return ""


def _piece_by_piece(starter: TaskStarter, request: CatalogueRequest, outline: Catalogue) -> Catalogue:
    """The outline with the counts of each net of a plug-in as a worker of its own tells them."""
    named = tuple(text for text in request.architectures if parse(text))
    wanted = [name for name in outline.architectures if matches_any(name, request.architectures)]
    foreign = [name for name in wanted if outline.architectures[name].get("registered_by")]
    own = tuple(name for name in wanted if name not in foreign)
    catalogue = ask_catalogue(starter, replace(request, architectures=(*own, *named)))
    nets = {name: _net(starter, request, outline, name) for name in foreign}
    return replace(catalogue, architectures={**catalogue.architectures, **nets})


def _net(starter: TaskStarter, request: CatalogueRequest, outline: Catalogue, name: str) -> Mapping[str, Any]:
    """What is known of one of them."""
    try:
        return ask_catalogue(starter, replace(request, architectures=(name,))).architectures[name]
    except CrashError as crash:
        trouble = f"'{name}' ends the process that tries it: {crash.reason}"
        return {**outline.architectures[name], "trouble": trouble, "incompatible": _of_all(request.datasets, trouble)}


def _of_all(datasets: Iterable[str], trouble: str) -> dict[str, str]:
    return dict.fromkeys(datasets, trouble)
