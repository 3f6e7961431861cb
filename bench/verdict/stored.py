"""Stored: the decision that `check` left beside the results of a run, as plain data."""

from pathlib import Path
from typing import Any

from bench import files
from bench.verdict.verdict import CHECK_FILE, SCHEMA

AGAIN = "check the run again"


def stored_check(folder: Path) -> dict[str, Any] | None:
    """What stands in the folder of a run; None where it was never checked.

    Raises:
        BenchError: the file is damaged or of another schema.

    """
    path = folder / CHECK_FILE
    try:
        stored = files.read_object(path, AGAIN)
    except FileNotFoundError:
        return None
    files.check_schema(stored.get("schema"), SCHEMA, str(path), AGAIN)
    return stored
