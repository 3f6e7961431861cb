"""Packages: the project file of a package that registers architectures by entry points."""


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
