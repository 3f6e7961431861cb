"""Checkout: real git repositories, checked out, copied and installed into folders that are gone afterwards."""

import re
import signal
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from bench.compare import checkout
from bench.compare.checkout import checked_out, checked_out_alone
from bench.errors import BenchError
from tests.packages import project, skip_without_pip

NETS = '''
    from architectures import register
    from torch import nn


    @register(family="mine")
    def my_net(input_shape, num_classes):
        """A net of the user's own."""
        channels, height, width = input_shape
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, num_classes))
    '''
PROJECT = project("my-nets", {"mine": "my_nets"}, modules=["my_nets"])


class Repository:
    """A git repository in a folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for name, value in (("user.name", "A"), ("user.email", "a@example.org"), ("commit.gpgsign", "false")):
            self.git("config", name, value)

    def git(self, *words):
        done = subprocess.run(["git", "-C", self.folder, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, **files):
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))

    def commit(self, **files):
        self.write(**files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A repository that looks like the suite's, with two commits."""
    monkeypatch.setattr(checkout.tempfile, "tempdir", str(tmp_path))
    made = Repository(tmp_path / "repo")
    (made.folder / "bench").mkdir()
    (made.folder / "architectures").mkdir()
    for package in ("bench", "architectures"):
        (made.folder / package / "__init__.py").write_text("")
    made.commit(_dot_gitignore="ignored*\n", net_dot_py="one = 1\n")
    made.commit(net_dot_py="two = 2\n")
    return made


def left_over(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith("bench-ab-")]


def test_two_revisions_lie_in_folders_of_equal_length_and_go_again(suite, tmp_path):
    with checked_out(suite.folder, "HEAD~1", "HEAD") as (one, other):
        assert (one.paths[0] / "net.py").read_text() == "one = 1\n"
        assert (other.paths[0] / "net.py").read_text() == "two = 2\n"
        assert len(str(one.paths[0])) == len(str(other.paths[0]))
        assert one.label == f"HEAD~1 ({suite.git('rev-parse', 'HEAD~1')[:10]})"
        assert one.changes == other.changes == ()
        assert len(suite.git("worktree", "list").splitlines()) == 3
    assert left_over(tmp_path) == []
    assert len(suite.git("worktree", "list").splitlines()) == 1


def test_a_folder_inside_the_repository_will_do(suite):
    with checked_out(suite.folder / "bench", "HEAD", None) as (one, other):
        assert one.revision == other.revision
        assert other.label.startswith("the working tree (")


def test_the_working_tree_is_copied_as_it_is(suite):
    suite.write(net_dot_py="three = 3\n", fresh_dot_py="new = 1\n", ignored_dot_txt="never")
    (suite.folder / "bench" / "__init__.py").unlink()
    (suite.folder / "bench" / "__init__.py").symlink_to("../net.py")
    with checked_out(suite.folder, "HEAD", None) as (one, other):
        copy = other.paths[0]
        assert (one.paths[0] / "net.py").read_text() == "two = 2\n"
        assert (copy / "net.py").read_text() == "three = 3\n"
        assert (copy / "fresh.py").exists()
        assert (copy / "bench" / "__init__.py").is_symlink()
        assert not (copy / "ignored.txt").exists()
        assert sorted(other.changes) == ["bench/__init__.py", "fresh.py", "net.py"]
        assert "and 3 changed files" in other.label
        suite.write(net_dot_py="four = 4\n")  # editing goes on
        assert (copy / "net.py").read_text() == "three = 3\n"


def test_relative_names_start_from_the_same_place_in_each_checkout(suite, tmp_path, monkeypatch):
    suite.commit(nets__mine_dot_py="one = 1\n")
    suite.write(nets__mine_dot_py="two = 2\n")
    monkeypatch.chdir(suite.folder / "nets")
    with checked_out(suite.folder, "HEAD", None) as trees:
        assert [(tree.base / "mine.py").read_text() for tree in trees] == ["one = 1\n", "two = 2\n"]
    monkeypatch.chdir(tmp_path)
    with checked_out(suite.folder, "HEAD", None) as trees, checked_out_alone(suite.folder, "HEAD") as (_, alone):
        assert {tree.base for tree in (*trees, alone)} == {tmp_path}


def test_a_file_that_was_deleted_is_not_there(suite):
    (suite.folder / "net.py").unlink()
    with checked_out(suite.folder, "HEAD", None) as (_, other):
        assert not (other.paths[0] / "net.py").exists()
        assert other.changes == ("net.py",)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_all_is_removed_however_it_ends(suite, tmp_path, error):
    with pytest.raises(error), checked_out(suite.folder, "HEAD~1", "HEAD"):
        raise error
    assert left_over(tmp_path) == []
    assert len(suite.git("worktree", "list").splitlines()) == 1


