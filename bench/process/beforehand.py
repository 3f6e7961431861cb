"""Beforehand: a process that is forked from a worker while nothing has run yet, and is as fresh when it is needed."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from bench.errors import BenchError, message_of, reason_of
from bench.process.follow import follow

Task = TypeVar("Task")
Reply = TypeVar("Reply")


@contextmanager
def forked(function: Callable[[Task], Reply]) -> Iterator[Callable[[Task], Reply]]:
    """A process that sleeps until it is asked once, and then replies what `function` gives of the task.

    To be called where nothing has run yet that a fork does not take along, such as threads of OpenMP or CUDA. What the
    block is given raises MemoryError where the function did, and BenchError where it raised anything else, or the
    process was ended. It ends with the block.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_reply, args=(theirs, ours, function, os.getpid()))
    process.start()
    theirs.close()
    try:
        yield partial(_ask, process, ours)
    finally:
        process.kill()
        process.join()
        ours.close()


def _ask(process: BaseProcess, connection: "Connection[Any, Any]", task: Any) -> Any:
    try:
        connection.send(task)
        kind, reply = connection.recv()
    except (EOFError, OSError) as error:
        process.join()
        raise BenchError(f"the process that answers was ended{_ending(process.exitcode or 0)}") from error
    if kind == "oom":
        raise MemoryError(reply)
    if kind == "failed":
        raise BenchError(reply)
    return reply


def _ending(code: int) -> str:
    return f" by {signal.Signals(-code).name}" if code < 0 else ""


def _reply(
    connection: "Connection[Any, Any]", other: "Connection[Any, Any]", function: Callable[[Any], Any], parent: int
) -> None:
    """In the new process."""
    follow(parent)
    other.close()
    with suppress(EOFError, OSError):  # nobody asks any more
        task = connection.recv()
        try:
            reply = ("ok", function(task))
        except MemoryError as error:
            reply = ("oom", message_of(error))
        except BaseException as error:  # whatever an engine raises is the cell's reason
            reply = ("failed", reason_of(error))
        connection.send(reply)
    os._exit(0)
