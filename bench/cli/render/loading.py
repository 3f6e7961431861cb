"""Loading in words: a line for each configuration that is loaded, with what that costs a step."""

import pandas as pd

from bench.cli.render.payoffs import where
from bench.store.loading import in_words


def loading(table: pd.DataFrame) -> list[str]:
    """Such as "loading mlp-sgd-...-dataloader_2: a step with its fetch takes 1.80 times ..."."""
    rows = table[table["metric"] == "loading_time"].to_dict("records")
    several = len({row["machine"] for row in rows}) > 1
    return [
        f"loading {row['id']}{where(row['machine'], several)}: a step with its fetch takes "
        f"{in_words(row['value'], _end(row['low']), _end(row['high']), contended=bool(row['contended']))}"
        for row in rows
    ]


def _end(value: object) -> float | None:
    return float(value) if isinstance(value, float) and not pd.isna(value) else None
