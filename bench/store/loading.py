"""Loading: what each way of loading costs a step, beside the same cell whose images are resident, in the same run."""

from collections.abc import Mapping

import pandas as pd

from bench.plan.loader import RESIDENT
from bench.store.quotients import with_quotients
from bench.store.warning import DISTURBED
from bench.text import number

OF_RESIDENT: Mapping[str, str] = {"step_wall": "loading_time"}


def with_loading(table: pd.DataFrame) -> pd.DataFrame:
    """A frame with rows more for how long steps take with their fetch, over those of the resident cell."""
    return with_quotients(table, "loader", RESIDENT, lambda loader: loader not in (None, RESIDENT), OF_RESIDENT)


def in_words(times: float, low: float | None, high: float | None, *, contended: bool) -> str:
    """What a step costs with its fetch, such as "1.80 times a resident step (1.75 to 1.85)"."""
    ends = "one process gives no interval" if low is None or high is None else f"{number(low)} to {number(high)}"
    return f"{number(times)} times a resident step ({ends}{f'; {DISTURBED}' * contended})"
