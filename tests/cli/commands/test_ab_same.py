"""`ab` on two revisions of a package, really run: what the second computes, in the table, the log and the exit code."""

import json
from textwrap import dedent

import pytest

from bench.compare.log import ComparisonLog
from tests.cli.commands.test_ab import PROJECT, git

pytestmark = pytest.mark.slow  # some 20 s each

NETS = """
    import torch
    from architectures import register
    from torch import nn


    class Net(nn.Module):
        def __init__(self, input_shape, num_classes):
            super().__init__()
            channels, height, width = input_shape
            self.first = nn.Linear(channels * height * width, 32)
            self.act = {act}
            self.last = nn.Linear(32, num_classes)

        def forward(self, images):
            return self.last(self.act(self.first(images.flatten(1))))


    @register(family="mine")
    def my_net(input_shape, num_classes):
        "A net of the user's own."
        return Net(input_shape, num_classes)
    """
QUICK = ("--blocks", "2", "--datasets", "synthetic", "--tolerance", "90%", "--budget", "90s", "--concurrent", "--json")


@pytest.fixture
def between(bench, tmp_path):
    """Runs `ab` between a revision with one activation and a revision with another."""
    pytest.importorskip("pip")
    repo = tmp_path / "mine"
    repo.mkdir()
    git(repo, "init", "--quiet")

    def run(before, after, *flags):
        for act in (before, after):
            (repo / "pyproject.toml").write_text(PROJECT)
            (repo / "my_nets.py").write_text(dedent(NETS).replace("{act}", act))
            git(repo, "add", "--all")
            git(repo, "commit", "--quiet", "--message", act)
        done = bench("ab", "HEAD~1", "HEAD", "--repo", repo, *QUICK, *flags)
        assert done.returncode in {0, 1, 3}, done.stderr
        document = json.loads(done.stdout)
        (row,) = [verdict for verdict in document["verdicts"] if verdict["metric"] == "result"]
        return done.returncode, document, row

    return run


def test_a_change_is_named_and_fails_only_where_the_same_result_is_asked_for(between, bench):
    code, document, row = between("nn.ReLU()", "nn.GELU()", "--same-result")
    assert (code, row["verdict"]) == (1, "regressed")
    assert row["reason"].startswith("computes something else")
    named = "first operator whose output differs: aten.gelu in module act, forward of step 1 (before: aten.relu)"
    assert row["evidence"] == [named]
    speed = document["verdicts"][0]
    assert speed["metric"] == "step"
    assert speed["reason"].endswith(("and computes something else", "; it computes something else"))
    log = ComparisonLog.load(bench.folder / document["record"])
    assert log.cell_logs[row["cell"]].sameness.sameness == "changed"
    assert bench("ab", "--recompute", document["record"]).returncode == 1


def test_another_spelling_of_the_same_net_is_the_same(between, bench):
    code, document, row = between("nn.ReLU()", "nn.Threshold(0.0, 0.0)", "--same-result")
    assert row["verdict"] == "unchanged"
    assert row["reason"].startswith("computes the same")
    assert code in {0, 3}
    assert "something else" not in json.dumps(document)


def test_cells_that_differ_in_arithmetic_are_compared(bench):
    done = bench("ab", "--cells", "mlp", "mlp,dtype=bfloat16", *QUICK)
    (row,) = [verdict for verdict in json.loads(done.stdout)["verdicts"] if verdict["metric"] == "result"]
    assert row["verdict"] == "unchanged"
    assert "within float error" in row["reason"]
