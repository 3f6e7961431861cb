"""Document: what --json prints: one line of JSON, and never what JSON has not, such as NaN."""

from typing import Any

from bench import files


def print_document(value: Any) -> None:
    """Print plain data."""
    print(files.json_line(value))
