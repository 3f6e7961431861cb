"""Stage: the folder that Ray's runtime_env takes to every node: the suite's sources, and the packages with plug-ins."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cluster.nodes import OURS, PLUGINS

_SUITE = Path(__file__).parents[2]  # holds the suite that runs now
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


@contextmanager
def staged() -> Iterator[Path]:
    """The folder, until the end of the block; what plug-ins need beside their own package is not in it."""
    with TemporaryDirectory(prefix="bench-stage-") as name:
        folder = Path(name)
        for package in OURS:
            shutil.copytree(_SUITE / package, folder / package, ignore=_IGNORED)
        known = entry_points()
        for group in known.groups:
            if group.startswith(PLUGINS):
                for entry in known.select(group=group):
                    _copy_package(entry, folder)
        yield folder


def _copy_package(entry: EntryPoint, folder: Path) -> None:
    """Put the package of a plug-in there, with what makes Python find its entry points."""
    top = entry.module.partition(".")[0]
    spec = None if top in OURS else find_spec(top)
    if spec is None:
        return
    for place in spec.submodule_search_locations or ():
        shutil.copytree(place, folder / top, ignore=_IGNORED, dirs_exist_ok=True)
    if spec.submodule_search_locations is None and spec.origin:
        shutil.copy(spec.origin, folder)
    for file in (entry.dist.files if entry.dist else None) or ():
        if file.parts[0].endswith((".dist-info", ".egg-info")) and Path(str(file.locate())).is_file():
            (folder / file.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), folder / file)
