"""Failure: what a side of a comparison raises becomes one line that it sends."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import BenchError
from bench.process.channel import Channel


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
