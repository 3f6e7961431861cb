"""Resolving: the code that runs is the code that is told, each file has its own neighbours, errors name their place."""

import os
import sys
from hashlib import sha256

import pytest

from bench.origins import OriginError, resolve, told_of
from bench.plan.origin import code_in_words


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that relative names start from; modules of it are forgotten at the end."""
    monkeypatch.setenv("BENCH_BASE", str(tmp_path))
    known = set(sys.modules)
    resolve.cache_clear()
    yield tmp_path
    resolve.cache_clear()
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return sha256(text.encode()).hexdigest()


def test_what_runs_is_what_the_digest_is_of(folder):
    """Python's own cache takes a file for unchanged that was written in the same second and is as long."""
    for value in (1, 2, 3):
        digest = write(folder / "mine.py", f"VALUE = {value}\n")
        os.utime(folder / "mine.py", (1e9, 1e9))
        resolve.cache_clear()
        sys.modules.pop("mine", None)
        resolved = resolve("mine.py:VALUE")
        assert (resolved.target, resolved.facts["sha256"]) == (value, digest)
        assert resolved.facts["file"] == str(folder / "mine.py")
        assert code_in_words(resolved.facts) == f"mine.py, SHA-256 {digest[:12]}"


def test_each_file_has_its_own_neighbours(folder):
    for name in ("a", "b"):
        write(folder / name / "shapes.py", f"NAME = '{name}'\n")
        write(folder / name / "parts/__init__.py", f"NAME = '{name}'\n")
        write(folder / name / "mine.py", "import parts, shapes\nNAMES = shapes.NAME + parts.NAME\n")
    assert resolve("a/mine.py:NAMES").target == "aa"
    assert resolve("b/mine.py:NAMES").target == "bb"
    assert not [path for path in sys.path if path.startswith(str(folder))]


def test_a_neighbour_stands_in_for_no_module_of_python(folder):
    write(folder / "random.py", "raise AssertionError('not this one')\n")
    write(folder / "mine.py", "import random\nimport colorsys\nCHOICE = random.choice\n")
    assert resolve("mine.py:CHOICE").target([1]) == 1


def test_a_module_of_the_folder_and_an_installed_one(folder):
    digest = write(folder / "mine/nets.py", "class Net:\n    class Inner:\n        pass\n")
    resolved = resolve("mine.nets:Net.Inner")
    assert resolved.target.__qualname__ == "Net.Inner"
    assert resolved.facts["sha256"] == digest
    installed = resolve("torch.optim:Adam").facts
    assert installed == {"text": "torch.optim:Adam", "package": "torch", "version": installed["version"]}
    assert code_in_words(installed) == f"torch {installed['version']}"


@pytest.mark.parametrize("name", ["with space", "ünï", "a(b)", "a=b", "two.dots", "quo'te", "1st", "class"])
def test_a_file_may_have_any_name(folder, name):
    write(folder / f"{name}.py", "class Net:\n    pass\n")
    assert resolve(f"{name}.py:Net").target.__name__ == "Net"


def test_an_error_names_the_last_line_of_the_users_own(folder):
    """Not that of a library, even where the environment lies in the user's folder."""
    write(folder / ".venv/lib/site-packages/library.py", "def divide(a, b):\n    return a / b\n")
    write(folder / "parts.py", "import sys\nsys.path.append('.venv')\n\ndef half(divide):\n    return divide(1, 0)\n")
    write(
        folder / "mine.py",
        "import sys, pathlib\nsys.path.append(str(pathlib.Path(__file__).parent / '.venv/lib/site-packages'))\n"
        "from library import divide\nfrom parts import half\nhalf(divide)\n",
    )
    before = list(sys.path)
    try:
        with pytest.raises(OriginError, match=r"ZeroDivisionError: division by zero \(parts.py, line 5\)$"):
            resolve("mine.py:Net")
    finally:
        sys.path[:] = before


def test_a_long_error_of_many_lines_is_one_short_line(folder, capsys, monkeypatch):
    write(folder / "mine.py", "raise ValueError('a\\n' * 5000)\n")
    with pytest.raises(OriginError) as caught:
        resolve("mine.py:Net")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("BENCH_TRACEBACK", "1")
    told_of(ValueError("the reason"))
    assert "ValueError: the reason" in capsys.readouterr().err


def test_what_failed_is_tried_again(folder):
    write(folder / "mine.py", "import nowhere_at_all\n")
    with pytest.raises(OriginError):
        resolve("mine.py:VALUE")
    write(folder / "mine.py", "VALUE = 1\n")
    assert resolve("mine.py:VALUE").target == 1
