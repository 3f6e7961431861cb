"""The workflows as GitHub takes them: actionlint finds nothing, and every action is pinned to what was looked at."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow.runner import EXPRESSION, scripts, workflow

WORKFLOWS = [ROOT / "docs" / "bench.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())


@every_workflow
def test_actionlint_finds_nothing(path):
    """Nor does shellcheck, which it calls, in the scripts of the steps."""
    assert lint(path) == (0, "")


def test_it_would_find_what_is_wrong(tmp_path):
    bad = """
        on: pull_request
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo ${{ github.event.pull_request.title }}
              - run: ls $A
              - uses: actions/checkout@v4
                with: {x: 1}
        """
    (tmp_path / "bad.yml").write_text(dedent(bad))
    code, text = lint(tmp_path / "bad.yml")
    assert code == 1
    assert [word in text for word in ("potentially untrusted", "SC2086", 'input "x" is not defined')] == [True] * 3


def lint(path):
    """The exit code of actionlint, and what it prints."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for program in ("actionlint", "shellcheck"):
        if not shutil.which(program, path=places):
            pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [shutil.which("actionlint", path=places), "-no-color", path],
        env={**os.environ, "PATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@every_workflow
def test_every_action_is_pinned_and_says_its_version(path):
    uses = re.findall(r"uses: (.*)", path.read_text("utf-8"))
    assert uses
    assert [each for each in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_an_action_is_pinned_to_the_same_everywhere():
    uses = {each for path in WORKFLOWS for each in re.findall(r"uses: (.*)", path.read_text("utf-8"))}
    assert len({each.partition("@")[0] for each in uses}) == len(uses)


@every_workflow
def test_a_job_can_only_do_what_it_is_granted(path):
    document = workflow(path)
    assert document["permissions"] in ({}, {"contents": "read"})
    assert document["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    checkouts = [
        step
        for job in document["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert [step for step in checkouts if step.get("with", {}).get("persist-credentials") is not False] == []
    assert [name for name, step in scripts(document) if EXPRESSION.search(step["run"])] == []
    assert yaml.safe_load(path.read_text("utf-8"))["defaults"]["run"]["shell"] == "bash"
