"""Project: which folder is meant, and what is said where git, a repository or a project is missing."""

from pathlib import Path

import pytest

from bench.compare import project as module
from bench.compare.project import Project, is_plain, project_of, repository
from bench.errors import BenchError
from tests.compare.test_checkout import PROJECT, Repository


@pytest.fixture
def repo(tmp_path):
    return Repository(tmp_path / "repo")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("cannot run git: No such file; install it", r"^cannot run git: No such file; install it$"),
        ("fatal: detected dubious ownership", r"git does not trust .*: git config --global --add safe\.directory /"),
        ("fatal: not a git repository", r"is in no git repository: give --repo DIR$"),
    ],
)
def test_what_keeps_a_repository_from_being_found_is_told_with_its_remedy(tmp_path, monkeypatch, cause, words):
    def git(*_):
        raise BenchError(cause)

    monkeypatch.setattr(module, "git", git)
    with pytest.raises(BenchError, match=words):
        repository(tmp_path)


def package(folder):
    """An empty one."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()


def test_a_suite_is_told_by_both_of_its_packages(repo):
    for name in ("bench", "sub/bench", "sub/architectures"):
        package(repo.folder / name)
    root = repository(repo.folder)
    assert project_of(repo.folder / "sub" / "bench") == Project(root, Path("sub"), is_suite=True)
    assert not is_plain(repo.folder / "sub")
    assert is_plain(repo.folder)  # packages of one of the names there are many
    package(repo.folder / "architectures")
    assert project_of(repo.folder) == Project(root, Path(), is_suite=True)
    (repo.folder / "bench" / "__init__.py").unlink()
    assert is_plain(repo.folder)


def test_a_folder_is_plain_only_in_a_repository(repo, tmp_path):
    assert is_plain(repo.folder)
    repo.write(pyproject_dot_toml=PROJECT)
    assert not is_plain(repo.folder)
    with pytest.raises(BenchError, match="is in no git repository"):
        is_plain(tmp_path)


def test_packages_further_down_are_offered_and_the_first_is_named(repo):
    with pytest.raises(BenchError, match=r"pyproject\.toml: name what to compare in it"):
        project_of(repo.folder)
    for folder in "dcba":
        repo.write(**{f"{folder}__pyproject_dot_toml": PROJECT})
    repo.write(other__pyproject_dot_toml="[project]\n")
    repo.git("add", "--all")
    with pytest.raises(BenchError, match=r": give --repo .*/repo/a \(a, b, c\), or name what to compare in it"):
        project_of(repo.folder)
