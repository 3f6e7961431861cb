"""Disturbed: which results of a run were compared with a reference that was not at its best.

The machine was busy then. A net that is bound otherwise feels that less or more than the reference, so its ratio moves.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bench.store.result import Result
from bench.store.warning import Warning
from bench.text import percent

OFF = 0.05  # how much slower than at its best in the run the reference may be, as a share

Key = tuple[Any, ...]  # a result: the id of its cell, its repeat and, of a stored line, its machine and run


class Beside(NamedTuple):
    """Seconds a step of the reference beside one result; those of one group are of one device and its settings."""

    result: Key
    group: tuple[Any, ...]
    seconds: float


def of_results(results: Iterable[Result]) -> list[Beside]:
    """The reference's times beside these results, those that have one."""
    return [
        Beside(
            (result.cell.id, result.repeat), (result.cell.device, result.cell.denormals, reading.threads), reading.value
        )
        for result in results
        for reading in result.measurements
        if reading.metric == "relative_reference" and reading.value
    ]


def of_heads(heads: Iterable[Mapping[str, Any]]) -> list[Beside]:
    """The same of stored lines, of which only the head is needed.

    Each machine of a run is a group of its own, and so is each run of those that were merged: hosts of one class need
    not be equally fast.
    """
    return [
        Beside(
            _key(head),
            (
                head.get("fingerprint"),
                head.get("run"),
                head["cell"].get("device"),
                head["cell"].get("denormals"),
                reading["threads"],
            ),
            reading["value"],
        )
        for head in heads
        for reading in head["measurements"]
        if reading["metric"] == "relative_reference" and reading["value"]
    ]


def disturbed(every: Iterable[Beside]) -> dict[Key, float]:
    """By result, how much slower than at its best in the run the reference was, where that is more than OFF."""
    groups: dict[tuple[Any, ...], list[Beside]] = {}
    for beside in every:
        groups.setdefault(beside.group, []).append(beside)
    bests = {group: min(beside.seconds for beside in members) for group, members in groups.items()}
    shares = {beside.result: beside.seconds / bests[group] - 1 for group, all_of in groups.items() for beside in all_of}
    return {result: share for result, share in shares.items() if share > OFF}


def flagged(lines: Iterable[dict[str, Any]], heads: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The lines of a run, a warning added to those whose reference was disturbed.

    It is no part of what is stored: how good the reference can be is known once all results are there.
    """
    late = disturbed(of_heads(heads))
    for line in lines:
        share = late.get(_key(line))
        yield line if share is None else {**line, "warnings": [*line["warnings"], _warning(share).to_dict()]}


def _key(line: Mapping[str, Any]) -> Key:
    return line["id"], line["repeat"], line.get("fingerprint"), line.get("run")


def _warning(share: float) -> Warning:
    text = f"the reference took {percent(share)} longer than at its best in this run"
    return Warning("relative cost", "reference disturbed", share, text)
