"""Follow: a process that ends with the one that started it."""

import ctypes
import os
import signal
from contextlib import suppress

_TO_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def follow(parent: int) -> None:
    """End at once when told to, and with the process `parent`, which started this one.

    Its handlers of signals come along with a fork, and one of them may wait for what never comes here.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(AttributeError, OSError):  # not Linux, where an agent or a tree server ends it
        ctypes.CDLL(None).prctl(_TO_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before this one could ask to follow it
        os._exit(1)
