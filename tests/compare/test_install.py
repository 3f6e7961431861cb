"""Install: which packages pip may build without the network, and which line of its messages is told."""

import subprocess
import sys

import pytest

from bench.compare import install
from bench.errors import BenchError


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ('[build-system]\nrequires = ["numpy>=1", "msgspec"]\n', False),
        ('[build-system]\nrequires = ["numpy", "a-backend-that-is-nowhere>=2"]\n', True),
        ("[build-system]\nrequires = []\n", False),
        ("[build-system\n", None),
        ("build-system = 3\n", None),
        ("[build-system]\nrequires = 3\n", None),
        (None, None),
    ],
)
def test_what_builds_a_package_is_fetched_only_where_it_is_not_installed(tmp_path, monkeypatch, text, isolated):
    monkeypatch.setattr(install, "USUAL", ("numpy",))  # torch may come without setuptools
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert ("--no-build-isolation" in install._isolation(tmp_path)) is not bool(isolated)


def test_the_exception_of_a_build_is_the_cause():
    lines = "  Getting it ...\n  error: subprocess\n  ValueError: invalid pyproject.toml: `project.version`.\nnote: x"
    assert install._cause(lines) == "ValueError: invalid pyproject.toml: `project.version`"
    assert install._cause("ImportError: first\nValueError: then\n") == "ValueError: then"
    assert install._cause("only this\n") == "only this"
    assert install._cause("this\nand that\n") == "and that"
    assert install._cause("") == "pip gave no reason"


def test_an_interpreter_without_pip_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "has_pip", lambda: False)
    with pytest.raises(BenchError, match=f"{sys.executable} has no pip.*ensurepip"):
        install.install(tmp_path, tmp_path / "site")


def test_to_look_for_pip_leaves_setuptools_its_distutils():
    """Else nothing is compiled in a process that has looked: torch's compiler imports setuptools."""
    pytest.importorskip("setuptools")
    ask = "from bench.compare.install import has_pip; print(has_pip()); import setuptools, distutils.core as core"
    done = subprocess.run(
        [sys.executable, "-c", f"{ask}; print(core.__file__)"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "_distutils" in done.stdout
