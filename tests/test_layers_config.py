"""import-linter's contracts leave no room out: a new one must be given its layer, and its side of torch."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}
TORCH = CONTRACTS["The half that orchestrates never imports torch"]
LAYERS = CONTRACTS["One way for the data to flow"]
COMMAND_LINE = {"bench.__main__", "bench.cli", "bench.pytest_plugin"}  # these may read arguments


def modules_in(folder):
    """The packages and the modules that stand in a folder of the repository, by their dotted names."""
    if not (ROOT / folder).is_dir():
        return set()
    paths = [path for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    return {f"{folder.replace('/', '.')}.{path.stem}" for path in paths if path.stem != "__init__"}


def uncovered(names):
    """The rooms of bench that are not among these names, neither whole nor module by module."""
    return [
        room
        for room in sorted(modules_in("bench"))
        if room not in names and not ((inner := modules_in(room.replace(".", "/"))) and inner <= names)
    ]


def modules_in_layers(contract):
    return {name for layer in contract["layers"] for name in re.split(r"\s*[|:]\s*", layer)}


def test_every_room_has_its_layer():
    assert uncovered(modules_in_layers(LAYERS)) == []


def test_every_room_stands_on_one_side_of_torch():
    orchestrating, working = set(TORCH["source_modules"]), set(TORCH["forbidden_modules"])
    assert uncovered(orchestrating | working) == []
    assert orchestrating & working == set()


def test_every_other_room_is_kept_from_arguments():
    sources = CONTRACTS["The command line alone knows of arguments"]["source_modules"]
    assert uncovered({*sources, *COMMAND_LINE}) == []
