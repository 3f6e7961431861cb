"""Provenance: what is installed, read as an interpreter finds it, and what is checked out."""

import platform
import subprocess
from datetime import datetime

import numpy as np
import pytest

from bench.store import provenance
from bench.store.provenance import command_line, commit_date, git_state, installed, lacks, revision_of, versions

GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def below(tmp_path, monkeypatch):
    """A folder of a repository with a commit, in which one stands; it and its parent have recorded results."""
    folder = tmp_path / "sub"
    for name in ("code.py", "results/kept", "sub/code.py", "sub/results/kept"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "x")):
        subprocess.run([*GIT, *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("changed", "dirty"),
    [((), False), (("results/kept", "sub/results/kept"), False), (("code.py",), True), (("sub/code.py",), True)],
)
def test_the_code_is_dirty_where_it_differs_and_not_where_runs_were_recorded(below, changed, dirty):
    (below / "untracked.py").touch()
    for name in changed:
        (below.parent / name).write_text("more")
    head = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=below, capture_output=True, text=True, check=True)
    state = git_state()
    assert (state["revision"], state["dirty"]) == (head.stdout.strip(), dirty)
    assert (datetime.now().astimezone() - datetime.fromisoformat(state["committed"])).total_seconds() < 600


def test_a_word_names_a_commit_or_none(below):
    revision = git_state()["revision"]
    assert revision_of("HEAD") == revision_of(revision[:10]) == revision
    assert [revision_of(word) for word in ("", "--all", "nothing", "HEAD:code.py")] == [None] * 4
    assert [commit_date(word) for word in ("f" * 40, "HEAD~0", "--all")] == [None] * 3
    assert commit_date(revision)


def test_a_repository_lacks_a_revision_and_a_folder_outside_of_any_lacks_none(below, tmp_path_factory, monkeypatch):
    assert not lacks(git_state()["revision"])
    assert lacks("f" * 40)
    monkeypatch.chdir(tmp_path_factory.mktemp("outside"))
    assert not lacks("f" * 40)


def test_a_package_that_is_not_installed_has_no_version_and_hides_none_behind_it(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("no-such-package", "numpy"))
    assert versions() == {"numpy": np.__version__}


def test_of_two_of_one_name_the_first_on_the_path_counts_and_a_nameless_one_is_passed_over(tmp_path, monkeypatch):
    for folder, name, version in (("a", "My_Tools", "1.0"), ("b", "my-tools", "2.0"), ("b", "other.tool", "0.1")):
        about = tmp_path / folder / f"{name}-{version}.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (tmp_path / "b" / "half_removed-1.0.dist-info").mkdir()
    for folder in ("b", "a"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    versions = installed()
    assert (versions["my-tools"], versions["other-tool"]) == ("1.0", "0.1")
    assert versions["Python"].startswith(platform.python_version())
    assert "torch" in versions
    assert all(versions.values())


def test_the_command_can_be_pasted(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/somewhere/bench", "run", "--run", "a b"])
    assert command_line() == "python -m bench run --run 'a b'"
