"""Events: a trace file (Kineto's JSON, plain or gzip) read within bounds, or refused in one line."""

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError

# 256 MiB of JSON are some 700,000 events, several times the largest trace of the catalogue; reading them takes about
# ten times as much memory.
MOST_BYTES = 256 * 2**20
MOST_EVENTS = 1_000_000
# Of an event, one with another: some bytes of JSON become many of Python where they are lists and no text.
_MOST_VALUES, _MOST_PARTS = 32, 12
_CHUNK = 2**20
_LONGEST = 10_000  # characters of a name; those of kernels from templates have thousands
_BOUND = 1e18  # microseconds of any clock; a number beyond it, or none, is damage
# The old autograd profiler wrote a bare list of events without categories; its rows said what they were.
_LEGACY = {"CPU functions": "cpu_op", "CUDA functions": "kernel"}

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace.

    Attributes:
        events: as they stand in the file, times in microseconds.
        properties: what the file says beside them.
        unsound: how many events were passed over, because a time is missing or no finite number, or for their form.

    """

    events: Sequence[Event]
    properties: Mapping[str, Any]
    unsound: int = 0


def load(path: Path, most_bytes: int = MOST_BYTES, most_events: int = MOST_EVENTS) -> Trace:
    """Read a trace.

    Args:
        path: a file that torch.profiler exported, compressed or not.
        most_bytes: of JSON, once unpacked; a file that unpacks to more is left there and then.
        most_events: likewise.

    Raises:
        BenchError: the file is absent, damaged, empty, too large, or no trace of torch.profiler.

    """
    try:
        text = _unpacked(path, most_bytes)
    except OSError as error:  # gzip's own errors among them
        raise _refused(path, error.strerror or str(error)) from error
    except (EOFError, zlib.error) as error:
        raise _refused(path, "it is cut short or damaged") from error
    if not text.strip():
        raise _refused(path, "it is empty")
    if text.count(b",") > most_events * _MOST_VALUES or text.count(b"{") + text.count(b"[") > most_events * _MOST_PARTS:
        raise _refused(path, f"it holds more than {most_events:,} events have; profile fewer steps")
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"it is not valid JSON ({error})") from error
    return _trace(path, document, most_events)


def _unpacked(path: Path, most: int) -> bytes:
    """The bytes of the file, unpacked where it is gzip; never more than `most` are held."""
    with files.opened(path) as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        parts, size = [], 0
        while part := file.read(_CHUNK):
            size += len(part)
            if size > most:
                raise _refused(
                    path, f"it holds more than the {most / 2**20:.0f} MiB that are read; profile fewer steps"
                )
            parts.append(part)
    return b"".join(parts)


def _trace(path: Path, document: Any, most: int) -> Trace:
    """The document as a trace, if it is one."""
    # the format allows a bare list of events too
    listed = document.get("traceEvents") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise _refused(path, "it is JSON, but no trace: it has no list 'traceEvents'")
    if len(listed) > most:
        raise _refused(path, f"it holds {len(listed):,} events, more than the {most:,} that are read")
    events = [_plain(event) for event in listed if isinstance(event, dict) and _is_sound(event)]
    if not any(event["ph"] == "X" and event.get("cat") for event in events):
        raise _refused(path, "it holds no timed event of torch.profiler")
    properties = document if isinstance(document, dict) else {}
    others = {key: value for key, value in properties.items() if key != "traceEvents"}
    return Trace(events, others, len(listed) - len(events))


def _plain(event: Event) -> Event:
    """The event with the category that old traces left to its row, and with a name of one line that can be printed."""
    row, name = event.get("pid"), event["name"]
    if isinstance(row, str) and row in _LEGACY and not event.get("cat"):
        event = {**event, "cat": _LEGACY[row]}
    if len(name) <= _LONGEST and name.isprintable():
        return event
    return {**event, "name": "".join(letter if letter.isprintable() else " " for letter in name[:_LONGEST])}


def _is_sound(event: Mapping[str, Any]) -> bool:
    """Whether the event has what its kind must have; others are passed over."""
    if not isinstance(event.get("ph"), str) or not isinstance(event.get("name"), str):
        return False
    if not isinstance(event.get("args", {}), dict) or not isinstance(event.get("cat", ""), str):
        return False
    if isinstance(event.get("pid"), list | dict) or isinstance(event.get("tid"), list | dict):
        return False
    if event["ph"] != "X":
        return True
    return _is_time(event.get("ts"), -_BOUND) and _is_time(event.get("dur"), 0.0)


def _is_time(value: Any, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= _BOUND


def _refused(path: Path, why: str) -> BenchError:
    remedy = "make it again: python -m bench run --profile, or export_chrome_trace of torch.profiler"
    return BenchError(f"cannot read the trace {path}: {why}; {remedy}")
