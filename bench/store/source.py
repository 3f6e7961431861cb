"""Source: a digest of the suite's own sources, by which runs of other machines are known to be of the same code."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bench import files

PACKAGES = ("bench", "architectures")
_ENDINGS = (".py", ".toml")  # what decides a number


@cache
def source_digest() -> str:
    """Twelve hexadecimal digits that change with any source of the suite; where it is installed plays no part."""
    return digest_of({package: Path(folder) for package in PACKAGES for folder in _folders(package)})


def digest_of(folders: dict[str, Path]) -> str:
    """The same of other folders, by the name that each has."""
    return files.digest(
        {
            f"{name}/{path.relative_to(folder).as_posix()}": files.digest(path.read_text("utf-8", "replace"))
            for name, folder in folders.items()
            for path in folder.rglob("*")
            if path.suffix in _ENDINGS and path.is_file()
        }
    )


def _folders(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []
