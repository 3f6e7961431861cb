"""Comparable: which configurations share a denominator, so that their numbers may be ranked and drawn together.

A relative cost is a ratio to the reference under the device, threads and denormals of its cell, on the machine of its
processes: ratios to different references do not compare. Rows of different data sets have one reference, but other
work: they are not ranked together. Times and rates compare only where device, threads, data set and machine are the
same; memory only on one kind of counter, which is the device's, of one machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.metrics import COMPARE_WITHIN, METRICS
from bench.report.record import Record, Row
from bench.text import plural

_WORDS: Mapping[str, Callable[[str], str]] = {
    "device": "on {}".format,
    "threads": lambda count: f"with {plural(int(count), 'thread')}" if count.isdecimal() else "with threads unknown",
    "denormals": lambda mode: "with denormals kept" if mode == "keep" else "with denormals flushed",
    "dataset": "on {}".format,
    "split": "on {} images".format,
    "machine": "on {}".format,
}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that compare, and what they share that others do not, in words; "" where all rows compare."""

    name: str
    rows: list[Row]

    def titled(self, heading: str) -> str:
        """The heading of a picture of the group."""
        return f"{heading}, {self.name}" if self.name else heading

    def says(self, sentence: str) -> str:
        """The sentence with the group in front of it, where there are several."""
        return f"{self.name[0].upper()}{self.name[1:]}: {sentence}" if self.name else sentence


def groups(record: Record, rows: list[Row], *metrics: str) -> list[Group]:
    """The rows by what all of `metrics` have to share, in the order of their first row."""
    alike: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(_shared(row, metrics).items()), []).append(row)
    differ = [name for name, _ in next(iter(alike), ()) if len({dict(key)[name] for key in alike}) > 1]
    return [Group(_named(record, dict(key), differ), members) for key, members in alike.items()]


def _shared(row: Row, metrics: tuple[str, ...]) -> dict[str, str]:
    """What has to be the same before the metrics of two rows compare."""
    names = dict.fromkeys(name for metric in metrics for name in COMPARE_WITHIN[METRICS[metric].kind])
    threads = next((count for metric in metrics if (count := row.values[metric].threads)), row.cell["threads"])
    facts = {**row.cell, "threads": threads, "machine": row.machine}
    return {name: str(facts[name]) for name in names}


def _named(record: Record, key: Mapping[str, str], differ: list[str]) -> str:
    words = {**key, "machine": record.machines.get(key.get("machine", ""), "an unknown machine")}
    return ", ".join(_WORDS[name](words[name]) for name in differ)
