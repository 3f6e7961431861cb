"""Install: the package of a checkout, with its entry points, into a folder of its own."""

import re
import subprocess
import sys
import tomllib
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from bench.errors import BenchError

SECONDS = 600.0
USUAL = ("setuptools",)  # what builds a package that does not say


class InstallError(BenchError):
    """A package cannot be installed; its text is the cause alone."""


def has_pip() -> bool:
    """Whether this interpreter has pip.

    It is looked for on the path alone: until Python 3.12 setuptools takes any other look for an import of pip, gives up
    its own distutils for it, and can then not be imported, without which torch compiles nothing.
    """
    return PathFinder.find_spec("pip") is not None


def install(project: Path, site: Path) -> tuple[str, ...]:
    """Install the package of a folder into another one; the names of what is in that now.

    Raises:
        InstallError: it cannot be built or installed.
        BenchError: there is no pip.

    """
    if not has_pip():
        raise BenchError(f"{sys.executable} has no pip, which installs each revision: python -m ensurepip")
    options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--no-input", *_isolation(project)]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(project)]
    try:
        done = subprocess.run(  # noqa: S603 - pip of this interpreter
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False
        )
    except subprocess.SubprocessError as error:
        raise InstallError(str(error)) from error
    if done.returncode:
        raise InstallError(_cause(done.stderr))
    return packages_in(site)


def packages_in(site: Path) -> tuple[str, ...]:
    """The names of the packages that are installed in a folder."""
    return tuple(sorted({distribution.metadata["Name"] for distribution in distributions(path=[str(site)])}))


def _isolation(project: Path) -> list[str]:
    """Whether pip may fetch what builds the package: only where it is not installed here."""
    return ["--no-build-isolation"] if all(map(_is_installed, _requires(project))) else []


def _requires(project: Path) -> list[str]:
    """The names of what builds it."""
    try:
        stored: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
        texts = list(map(str, stored.get("build-system", {}).get("requires", USUAL)))
    except (OSError, ValueError, AttributeError, TypeError):
        texts = list(USUAL)  # pip will say what is wrong with it
    return [match[0] for text in texts if (match := re.match(r"[\w.-]+", text.strip()))]


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _cause(stderr: str) -> str:
    """The line of pip's messages that says most: the last exception of the build, or the last line there is."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Invalid\w*): ", line)]
    return (raised or lines or ["pip gave no reason"])[-1].rstrip(".")
