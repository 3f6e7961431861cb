"""Failure: what a side of a comparison raises becomes one line that it sends, with the place in a user's own file."""

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import architectures
import bench
from bench.errors import BenchError
from bench.process.channel import Channel

_NOT_THE_USERS = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *(str(Path(str(package.__file__)).parent) for package in (bench, architectures)),
    "<frozen",
)


@contextmanager
def failure_sent(channel: Channel) -> Iterator[None]:
    """Send whatever a cell raises as one line; it ends this worker alone."""
    try:
        yield
    except (BrokenPipeError, EOFError):  # the parent is gone
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
        channel.send("failed", " ".join(reason.split()))


class NoStepError(BenchError):
    """What a user named is no step, and sets none up."""


@contextmanager
def place_told(label: str) -> Iterator[None]:
    """Whatever a user's code raises in the block becomes a BenchError of one line, with the place in their own file.

    Args:
        label: what the code is called.

    """
    try:
        yield
    except NoStepError:
        raise
    except (Exception, SystemExit) as error:
        kind = "" if isinstance(error, BenchError) else f"{type(error).__name__}: "
        raise BenchError(" ".join(f"{label}: {kind}{error}{place_of(error)}".split())) from error


def place_of(error: BaseException) -> str:
    """Where in a user's own file it was raised, such as " (my_train.py, line 12)"; "" where none took part."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_NOT_THE_USERS)
    ]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
