"""Answers: how sure the accuracy is that an engine loses, where one net alone was asked: by its test images."""

from collections.abc import Hashable

import pandas as pd

from bench.stats.interval import Interval
from bench.stats.multiple_testing import clopper_pearson
from bench.stats.paired import accuracy_lost

LOST, DIFFER = "accuracy_lost", "answers_differ"


def with_answer_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """The frame with intervals over test images for what engines lose and change with one seed.

    With several seeds, of which each trains another net, the intervals over seeds stay.
    """
    counts = table[table["metric"].isin(("answers_lost", "answers_gained", "answers_scored"))]
    known: dict[Hashable, dict[str, int]] = {}
    for count in counts.to_dict("records"):
        if count["n"] == 1:
            known.setdefault(count["id"], {})[str(count["metric"])] = int(count["value"])
    if not known:
        return table
    for place, row in table[table["metric"].isin((LOST, DIFFER))].iterrows():
        if len(seen := known.get(row["id"], {})) == 3:
            over = _interval(str(row["metric"]), float(row["value"]), seen)
            table.loc[place, ["low", "high"]] = over.low, over.high
    return table


def _interval(metric: str, share: float, seen: dict[str, int]) -> Interval:
    images = seen["answers_scored"]
    if metric == LOST:
        return accuracy_lost(seen["answers_lost"], seen["answers_gained"], images)
    return Interval(share, *clopper_pearson(round(share * images), images), images)
