"""Place: where in a user's own code something was raised, for an error of one line."""

import sysconfig
import traceback
from pathlib import Path

import architectures
import bench
from bench.plan.origin import INSTALLED

_OTHERS = [
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *(Path(str(package.__file__)).resolve().parent for package in (bench, architectures)),
]


def place_of(error: BaseException) -> str:
    """Where in a user's own file it was raised, such as " (my_train.py, line 12)"; "" where none took part."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(Path(frame.filename))]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def _is_users(file: Path) -> bool:
    """Whether it is no file of Python, of the suite, or of what is installed."""
    others = str(file).startswith("<frozen") or {*INSTALLED} & {*file.parts}
    return not others and not any(file.is_relative_to(folder) for folder in _OTHERS)