def test_sigterm_removes_all_too(suite, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), checked_out(suite.folder, "HEAD~1", "HEAD"):
        signal.raise_signal(signal.SIGTERM)
    assert left_over(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("revision", ["nowhere", "--version", "HEAD:net.py", ""])
def test_an_unknown_revision_is_told(suite, tmp_path, revision):
    with pytest.raises(BenchError, match="unknown revision") as told, checked_out(suite.folder, revision, None):
        pass
    assert "log --oneline" in str(told.value)
    assert left_over(tmp_path) == []


def test_a_folder_without_a_repository_is_told(tmp_path):
    with pytest.raises(BenchError, match="is in no git repository"), checked_out(tmp_path, "HEAD", None):
        pass


def test_a_repository_that_registers_nothing_is_told(tmp_path):
    made = Repository(tmp_path / "repo")
    made.commit(pyproject_dot_toml='[project]\nname = "x"\n')
    with pytest.raises(BenchError, match="neither this suite nor a package"), checked_out(made.folder, "HEAD", None):
        pass


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A repository of a user's own, with a package that registers a network."""
    skip_without_pip()
    monkeypatch.setattr(checkout.tempfile, "tempdir", str(tmp_path))
    made = Repository(tmp_path / "repo")
    made.commit(pyproject_dot_toml=PROJECT, my_nets_dot_py=NETS)
    return made


@pytest.mark.slow
def test_each_revision_of_a_package_is_installed_beside_this_suite(plugin):
    plugin.write(my_nets_dot_py=dedent(NETS) + "\nCHANGED = True\n")
    with checked_out(plugin.folder, "HEAD", None) as (one, other):
        assert [tree.paths[1] for tree in (one, other)] == [Path(checkout.__file__).parents[2]] * 2
        assert "CHANGED" not in (one.paths[0] / "my_nets.py").read_text()
        assert "CHANGED" in (other.paths[0] / "my_nets.py").read_text()
        [facts] = one.paths[0].glob("*.dist-info")
        assert "bench.architectures" in (facts / "entry_points.txt").read_text()


def test_a_revision_that_does_not_install_says_why_and_all_is_removed(plugin, tmp_path):
    plugin.commit(pyproject_dot_toml=PROJECT.replace('version = "1.0"', 'version = "one"'))
    with checked_out(plugin.folder, "HEAD", None) as (first, _):
        assert re.match(r"cannot be installed: .*project\.version", first.trouble)
        assert first.packages == ()
        with pytest.raises(BenchError, match="cannot be installed") as told:
            checkout.check_tree(first)
        assert told.value.exit_code == 2
    with pytest.raises(BenchError, match="cannot be installed"), checked_out_alone(plugin.folder, "HEAD"):
        pass
    assert left_over(tmp_path) == []
    assert len(plugin.git("worktree", "list").splitlines()) == 1


def test_a_base_that_is_older_than_the_package_has_none(tmp_path, monkeypatch):
    """As of the first pull request of whoever adopts this suite."""
    monkeypatch.setattr(checkout.tempfile, "tempdir", str(tmp_path))
    asked = []
    monkeypatch.setattr(checkout, "install", lambda project, site: asked.append(project) or ("my-nets",))
    made = Repository(tmp_path / "repo")
    made.commit(README_dot_md="nothing yet\n")
    made.commit(pyproject_dot_toml=PROJECT, my_nets_dot_py=NETS)
    with checked_out(made.folder, "HEAD~1", "HEAD") as (base, head):
        assert (base.packages, base.trouble, base.paths) == ((), "", (checkout.OWN,))
        assert head.packages == ("my-nets",)
        assert asked == [head.paths[0].parent / "b"]
    made.commit(pyproject_dot_toml='[project]\nname = "my-nets"\n')  # gone again: it is that of a commit
    with checked_out(made.folder, "HEAD~1", "HEAD") as (base, _):
        assert base.packages == ("my-nets",)


@pytest.mark.parametrize("stand", ["libs/nets", "libs/nets/src", "."])
def test_the_nearest_package_at_or_above_is_meant_in_a_repository_of_several(tmp_path, monkeypatch, stand):
    monkeypatch.setattr(checkout.tempfile, "tempdir", str(tmp_path))
    asked = []
    monkeypatch.setattr(checkout, "install", lambda project, site: asked.append(project) or ())
    made = Repository(tmp_path / "repo")
    text = PROJECT.replace('"bench.architectures"', '"other"')
    made.commit(tools__pyproject_dot_toml=text, libs__nets__pyproject_dot_toml=PROJECT)
    made.commit(libs__nets__src__my_nets_dot_py=NETS)
    place = made.folder / stand
    place.mkdir(parents=True, exist_ok=True)
    if stand == ".":
        with (
            pytest.raises(BenchError, match=r"give --repo .*/repo/libs/nets \(libs/nets\)"),
            checked_out(place, "HEAD", None),
        ):
            pass
        return
    with checked_out(place, "HEAD~1", None) as trees:
        assert [project.relative_to(project.parents[2]).as_posix() for project in asked] == [
            "a/libs/nets",
            "b/libs/nets",
        ]
        assert [tree.trouble for tree in trees] == ["", ""]


def test_a_shallow_clone_is_told_with_the_remedy(suite, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", suite.folder.as_uri(), clone], check=True)
    with (
        pytest.raises(BenchError, match=r"is a shallow clone: .*--unshallow.*fetch-depth: 0"),
        checked_out(clone, "HEAD~1", None),
    ):
        pass
    with checked_out(clone, "HEAD", None) as (head, _):
        assert head.label.startswith("HEAD (")


def test_a_branch_that_only_the_remote_has_is_meant_by_its_name_there(suite, tmp_path):
    """As actions/checkout leaves a pull request: the merge commit alone, detached, and branches of the remote."""
    suite.git("checkout", "--quiet", "-b", "change")
    suite.commit(net_dot_py="three = 3\n")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", suite.folder, clone], check=True)
    subprocess.run(["git", "-C", clone, "checkout", "--quiet", "--detach", "origin/change"], check=True)
    subprocess.run(["git", "-C", clone, "branch", "--quiet", "-D", "change"], check=True)
    with (
        pytest.raises(BenchError, match=r"unknown revision 'main' in .*: did you mean 'origin/main'"),
        checked_out(clone, "main", None),
    ):
        pass
    with checked_out(clone, "origin/main", "HEAD") as (base, head):
        assert (base.paths[0] / "net.py").read_text() == "two = 2\n"
        assert (head.paths[0] / "net.py").read_text() == "three = 3\n"


def test_what_runs_record_is_no_change_of_the_code_and_is_not_copied(suite, monkeypatch):
    suite.write(results__r1__run_dot_json="{}", reports__r1_dot_html="x", sub__results__run_dot_json="{}")
    monkeypatch.chdir(suite.folder / "sub")
    with checked_out(suite.folder, "HEAD", None) as (_, copy):
        assert copy.changes == ()
        assert copy.label == f"the working tree ({copy.revision[:10]})"
        assert not [path for path in copy.paths[0].rglob("*") if "results" in path.parts or "reports" in path.parts]
    suite.commit(results__baselines__main_dot_jsonl="{}\n")
    suite.write(results__baselines__main_dot_jsonl="{}\n{}\n", net_dot_py="four = 4\n")
    with checked_out(suite.folder, "HEAD", None) as (_, copy):
        assert copy.changes == ("net.py",)


def test_revisions_are_picked_evenly_with_both_ends(suite):
    first = suite.git("rev-parse", "HEAD~1")
    made = [first, suite.git("rev-parse", "HEAD"), *(suite.commit(**{f"file{number}": "text"}) for number in range(7))]
    assert checkout.spread(suite.folder, f"{first}..", 3) == [made[0], made[4], made[8]]
    assert checkout.spread(suite.folder, f"{first}..HEAD", 100) == made
    assert checkout.spread(suite.folder, f"{made[2]}..{made[5]}", 2) == [made[2], made[5]]
    assert checkout.spread(suite.folder, f"{first}..", 1) == [made[8]]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("HEAD", "takes a span"),
        ("..HEAD", "takes a span"),
        ("HEAD...HEAD", "takes a span"),
        ("v9..HEAD", "'v9'"),
        ("HEAD..HEAD~1", "no revision lies in"),
    ],
)
def test_a_span_that_means_nothing_is_told(suite, span, words):
    with pytest.raises(BenchError, match=words):
        checkout.spread(suite.folder, span, 3)


def test_one_revision_alone_is_checked_out_and_gone_afterwards(suite):
    revision = suite.git("rev-parse", "HEAD~1")
    with checkout.checked_out_alone(suite.folder, revision) as (folder, tree):
        assert (tree.paths, tree.revision) == ((folder,), revision)
        assert (folder / "bench" / "__init__.py").is_file()
    assert not folder.exists()
    assert suite.git("worktree", "list").count("\n") == 0


def test_an_environment_that_is_a_link_is_no_change_of_this_suite(tmp_path):
    ours = Path(__file__).parents[2] / ".gitignore"
    repository = Repository(tmp_path / "suite")
    repository.commit(_dot_gitignore=ours.read_text("utf-8"))
    (repository.folder / ".venv").symlink_to(tmp_path)
    assert repository.git("status", "--porcelain") == ""
