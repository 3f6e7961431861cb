"""Copies: on another machine, the files that a run names lie below one folder, each in its place at home."""

import os
from pathlib import Path

COPIES = "BENCH_COPIES"  # that folder; not set on the machine where the files are at home


def copy_of(path: Path) -> Path:
    """Where to read a file or folder: its copy where there is one, else itself."""
    folder = os.environ.get(COPIES)
    if not folder or not path.is_absolute() or path.is_relative_to(folder):
        return path
    copy = below(Path(folder), path)
    return copy if copy.exists() else path


def home_of(path: Path) -> Path:
    """Where a file or folder is at home, be this a copy of it or itself."""
    folder = os.environ.get(COPIES)
    return Path("/") / path.relative_to(folder) if folder and path.is_relative_to(folder) else path


def below(folder: Path, path: Path) -> Path:
    """The place in the folder that stands for an absolute path."""
    return folder / path.relative_to(path.anchor)
