"""Recomputation: what activation checkpointing saves in memory and adds in time, beside the same cell without it."""

from collections.abc import Mapping

import pandas as pd

from bench.store.quotients import with_quotients

OF_EAGER: Mapping[str, str] = {
    "step": "recompute_time",
    "peak_memory": "recompute_memory",
    "held_memory": "recompute_held",
}


def with_recomputation(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with rows more for what cells that recompute activations take, over what the eager cell does."""
    return with_quotients(table, "mode", "eager", lambda mode: mode == "recompute", OF_EAGER)
