"""Oldest: the constraints that have pip install the oldest admitted version of every dependency.

    python .ci/oldest.py > .ci/oldest.txt

They follow from the lower bounds in pyproject.toml, and a test holds the file against them.
"""

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
# pip knows no hidden bound: what a package needs itself may be newer, and pip then says so.
HEAD = "# Written by .ci/oldest.py from the lower bounds in pyproject.toml.\n"


def constraints(project: dict[str, Any]) -> str:
    """The text of the file.

    Args:
        project: the table `project` of a pyproject.toml.

    Raises:
        ValueError: a dependency has something else than one lower bound.

    """
    everything = chain(project["dependencies"], *project["optional-dependencies"].values())
    return HEAD + "".join(f"{line}\n" for line in sorted({_oldest(text) for text in everything}))


def _oldest(dependency: str) -> str:
    bound = re.fullmatch(r"([A-Za-z0-9._-]+)>=([0-9.]+)", dependency)
    if not bound:
        raise ValueError(f"'{dependency}' in pyproject.toml: give it one lower bound, as name>=1.2")
    return f"{bound[1]}=={bound[2]}"


if __name__ == "__main__":
    print(constraints(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]), end="")
