"""Nearby: files of a data set that lie there packed or under another name, and the command that puts them in place."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path


def command_for(files: Iterable[str], folder: Path, data_dir: Path) -> str:
    """The shell command that makes these files in `folder` of what lies nearby; "" where one of them cannot be made.

    Looked for are each file's gzip, the name that some archives give it (train-images.idx3-ubyte), and all of these in
    the folders above, up to `data_dir`.
    """
    wanted = list(files)
    sources = [_source(file, folder, data_dir) for file in wanted]
    if not all(sources):
        return ""
    if all(source == folder / f"{file}.gz" for file, source in zip(wanted, sources, strict=True)):
        return f"gunzip -k {shlex.quote(str(folder))}/*.gz"
    steps = [_step(source, folder / file) for file, source in zip(wanted, sources, strict=True) if source]
    return " && ".join([f"mkdir -p {shlex.quote(str(folder))}", *steps])


def _source(file: str, folder: Path, data_dir: Path) -> Path | None:
    """What the file can be made of."""
    try:
        return next((path for path in _candidates(file, folder, data_dir) if path.is_file()), None)
    except OSError:  # a folder that may not be entered, or a name too long
        return None


def _candidates(file: str, folder: Path, data_dir: Path) -> Iterator[Path]:
    dotted = file.replace("-idx", ".idx")
    for place in dict.fromkeys((folder, folder.parent, data_dir)):
        yield from (place / name for name in (f"{file}.gz", dotted, f"{dotted}.gz", file))


def _step(source: Path, target: Path) -> str:
    before, after = shlex.quote(str(source)), shlex.quote(str(target))
    return f"gunzip -c {before} > {after}" if source.suffix == ".gz" else f"cp {before} {after}"
