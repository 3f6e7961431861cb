"""Git: what it prints, and each way in which it fails as one line."""

import os
import subprocess
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.store.git import git
from bench.store.provenance import git_state, revision_of


@pytest.fixture
def repo(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "new").touch()
    return tmp_path


def test_leading_spaces_of_its_lines_are_kept(repo):
    subprocess.run(["git", "-C", repo, "add", "--intent-to-add", "new"], check=True)
    assert git(repo, "status", "--porcelain") == " A new"


def test_a_failure_is_git_s_own_last_line_or_what_it_means_here(repo):
    with pytest.raises(BenchError, match=r"^git rev-parse failed: .+$"):
        git(repo, "rev-parse", "--verify", "HEAD")
    with pytest.raises(BenchError, match=r"^no commit yet$"):
        git(repo, "rev-parse", "--verify", "--quiet", "HEAD", wrong="no commit yet")


def test_git_is_not_waited_for_without_end(repo):
    with pytest.raises(BenchError, match=r"^git status in .* took more than 0 s: try again$"):
        git(repo, "status", patience=0.0)


def test_without_a_commit_nothing_is_known_of_the_code(repo, monkeypatch):
    monkeypatch.chdir(repo)
    assert git_state() == {}
    assert revision_of("HEAD") is None


def test_without_git(repo, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(repo)
    with pytest.raises(BenchError, match="cannot run git: No such file or directory; install it"):
        git(repo, "status")
    assert git_state() == {}


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """Puts a script in the place of git."""
    path = tmp_path / "bin" / "git"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", str(path.parent))

    def write(script):
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return write


def test_of_several_lines_the_last_is_the_cause_and_of_none_the_exit_code(scripted, tmp_path):
    scripted("echo first >&2; echo second >&2; echo third >&2; exit 3")
    with pytest.raises(BenchError, match=r"^git status failed: third$"):
        git(tmp_path, "status")
    scripted("exit 3")
    with pytest.raises(BenchError, match=r"^git status failed: exit code 3$"):
        git(tmp_path, "status")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_git_has_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(scripted, tmp_path):
    scripted("read -r pid name state parent group session rest < /proc/self/stat; echo $session")
    assert int(git(tmp_path, "status")) != os.getsid(0)
