"""Failure: what a side of a comparison raises becomes one line that it sends, with the place in a user's own file."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import BenchError, is_ctrl_c, message_of, reason_of
from bench.origins.place import place_of
from bench.origins.resolve import OriginError, told_of
from bench.process.channel import Channel, HungUpError


@contextmanager
def failure_sent(channel: Channel) -> Iterator[None]:
    """Send whatever a cell raises as one line; it ends this worker alone."""
    try:
        yield
    except (HungUpError, EOFError):  # the parent is gone
        raise
    except BaseException as error:  # Ctrl-C is none of a worker's: a KeyboardInterrupt too is the cell's own
        channel.send("failed", message_of(error) if isinstance(error, BenchError) else reason_of(error))


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
    except BaseException as error:
        if is_ctrl_c(error):
            raise
        if isinstance(error, OriginError):  # which says all of it
            raise BenchError(str(error)) from error
        words = f"{error}{place_of(error)}" if isinstance(error, BenchError) else told_of(error)
        raise BenchError(f"{label}: {words}") from error
