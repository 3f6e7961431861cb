"""Copies: a file is read from its copy where there is one, and recorded by its place at home."""

from pathlib import Path

from bench.plan.copies import COPIES, copy_of, home_of
from bench.plan.origin import file_of


def test_at_home_a_file_is_itself(tmp_path, monkeypatch):
    monkeypatch.delenv(COPIES, raising=False)
    assert copy_of(tmp_path / "a") == home_of(tmp_path / "a") == tmp_path / "a"


def test_elsewhere_it_is_its_copy_or_where_there_is_none_itself(tmp_path, monkeypatch):
    monkeypatch.setenv(COPIES, str(tmp_path))
    copy = tmp_path / "home/me/nets.py"
    copy.parent.mkdir(parents=True)
    copy.touch()
    at_home = Path("/home/me/nets.py")
    assert copy_of(at_home) == copy_of(copy) == copy
    assert home_of(copy) == home_of(at_home) == at_home
    assert copy_of(Path("/home/me/other.py")) == Path("/home/me/other.py")
    assert copy_of(Path("nets.py")) == Path("nets.py")


def test_the_file_that_a_text_names_is_found_from_both_folders(tmp_path, monkeypatch):
    monkeypatch.setenv(COPIES, str(tmp_path))
    copy = tmp_path / "home/me/nets.py"
    copy.parent.mkdir(parents=True)
    copy.touch()
    assert file_of("/home/me/nets.py:Net", Path("/anywhere")) == copy
    assert file_of("nets.py:Net", copy.parent) == copy
