"""Interpreter: what is no Python that runs this suite is refused in one line, before anything is started."""

import sys
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.process.interpreter import interpreter


@pytest.fixture
def program(tmp_path):
    """Makes a program of the shell that prints this."""

    def make(words, code=0):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\nprintf '%b' '{words}'\nexit {code}\n")
        path.chmod(0o755)
        return path

    return make


def test_a_python_is_known_by_its_own_path_and_not_by_what_that_links_to(tmp_path, monkeypatch):
    link = tmp_path / "bin" / "python"
    link.parent.mkdir()
    link.symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    assert interpreter("bin/python") == interpreter(str(link)) == link
    monkeypatch.setenv("PATH", str(link.parent))
    assert interpreter("python") == link


def test_what_it_prints_as_it_starts_does_no_harm(program):
    path = program("hello\\npython 3 12\\n")
    assert interpreter(str(path)) == path


@pytest.mark.parametrize(
    ("words", "code", "message", "exit_code"),
    [
        ("", 0, "is no Python that runs", 2),
        ("python 3 12", 1, "is no Python that runs", 2),
        ("python 3 9", 0, "is Python 3.9, and this suite runs under 3.11 and later", 4),
    ],
)
def test_another_program_and_an_old_python_are_refused(program, words, code, message, exit_code):
    path = program(words, code)
    with pytest.raises(BenchError) as caught:
        interpreter(str(path))
    assert f"{path} {message}" in str(caught.value)
    assert caught.value.exit_code == exit_code


def test_what_cannot_be_run_is_told_with_a_remedy(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("print()")
    for path, words in (
        (tmp_path / "nowhere", "No such file"),
        (tmp_path, "is a folder"),
        (plain, "Permission denied"),
    ):
        with pytest.raises(BenchError, match=words) as caught:
            interpreter(str(path))
        assert str(Path(path)) in str(caught.value)
        assert "name the python of an environment" in str(caught.value)
        assert caught.value.exit_code == 2
