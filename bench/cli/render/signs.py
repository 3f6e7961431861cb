"""Signs: what speaks against a row's numbers in a letter each, and what the letters mean."""

import re
from collections.abc import Iterable, Mapping

from bench.store.flags import SEPARATOR
from bench.vocabulary import WarningKind

_MISSED = "target"  # how the flag of a cost that is less certain than was asked for begins
_COUNTED = re.compile(r"(?P<kind>.+) (?P<count>\d+) of (?P<whole>\d+)")
SIGNS: Mapping[WarningKind, tuple[str, str]] = {
    "contended": ("c", "contended: other work took its cores"),
    "not steady": ("s", "not steady after the warm-up"),
    "reference disturbed": ("r", "the reference beside it was disturbed"),
    "uneven": ("u", "training was uneven: other work took time of it"),
    "faulting": ("f", "page faults in most steps"),
    "throttled": ("t", "the clock was throttled"),
    "shared": ("h", "other processes computed on the GPU"),
    "drifting": ("d", "drifting from block to block"),
    "denormals": ("n", "denormal numbers slow it"),
    "loss not finite": ("l", "the loss was not finite"),
    "time limit": ("e", "training ended at its time limit"),
    "target missed": ("a", "the accuracy aimed at was missed"),
    "error not known": ("k", "its error against float64 is not known"),
    "several outputs": ("m", "several outputs: the first is used"),
    "inference alone": ("i", "inference alone was timed"),
    "normalized in parts": ("B", "batch normalization goes by each part, not by the batch"),
    "kept as bytes": ("K", "its images lie there as bytes, which each fetch normalizes"),
    "settings changed": ("g", "settings of its process changed"),
    "left running": ("w", "its code left processes running"),
    "node lost": ("v", "a node vanished with it"),
    "no profile": ("x", "no profile came of it"),
    "no insight": ("I", "no look into the net came of it"),
    "no energy": ("j", "no energy came of it"),
    "start not known": ("S", "a start was not told"),
    "not kept": ("b", "a file was not kept"),
    "not closed": ("o", "its close function failed"),
    "oversubscribed": ("q", "more threads than cores"),
    "costly marks": ("M", "marks within the step cost time: its phases are told too long"),
    "memory not known": ("y", "the peak of its memory, or what it holds when, is not known"),
    "no kernels": ("z", "the profiler saw no kernel of the device"),
}
_SHORT = ("p", "precision asked for not met")
_OTHER = ("?", "a warning of another version: see the results")


def signs_of(flags: str) -> str:
    """The flags of a row as signs, each with the number of processes where that is not all: "c s2"; "" for none."""
    return " ".join(_sign(flag) for flag in flags.split(SEPARATOR) if flag)


def legend(flags: Iterable[str]) -> str:
    """What the signs of these rows mean; "" where they have none."""
    every = {flag for text in flags for flag in text.split(SEPARATOR) if flag}
    known = [*SIGNS.values(), _SHORT, _OTHER]
    meanings = sorted({_meaning(flag) for flag in every}, key=known.index)
    if not meanings:
        return ""
    parts = [f"{sign} {words}" for sign, words in meanings]
    counted = any(_sign(flag)[1:] for flag in every)
    return "signs: " + "; ".join(parts + ["a number: in so many of its processes, else in all"] * counted)


def meaning(flag: str) -> str:
    """One flag in words."""
    return _meaning(flag)[1]


def _meaning(flag: str) -> tuple[str, str]:
    match = _COUNTED.fullmatch(flag)
    kinds: dict[str, tuple[str, str]] = dict(SIGNS.items())
    return kinds.get(match["kind"], _OTHER) if match else _SHORT if flag.startswith(_MISSED) else _OTHER


def _sign(flag: str) -> str:
    match = _COUNTED.fullmatch(flag)
    return _meaning(flag)[0] + (match["count"] if match and match["count"] != match["whole"] else "")
