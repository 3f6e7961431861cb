"""Accumulation: what a batch in parts costs in time and saves in memory, beside the whole batch of the same run."""

from collections.abc import Mapping

import pandas as pd

from bench.store.quotients import alike, quotient, with_rows

OF_THE_WHOLE: Mapping[str, str] = {"step": "accumulation_time", "peak_memory": "accumulation_memory"}
_APART = ("accumulate",)


def with_accumulation(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with rows more for what cells of several parts take, over what the cell of the same whole batch does.

    Of equal batches the ratio of two steps is that of the times of an image.
    """
    if not (table["accumulate"].fillna(1) > 1).any():
        return table
    rows = table[table["metric"].isin(OF_THE_WHOLE)].to_dict("records")
    whole = {(row["metric"], alike(row, _APART)): row for row in rows if row["accumulate"] == 1}
    more = [
        quotient(OF_THE_WHOLE[str(row["metric"])], row, beside)
        for row in rows
        if row["accumulate"] > 1 and (beside := whole.get((row["metric"], alike(row, _APART)))) is not None
    ]
    return with_rows(table, more)
