"""Named code: which files and modules this user has named here, so that no results file has one run by naming it."""

import importlib.metadata
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench import files
from bench.errors import BenchError
from bench.plan.cell import Cell
from bench.plan.grid import NAMED, NAMED_AXES
from bench.plan.origin import BASE, file_of, is_path, parse
from bench.store.run import Run
from bench.user_folder import user_folder

FILE = "named.jsonl"  # in the user's folder
ALLOW = "--allow-code"


def code_in(plan: Mapping[str, Any]) -> list[str]:
    """The texts of a plan, its fields by name, that name code which would be run."""
    values = (plan.get(name) for name in NAMED_AXES)
    return code_among(text for texts in values if isinstance(texts, list | tuple) for text in texts)


def code_of(cells: Iterable[Cell]) -> list[str]:
    """The texts of cells that name code which would be run."""
    return code_among(cell.as_named(name) for cell in cells for name in NAMED)


def code_among(texts: Iterable[object]) -> list[str]:
    """Those of the texts that name code which would be run: data sets that are plain files name none."""
    strings = dict.fromkeys(text for text in texts if isinstance(text, str))
    return [text for text in strings if parse(text) and not is_path(text)]


def remember(texts: Iterable[str]) -> None:
    """Note that the user has named these, from the folder that relative files start from; nothing if that fails."""
    folder = None if BASE in os.environ else user_folder()  # where another command says what they start from, it named
    known = _known(folder)
    for text in dict.fromkeys(texts):
        if folder is not None and (text, _base()) not in known:
            try:
                files.append_line(folder / FILE, files.json_line({"text": text, "folder": _base()}))
            except BenchError:  # then it has to be allowed later
                return


def check_code(run: Run, texts: Iterable[str], *, allowed: bool = False) -> None:
    """See that code which a recorded run names may run again; nothing is imported for that.

    Args:
        run: the run.
        texts: what of it is to run.
        allowed: whether the user has allowed in this command what was never named here.

    Raises:
        BenchError: the user never named it from this folder on this machine, or it is no longer what the run used.

    """
    recorded = {str(facts.get("text")): facts for facts in run.facts.origins.values()}
    known = _known(user_folder())
    for text in texts:
        facts = recorded.get(text, {})
        if "pickle" in facts:
            raise BenchError(
                f"'{text}' was an object of the Python program that made run '{run.name}', and no file holds it: run "
                "that program again"
            )
        _check_unchanged(run.name, text, facts)
        if not allowed and (text, _base()) not in known:
            raise BenchError(
                f"run '{run.name}' would run {_what(text, facts)}, which you have not named in this folder: look at "
                f"it, then add {ALLOW}"
            )


def _check_unchanged(run: str, text: str, facts: Mapping[str, Any]) -> None:
    """See that a file has the content, and a package the version, that it had in the run."""
    file = file_of(text, Path(_base())) or (Path(str(facts["file"])) if "file" in facts else None)
    if file is None:
        version = _version(str(facts.get("package", "")))
        if "package" not in facts or version != facts.get("version"):
            raise BenchError(
                f"'{text}' has version {version} here and {facts.get('version')} in run '{run}': install that version, "
                "or start a new run"
            )
        return
    try:
        now = sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise BenchError(f"cannot read {file}, which run '{run}' used: {error.strerror}; put it back") from error
    if now != facts.get("sha256"):
        raise BenchError(f"{file} has changed since run '{run}' used it: start a new run, or put the file back")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):  # a part of Python, or no name
        return None


def _what(text: str, facts: Mapping[str, Any]) -> str:
    return f"'{text}' ({facts['file']})" if "file" in facts else f"'{text}'"


def _base() -> str:
    """The folder that relative files start from."""
    return str(Path(os.environ.get(BASE) or Path.cwd()).resolve())


def _known(folder: Path | None) -> set[tuple[str, str]]:
    """What was named, each with its folder; none where the file cannot be read."""
    return set(_entries(folder / FILE)) if folder else set()


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = files.content(path).splitlines()
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
            yield str(entry["text"]), str(entry["folder"])
        except (ValueError, KeyError, TypeError, RecursionError):  # a damaged line names nothing
            continue
