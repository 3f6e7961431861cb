"""The constraints of the oldest admitted versions: the file is what the lower bounds in pyproject.toml say."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BOUNDED = {
    "dependencies": ["numpy>=1.26", "torch>=2.9"],
    "optional-dependencies": {"dev": ["pytest>=8.3", "torch>=2.9"]},
}


@pytest.fixture(scope="module")
def oldest():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("oldest", ROOT / ".ci/oldest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_follows_from_the_lower_bounds(oldest):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    written = (ROOT / ".ci/oldest.txt").read_text("utf-8")
    assert written == oldest.constraints(project), "write it anew: python .ci/oldest.py > .ci/oldest.txt"


def test_each_dependency_stands_there_once_at_its_lower_bound(oldest):
    assert oldest.constraints(BOUNDED).splitlines()[1:] == ["numpy==1.26", "pytest==8.3", "torch==2.9"]


@pytest.mark.parametrize("text", ["numpy", "numpy>1.26", "numpy>=1.26,<3", "numpy==1.26", "numpy~=1.26"])
def test_a_dependency_without_one_lower_bound_is_told(oldest, text):
    with pytest.raises(ValueError, match=f"'{text}' in pyproject.toml: give it one lower bound"):
        oldest.constraints({**BOUNDED, "dependencies": [text]})
