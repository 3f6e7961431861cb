"""The distribution by its own name: what starts the suite where other folders are called `bench` or `architectures`."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the command line of the `bench` beside this package, whatever comes first on the module path; its code."""
    sys.path.insert(0, str(FOLDER))
    import_module("bench")  # from here on its modules are found through it
    del sys.path[0]
    code: int = import_module("bench.__main__").main()
    return code


def shadow_of(name: str) -> str:
    """What Python imports in place of the suite's package of this name, in one line; "" where that is the suite's."""
    spec = find_spec(name)
    if spec is None:
        return f"the package '{name}' of torch-architecture-bench is not installed: install that again"
    place = Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()
    if place == FOLDER / name / "__init__.py":
        return ""
    folder = place.parent if place.name == "__init__.py" else place
    return (
        f"{folder} is imported as '{name}', which is a package of torch-architecture-bench: rename it, or keep it off "
        "the module path (PYTHONSAFEPATH=1, python -P, or the script `bench`)"
    )
