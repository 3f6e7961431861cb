"""Traces that were recorded on real GPUs: those of this repository, and more where someone has some."""

import os
from pathlib import Path

VARIABLE = "BENCH_TRACES"  # names the folder with more of them
END = ".pt.trace.json.gz"
OWN = Path(__file__).parent / "real"


def real_paths():
    """The real traces that there are, by name."""
    folders = [OWN, *([Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else [])]
    return {path.name.removesuffix(END): path for folder in folders for path in sorted(folder.glob(f"*{END}"))}
