"""Interpreters: real virtual environments, whose packages and cells are told apart."""

import sys
from textwrap import dedent

import pytest

from bench.compare.interpreters import SAME, interpreters
from bench.errors import NotComparableError
from bench.plan.plan import plan_from
from tests.conftest import PLUGIN
from tests.venvs import Venv

PLAN = plan_from({"architectures": ("debug",), "datasets": ("synthetic",), "threads": (1,)})


@pytest.fixture
def venv(tmp_path):
    """Makes a virtual environment of that name."""
    return lambda name, **options: Venv(tmp_path / name, **options)


def test_a_python_without_torch_is_not_comparable_and_says_what_helps(venv):
    bare = venv("bare", bare=True)
    with pytest.raises(NotComparableError) as caught, interpreters({"A": bare.python}, PLAN):
        pass
    words = str(caught.value)
    assert words.startswith(f"{bare.python} cannot run this suite: ModuleNotFoundError: No module named 'torch'")
    assert f"{bare.python} -m pip install torch" in words
    assert "\n" not in words


@pytest.mark.slow
def test_each_side_says_what_is_installed_there_and_a_cell_of_one_side_is_not_comparable(venv):
    old, new = venv("old"), venv("new")
    old.install("tidy_numbers", "1.0")
    new.install("tidy_numbers", "1.1")
    new.install("fresh", "0.1")
    new.write({name: dedent(text) for name, text in PLUGIN.items()})
    plan = plan_from({**PLAN.to_dict(), "architectures": ("debug", "faulty_good")})
    with interpreters({"A": old.python, "B": new.python}, plan) as comparison:
        before, after = comparison.before.installed, comparison.after.installed
        assert {name: before.get(name) for name in after if before.get(name) != after[name]} == {
            "faulty": None,
            "fresh": None,
            "tidy-numbers": "1.0",
        }
        assert set(before) <= set(after)
        assert before["torch"] == after["torch"]
        assert (after["tidy-numbers"], after["fresh"]) == ("1.1", "0.1")
        assert str(old.python) in comparison.before.label
        assert [cell.split("-")[0] for cell in comparison.sides] == ["debug"]
        (alone,) = comparison.unmatched
        assert (alone.verdict, alone.cell.split("-")[0]) == ("not comparable", "faulty_good")
        assert str(new.python) in alone.reason


@pytest.mark.slow
def test_a_side_that_is_not_named_is_the_interpreter_that_runs(venv):
    other = venv("other")
    with interpreters({"B": other.python}, PLAN) as comparison:
        assert sys.executable in comparison.before.label
        assert str(other.python) in comparison.after.label
        assert comparison.before.installed == comparison.after.installed
        assert SAME in comparison.notes
