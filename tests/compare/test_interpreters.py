"""Interpreters: real virtual environments, whose packages and cells are told apart."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from bench.compare import interpreters as module
from bench.compare import steps
from bench.compare.interpreters import SAME, interpreters
from bench.compare.pairs import count_both
from bench.errors import BenchError, NotComparableError
from bench.plan.plan import Plan, plan_from
from tests.compare.test_sides import having
from tests.conftest import HANG, PLUGIN
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


@pytest.mark.parametrize(("lacking", "code"), [(("old",), 4), (("new",), 4), (("old", "new"), 2)])
def test_what_one_side_lacks_is_not_comparable_and_what_both_lack_is_a_mistake(monkeypatch, lacking, code):
    def asked(host, _):
        if host in lacking:
            raise BenchError(f"{host}: there is no module 'nets'")
        return host

    monkeypatch.setattr(module, "capabilities_of", asked)
    with pytest.raises(BenchError, match=f"{lacking[0]}: there is no module 'nets'") as caught:
        module._known(["old", "new"], PLAN)
    assert caught.value.exit_code == code


def test_one_that_cannot_run_the_suite_is_told_as_it_says_it(monkeypatch):
    def asked(host, _):
        if host == "old":
            raise NotComparableError("old cannot run this suite")
        return host

    monkeypatch.setattr(module, "capabilities_of", asked)
    with pytest.raises(NotComparableError) as caught:
        module._known(["old", "new"], PLAN)
    assert str(caught.value) == "old cannot run this suite"


@pytest.fixture
def answered(monkeypatch):
    """Has two interpreters answer so: the comparison of some architectures."""

    def compared(before, after, *architectures):
        answers = {"/old/python": before, "/new/python": after}
        monkeypatch.setattr(module, "TreeClient", lambda label, *_, **__: nullcontext(label))
        monkeypatch.setattr(module, "capabilities_of", lambda host, _: answers[host])
        plan = Plan(architectures=architectures, optimizers=("sgd",), threads=(1,))
        return interpreters({"A": Path("/old/python"), "B": Path("/new/python")}, plan, inject=0.1)

    return compared


def under(python, torch, *architectures):
    """What an interpreter says it has."""
    known = having(*architectures, problems=("plug-in 'x' is left out",))
    return replace(known, system={"python": python, "torch": torch}, installed={"torch": torch})


def test_each_interpreter_is_told_with_what_it_alone_has(answered):
    old, new = under("3.11.7", "2.13.0", "mlp", "gone"), under("3.12.1", "2.14.1", "mlp", "fresh")
    with answered(old, new, "mlp", "gone", "fresh") as comparison:
        assert comparison.before.label == "A: Python 3.11.7, torch 2.13.0 (/old/python)"
        assert comparison.after.label == "B: Python 3.12.1, torch 2.14.1 (/new/python)"
        assert (comparison.before.installed, comparison.after.installed) == ({"torch": "2.13.0"}, {"torch": "2.14.1"})
        assert comparison.system == new.system
        ((before, after),) = comparison.sides.values()
        assert (before.starter, before.inject) == ("/old/python", 0.0)
        assert (after.starter, after.inject) == ("/new/python", 0.1)
        gone, fresh = comparison.unmatched
        assert (gone.cell.split("-")[0], gone.reason) == ("gone", f"only in {comparison.before.label}")
        assert (fresh.cell.split("-")[0], fresh.reason) == ("fresh", f"only in {comparison.after.label}")
        assert comparison.notes == ("the second side is made 10 % slower by --inject", "plug-in 'x' is left out")
    with answered(old, replace(new, installed=old.installed), "mlp") as comparison:
        assert comparison.notes[-1] == SAME


def test_interpreters_without_a_cell_in_common_are_not_comparable(answered):
    words = "no cell runs under both /old/python and /new/python: choose --architectures"
    old, new = under("3.11.7", "2.13.0", "gone"), under("3.12.1", "2.14.1", "fresh")
    with pytest.raises(NotComparableError, match=words), answered(old, new, "gone", "fresh"):
        pass


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
def test_an_interpreter_needs_torch_and_numpy_alone(venv, tmp_path):
    """For cells and for steps of one's own."""
    spare = venv("spare", bare=True)
    for name in ("torch", "numpy"):
        spare.lend(name)
    with interpreters({"B": spare.python}, PLAN) as comparison:
        assert "msgspec" in comparison.before.installed
        assert not {"msgspec", "pillow", "cloudpickle", "scipy", "pandas"} & {*comparison.after.installed}
        ((_, after),) = comparison.sides.values()
        with after.start() as worker:
            assert worker.receive(HANG)[0] == "ready"
        (counts, _) = count_both(after, after, HANG)
        assert counts["parameters"] > 0
    (tmp_path / "their_step.py").write_text("import torch\n\n\ndef step():\n    torch.ones(9).sum()\n")
    with steps.settings(
        f"{tmp_path}/their_step.py:step", steps.StepOptions(), pythons={"B": spare.python}
    ) as comparison:
        ((_, after),) = comparison.sides.values()
        with after.start() as worker:
            assert worker.receive(HANG)[0] == "ready"


@pytest.mark.slow
def test_a_side_that_is_not_named_is_the_interpreter_that_runs(venv):
    other = venv("other")
    with interpreters({"B": other.python}, PLAN) as comparison:
        assert sys.executable in comparison.before.label
        assert str(other.python) in comparison.after.label
        assert comparison.before.installed == comparison.after.installed
        assert SAME in comparison.notes


@pytest.mark.slow
def test_a_step_of_one_s_own_under_both(venv, tmp_path):
    """What differs is told with it; a package that one side lacks makes the same step not comparable."""
    old, new = venv("old"), venv("new")
    for side, version in ((old, "1.0"), (new, "2.0")):
        side.install("tinypart", version)
    new.install("newpart", "1.0")
    (tmp_path / "their_step.py").write_text(
        "import tinypart\n\ndef step():\n    return tinypart.VERSION * 9\n\n"
        "def newer():\n    import newpart\n    return newpart.VERSION\n"
    )
    pythons = {"A": old.python, "B": new.python}
    text = f"{tmp_path}/their_step.py"
    with steps.settings(f"{text}:step", steps.StepOptions(), pythons=pythons) as comparison:
        assert comparison.before.installed["tinypart"] == "1.0"
        assert comparison.after.installed["tinypart"] == "2.0"
        assert comparison.after.origin["sha256"] == comparison.before.origin["sha256"]
    with (
        pytest.raises(NotComparableError, match=r"newer: ModuleNotFoundError: No module named 'newpart' \(their_step"),
        steps.settings(f"{text}:newer", steps.StepOptions(), pythons=pythons),
    ):
        pass
