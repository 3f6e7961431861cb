"""Reference: what the half without torch knows of what costs are relative to: its name and a digest of its code.

Another digest makes every stored baseline not comparable: see bench/process/CONTRACT.md.
"""

from functools import cache
from pathlib import Path

from bench.files import digest

REFERENCE = "a frozen mlp, SGD, batch 64"
SOURCE = Path(__file__).parents[1] / "measure" / "reference.py"


@cache
def source_digest(path: Path = SOURCE) -> str:
    """Twelve hexadecimal digits that change with any character of the frozen code."""
    return digest(path.read_text("utf-8"))
