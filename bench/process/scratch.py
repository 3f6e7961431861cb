"""Scratch: a worker's temporary folder. Its name has the process in it, whose server removes it after a kill."""

import os
from tempfile import TemporaryDirectory


def scratch() -> "TemporaryDirectory[str]":
    """A folder that is there until the end of the block, or of this worker."""
    return TemporaryDirectory(prefix=f"bench-{os.getpid()}-")  # as bench/process/tree_server.py looks for it
