"""Worker main: the first code of a worker process. Imports the torch half by name, so that the parent never does.

Tree servers of other revisions rely on `work` and PRELOAD: see CONTRACT.md beside this file.
"""

import ctypes
import gc
import importlib
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.process.channel import Channel, HungUpError
from bench.process.worker import HUNG_UP

# Imported once, before any worker is forked. The first optimizer and the first meta tensor of a process import
# torch._dynamo, 900 modules in more than a second, so that it belongs here too.
PRELOAD = (
    "torch._dynamo",
    "bench.worker.cell",
    "bench.worker.catalogue",
    "bench.worker.ab_side",
)


# The process that has imported this before any worker was forked: their parent, as long as it lives.
_SERVER = os.getpid()


def work(connection: "Connection[Any, Any]", entry: str, task: Any) -> None:
    """Run the function `entry` ("module:function") as `function(task, channel)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends this process
    _leave_stdout_alone()
    _be_first_to_go()
    _follow_the_parent()
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(module), name)
    gc.freeze()  # a million objects of torch's modules: a collection would look at each, and copy its page
    try:
        function(task, Channel(connection))
    except HungUpError:  # nobody listens any more as the run was ended; or its own code closed the pipe
        os._exit(HUNG_UP)
    with suppress(OSError):  # likewise, after the last word
        connection.close()
    os._exit(0)  # nothing is left to tidy up, and tearing torch down takes longer than many a cell


def _leave_stdout_alone() -> None:
    """What an architecture prints goes to stderr: the parent's stdout may be one JSON document."""
    sys.stdout = sys.stderr
    with suppress(OSError):  # there is no stderr
        os.dup2(2, 1)


def _be_first_to_go() -> None:
    """If memory runs out, the kernel ends this process and not the one that keeps the results (proc(5))."""
    with suppress(OSError):  # not Linux, or not allowed: then the kernel chooses
        Path("/proc/self/oom_score_adj").write_text("1000")


def _follow_the_parent() -> None:
    """End with the server this process was forked from, which ends with the run (prctl(2), PR_SET_PDEATHSIG)."""
    with suppress(AttributeError, OSError):  # not Linux: an orphan notices at its next send
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if _SERVER not in {os.getpid(), os.getppid()}:  # it was gone before this one could ask to follow it
        os._exit(1)
