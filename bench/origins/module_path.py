"""Module path: a user's folders on it for a while, before what is installed and after Python's own modules."""

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LIBRARIES = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
_PYTHON = {*_LIBRARIES, *(f"{library}/lib-dynload" for library in _LIBRARIES)}

_folders: set[str] = set()  # that were on the module path for a user's file


@contextmanager
def modules_from(folders: Iterable[str]) -> Iterator[None]:
    """The folders on the module path until the end of the block: first, but for Python's own, which they hide none of.

    So a neighbour `utils.py` of a user's file is the one it means, and a `random.py` there breaks nothing.
    """
    before = list(sys.path)
    own = [place for place in before if place in _PYTHON]
    added = [folder for folder in folders if folder not in own]
    during = [*own, *added, *(place for place in before if place not in _PYTHON)]
    sys.path[:] = during
    try:
        yield
    finally:
        if sys.path == during:
            sys.path[:] = before
        else:  # what was imported changed it, and counts on that
            for folder in added:
                with suppress(ValueError):
                    sys.path.remove(folder)


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """The folder of a user's file on the module path, where its neighbours are not those of another such file."""
    place = str(folder.absolute())
    _make_way(place)
    with modules_from([place]):
        yield


def _make_way(place: str) -> None:
    """Forget modules of other users' folders that this one has too, so that each file gets its own neighbours."""
    _folders.add(place)
    for name, module in [(name, module) for name, module in sys.modules.items() if "." not in name]:
        file = Path(getattr(module, "__file__", None) or "/")
        folder = str((file.parent if file.name == "__init__.py" else file).parent)
        own = Path(place, f"{name}.py"), Path(place, name, "__init__.py")
        if folder != place and folder in _folders and any(path.is_file() for path in own):
            for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
                del sys.modules[known]
