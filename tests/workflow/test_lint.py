"""The workflows as GitHub takes them: actionlint finds nothing, and every action is pinned to what was looked at."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow.runner import EXPRESSION, scripts, workflow

WORKFLOWS = [ROOT / "docs" / "bench.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())


@every_workflow
def test_actionlint_finds_nothing(path):
    """With shellcheck, where that is installed too, in each step's script."""
    program = shutil.which("actionlint", path=Path(sys.executable).parent) or shutil.which("actionlint")
    if not program:
        pytest.skip("actionlint is not installed")
    done = subprocess.run([program, "-no-color", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


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
