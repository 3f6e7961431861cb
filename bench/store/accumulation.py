"""Accumulation: what a batch in parts costs in time and saves in memory, beside the whole batch of the same run."""

from collections.abc import Mapping

import pandas as pd

from bench.store.quotients import with_quotients

OF_THE_WHOLE: Mapping[str, str] = {"step": "accumulation_time", "peak_memory": "accumulation_memory"}


def with_accumulation(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with rows more for what cells of several parts take, over what the cell of the same whole batch does.

    Of equal batches the ratio of two steps is that of the times of an image.
    """
    return with_quotients(table, "accumulate", 1, lambda parts: parts > 1, OF_THE_WHOLE)
