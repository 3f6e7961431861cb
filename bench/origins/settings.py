"""Settings: what a user's code sets for its whole process is put back: a cell says itself what it is measured with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def settings_kept(*, random: bool = False) -> Iterator[None]:
    """At the end of the block threads, the type of new tensors and whether gradients are kept are as they were.

    Args:
        random: so are random numbers: for an import, whose draws and seeds are no part of a cell's own seed.

    """
    threads, dtype, gradients = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    with torch.random.fork_rng(devices=[], enabled=random):
        try:
            yield
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(gradients)
