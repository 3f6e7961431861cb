"""Revision protocol: what the workers of an A/B comparison are asked and answer, each word with its payload, once.

Each side runs the code of its own revision, and the parent is of one of the two, so this is a contract between
revisions: payloads are plain data, and VERSION is raised when a word or a payload changes.

    about   AboutTask -> ABOUT
    count   CellTask  -> COUNTS
    serve   CellTask  -> READY, then BLOCK for each number of steps that the parent sends, until it sends None

Each of them may answer FAILED instead, and ends then.
"""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypedDict, TypeVar

VERSION = 2

Payload = TypeVar("Payload")


class AboutTask(TypedDict):
    """Where and with what a side will have to run."""

    device: str
    threads: int
    datasets: list[str]
    data_dir: str  # "" for the default


class CellTask(TypedDict):
    """What a worker is to run."""

    cell: dict[str, Any]  # the fields of Cell
    data_dir: str
    inject: float  # how much more work each step does, as a share; counts are taken without


class About(TypedDict):
    """What a revision has and where it runs."""

    catalogue: dict[str, Any]  # the fields of Catalogue
    cell_fields: list[str]
    system: dict[str, Any]  # the facts of the machine


class Ready(TypedDict):
    """The worker is warm."""

    steps: int  # of a block
    steady: bool


class Block(TypedDict):
    """The times of one block."""

    seconds: list[float]  # of each step
    phases: dict[str, list[float]]  # the same by phase
    faults: int  # page faults


@dataclass(frozen=True, slots=True)
class Word(Generic[Payload]):
    """A word that a worker says, and by its type the payload that comes with it."""

    name: str


ABOUT: Word[About] = Word("about")
COUNTS: Word[dict[str, float]] = Word("counts")  # by metric
READY: Word[Ready] = Word("ready")
BLOCK: Word[Block] = Word("block")
FAILED: Word[str] = Word("failed")  # why, in one line


class Sends(Protocol):
    """The worker's end of its pipe."""

    def send(self, kind: str, payload: Any) -> None:
        """Hand something over to the parent."""


def say(channel: Sends, word: Word[Payload], payload: Payload) -> None:
    """Answer the parent."""
    channel.send(word.name, payload)
