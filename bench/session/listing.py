"""Listing: facts of what is registered, which follow from sources alone: kept for the user while those are the same.

What is damaged, or cannot be written, is as if there was none.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.user_folder import user_folder

OURS = ("bench", "architectures")
PLUGINS = "bench."  # begins the names of the groups by which packages register what is listed
MOST_KEPT = 12  # of several environments and listings
Entries = list[dict[str, Any]]


def listed(what: str, ask: Callable[[], tuple[Entries, Iterable[str] | None]]) -> Entries:
    """The entries of a listing.

    Args:
        what: its name.
        ask: gives them afresh, and the files beside the suite's own and those of installed packages that they followed
            from; None in place of the files where they should not be kept.

    """
    folder = user_folder()
    path = folder / f"list-{what}-{digest_of_sources()}.json" if folder else None
    if path and (kept := _kept(path)) is not None:
        return kept
    entries, used = ask()
    if path and used is not None:
        _keep(path, {"files": {name: _digest(Path(name)) for name in used}, "entries": entries})
    return entries


def digest_of_sources() -> str:
    """Tells what the facts follow from: Python, what is installed, the suite's and the plug-ins' sources."""
    facts = [sys.version, sys.platform, sys.prefix, sorted(_installed())]
    sources = sorted({path for package in (*OURS, *_plugins()) for path in _sources(package)})
    every = [facts, [[str(path), _digest(path)] for path in sources]]
    return sha256(files.canonical(every).encode()).hexdigest()[:32]


def _kept(path: Path) -> Entries | None:
    """What was kept, if none of the files that it follows from has changed since."""
    try:
        stored = json.loads(files.content(path))
        entries: Entries = stored["entries"]
        same = all(_digest(Path(name)) == was for name, was in stored["files"].items())
        return entries if same and all(isinstance(entry, dict) and "name" in entry for entry in entries) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _keep(path: Path, stored: dict[str, Any]) -> None:
    with suppress(BenchError, OSError):  # then it takes as long the next time
        files.replace(path, json.dumps(stored))
        for old in sorted(path.parent.glob("list-*.json"), key=lambda file: file.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink()


def _installed() -> Iterator[tuple[str, int]]:
    """Every installed distribution: its folder, whose name has its version, and when that was written."""
    for place in dict.fromkeys(path or os.curdir for path in sys.path):
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth")):
                        yield entry.path, entry.stat().st_mtime_ns
        except OSError:  # a zip file, or gone
            continue


def _plugins() -> set[str]:
    """The packages that register something."""
    known = entry_points()
    groups = (group for group in known.groups if group.startswith(PLUGINS))
    return {entry.module.partition(".")[0] for group in groups for entry in known.select(group=group)}


def _sources(package: str) -> Iterator[Path]:
    """The Python files of a package or module, which is not imported."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        yield from Path(folder).rglob("*.py")
    if spec.origin and spec.submodule_search_locations is None:
        yield Path(spec.origin)


def _digest(path: Path) -> str:
    """SHA-256 of a file; "" where it cannot be read."""
    try:
        return sha256(files.content(path)).hexdigest()
    except OSError:
        return ""
