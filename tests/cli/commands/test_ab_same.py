"""`ab` on two revisions of a package of a user's own, really run: what the second takes, and what it computes."""

import json
from textwrap import dedent
from types import SimpleNamespace

import pytest

from bench.compare.log import ComparisonLog
from tests.cli.commands.test_ab import excused, git
from tests.one_pair import measure_one_pair
from tests.packages import project, skip_without_pip

pytestmark = pytest.mark.slow  # seconds for all that look at one comparison

NETS = """
    import torch
    from architectures import register
    from torch import nn


    class Net(nn.Module):
        def __init__(self, input_shape, num_classes, act, extra=0):
            super().__init__()
            channels, height, width = input_shape
            self.extra = extra
            self.first = nn.Linear(channels * height * width, 32)
            self.act = act
            self.last = nn.Linear(32, num_classes)

        def forward(self, images):
            for _ in range(self.extra):
                images = images + 0 * torch.exp(images)
            return self.last(self.act(self.first(images.flatten(1))))


    def enter(name, act, extra=0):
        def builder(input_shape, num_classes):
            return Net(input_shape, num_classes, act, extra)

        builder.__name__ = name
        builder.__doc__ = "A net of the user's own."
        register(family="mine")(builder)


    enter("slower_net", nn.ReLU(), {extra})
    enter("other_net", {other})
    enter("spelled_net", {spelled})
    enter("{name}", nn.ReLU())
    """
REVISIONS = (
    {"extra": "0", "other": "nn.ReLU()", "spelled": "nn.ReLU()", "name": "gone_net"},
    {"extra": "30", "other": "nn.GELU()", "spelled": "nn.Threshold(0.0, 0.0)", "name": "fresh_net"},
)
PROJECT = project("my-nets", {"mine": "my_nets"}, modules=["my_nets"])
QUICK = ("--blocks", "2", "--datasets", "synthetic", "--tolerance", "90%", "--concurrent", "--json")


@pytest.fixture(scope="module")
def compared(typed_for_all, tmp_path_factory):
    """One comparison of the two revisions: its document and exit code, rows by metric and net, and the repository."""
    skip_without_pip()
    measure_one_pair(typed_for_all.patch.setattr)
    repo = tmp_path_factory.mktemp("mine")
    git(repo, "init", "--quiet")
    for revision in REVISIONS:
        text = dedent(NETS)
        for word, value in revision.items():
            text = text.replace(f"{{{word}}}", value)
        (repo / "pyproject.toml").write_text(PROJECT)
        (repo / "my_nets.py").write_text(text)
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "--message", revision["name"])
    done = typed_for_all.call("ab", "HEAD~1", "HEAD", "--repo", repo, *QUICK, "--same-result")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    rows = {(row["metric"], row["cell"].partition("-")[0]): row for row in document["verdicts"]}
    return SimpleNamespace(typed=typed_for_all, repo=repo, document=document, rows=rows)


def test_nets_that_one_side_has_are_told_and_no_worktree_is_left(compared):
    nets = {net for metric, net in compared.rows if metric == "step" and not net.startswith("geometric mean")}
    assert nets == {"slower_net", "other_net", "spelled_net", "fresh_net", "gone_net"}
    assert compared.rows["step", "fresh_net"]["verdict"] == "new"
    assert compared.rows["step", "gone_net"]["verdict"] == "missing"
    assert len(git(compared.repo, "worktree", "list").splitlines()) == 1


def test_a_net_that_got_slower_has_regressed(compared):
    row = compared.rows["step", "slower_net"]
    assert row["verdict"] == "regressed" or excused(compared.document, row), compared.document
    assert "operators_forward 7 -> 97" in row["evidence"]
    assert compared.rows["result", "slower_net"]["verdict"] == "unchanged"


def test_a_change_is_named_and_fails_only_where_the_same_result_is_asked_for(compared):
    row = compared.rows["result", "other_net"]
    assert row["verdict"] == "regressed"
    assert row["reason"].startswith("computes something else")
    named = "first operator whose output differs: aten.gelu in module act, forward of step 1 (before: aten.relu)"
    assert row["evidence"] == [named]
    speed = compared.rows["step", "other_net"]
    assert speed["reason"].endswith(("and computes something else", "; it computes something else"))
    log = ComparisonLog.load(compared.typed.folder / compared.document["record"])
    assert log.cell_logs[row["cell"]].sameness.sameness == "changed"
    assert compared.typed.call("ab", "--recompute", compared.document["record"]).returncode == 1


def test_another_spelling_of_the_same_net_is_the_same(compared):
    row, speed = compared.rows["result", "spelled_net"], compared.rows["step", "spelled_net"]
    assert row["verdict"] == "unchanged"
    assert row["reason"].startswith("computes the same")
    assert speed["verdict"] != "regressed"
    assert "something else" not in json.dumps([row, speed])


def test_cells_that_differ_in_arithmetic_are_compared(typed, monkeypatch):
    measure_one_pair(monkeypatch.setattr)
    done = typed("ab", "--cells", "mlp", "mlp,dtype=bfloat16", *QUICK)
    (row,) = [verdict for verdict in json.loads(done.stdout)["verdicts"] if verdict["metric"] == "result"]
    assert row["verdict"] == "unchanged"
    assert "within float error" in row["reason"]
