"""Recorded traces: no test reads outside this repository unless it is told where."""

from pathlib import Path

from tests.trace.recorded import END, VARIABLE, real_paths

ROOT = Path(__file__).parents[2]


def test_only_traces_of_this_repository_are_read(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert [path for path in real_paths().values() if not path.is_relative_to(ROOT)] == []


def test_a_folder_that_is_named_adds_its_own(monkeypatch, tmp_path):
    (tmp_path / f"mine{END}").touch()
    (tmp_path / "mine.json").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert real_paths()["mine"] == tmp_path / f"mine{END}"
