"""Packages: the project file of a package that registers architectures by entry points."""

import pytest

from bench.compare.install import has_pip


def project(name, entries, *, modules=(), packages=()):
    """A pyproject.toml for setuptools; `entries` are its entry points by name."""
    lines = [
        "[build-system]",
        'requires = ["setuptools"]',
        'build-backend = "setuptools.build_meta"',
        "[project]",
        f'name = "{name}"',
        'version = "1.0"',
        '[project.entry-points."bench.architectures"]',
        *(f'{entry} = "{target}"' for entry, target in entries.items()),
        "[tool.setuptools]",
        f"py-modules = {list(modules)}",
        f"packages = {list(packages)}",
    ]
    return "\n".join(lines) + "\n"


def skip_without_pip():
    """Leave out a test that installs packages; `pytest.importorskip` would import pip, which `has_pip` tells of."""
    if not has_pip():
        pytest.skip("pip is not installed")
