"""A user's repository as a runner has it: a clone whose HEAD is a pull request merged into main, and a GitHub."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import ROOT
from tests.workflow.runner import Job, workflow

WORKFLOW = ROOT / "docs" / "bench.yml"
NETS = """
    from torch import nn


    class MyNet(nn.Sequential):
        def __init__(self, num_classes=10):
            super().__init__(nn.Flatten(), nn.Linear(784, num_classes))
    """
# Stands for the suite: writes what was asked for into bench.json, leaves a comment unless it is not to, ends as told.
STAND_IN = """
    import json, os, sys
    words = sys.argv[1:]
    with open(os.environ["ASKED"], "a") as asked:
        asked.write(json.dumps(words) + "\\n")
    if (text := os.environ.get("LEAVES")) is not None:
        with open(words[words.index("--markdown") + 1], "w") as comment:
            comment.write(text)
    sys.exit(int(os.environ["ENDS"]))
    """


def program(folder, name, text, options="-IS"):
    """A program of Python in a folder of programs; it starts in no time where it needs no packages."""
    path = folder / name
    path.write_text(f"#!{sys.executable} {options}\n{dedent(text).lstrip()}")
    path.chmod(0o755)


def git(folder, *words):
    """What git prints."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder, message="a change", **files):
    """Commit these files, named with two underscores for a slash and one for a dot before the ending."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def repository(folder):
    """The user's repository, as GitHub has it."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, README_dot_md="Nets.\n")
    return folder


def clone(user, folder, branch=None, *options):
    """A clone as actions/checkout makes it; a branch is merged into main first, as a pull request's is."""
    git(user, "clone", "--quiet", *options, user.as_uri(), folder)
    if branch:
        git(folder, "checkout", "--quiet", "--detach", "origin/main")
        git(folder, "merge", "--quiet", "--no-ff", "--message", "Merge", f"origin/{branch}")
    return folder


@pytest.fixture
def user(tmp_path):
    """The user's repository."""
    return repository(tmp_path / "user")


@pytest.fixture
def checkout(tmp_path, user):
    """Clones it."""
    return lambda *options: clone(user, tmp_path / "checkout", *options)


@pytest.fixture(scope="session")
def merged(tmp_path_factory):
    """A checkout of a pull request that changes a net."""
    user = repository(tmp_path_factory.mktemp("merged") / "user")
    commit(user, my_nets_dot_py=NETS)
    git(user, "checkout", "--quiet", "-b", "change")
    commit(user, my_nets_dot_py=NETS + "    #\n")
    git(user, "checkout", "--quiet", "main")
    commit(user, more_dot_txt="main went on\n")
    return clone(user, user.parent / "checkout", "change")


@pytest.fixture
def pull_request(merged, tmp_path):
    """A copy of that; a commit with the message comes last, if there is one."""

    def make(message="", **files):
        folder = shutil.copytree(merged, tmp_path / "checkout")
        if message:
            commit(folder, message, **files)
        return folder

    return make


@pytest.fixture
def github(tmp_path):
    """GitHub's side of the pull request: its comments, what was called, and whether it refuses."""
    folder = tmp_path / "github"
    folder.mkdir()

    class GitHub:
        path = folder

        @property
        def comments(self):
            return json.loads((folder / "comments.json").read_text())

        @comments.setter
        def comments(self, comments):
            entries = [
                {"id": 11 + at, "user": {"login": login}, "body": body} for at, (login, body) in enumerate(comments)
            ]
            (folder / "comments.json").write_text(json.dumps(entries))

        @property
        def written(self):
            """The words of the calls that change something."""
            calls = map(json.loads, (folder / "calls.jsonl").read_text().splitlines())
            return [call[call.index("--method") + 1] for call in calls if "--method" in call]

    github = GitHub()
    github.comments = []
    return github


@pytest.fixture
def programs(tmp_path):
    """A folder that goes first on the path: `bench` stands for the suite, `gh` for GitHub's."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program(folder, "bench", STAND_IN)
    shutil.copy(Path(__file__).with_name("gh.py"), folder / "gh.py")
    program(folder, "gh", f"import runpy\nrunpy.run_path({str(folder / 'gh.py')!r}, run_name='__main__')\n")
    return folder


@pytest.fixture
def job(tmp_path, programs, github):
    """A job of the workflow to be copied, in a checkout."""

    def make(name, folder, **variables):
        temporary = tmp_path / f"runner-{name}"
        temporary.mkdir(exist_ok=True)
        return Job(
            document=workflow(WORKFLOW),
            name=name,
            folder=folder,
            temporary=temporary,
            variables={
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "ASKED": str(tmp_path / "asked.jsonl"),
                "FAKE_GITHUB": str(github.path),
                "GITHUB_REPOSITORY": "a/nets",
                "GITHUB_SHA": git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else "",
                "GITHUB_RUN_ID": "4711",
                **variables,
            },
            context={
                "github.base_ref": "main",
                "github.event.pull_request.number": "7",
                "github.token": "secret",
                "vars.PIP_EXTRA_INDEX_URL": "",
            },
        )

    return make


@pytest.fixture
def asked(tmp_path):
    """What the stand-in was asked for."""

    def words():
        path = tmp_path / "asked.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return words
