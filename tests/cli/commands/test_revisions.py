"""Revisions of a real repository, really measured: `run --revisions`, and `check` that measures a suspect again."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.store.result import Result
from bench.store.stored import parse_line
from tests.one_pair import keep_servers

pytestmark = pytest.mark.slow  # half a minute each

ROOT = Path(__file__).parents[3]
GRID = ("--architectures", "debug", "--datasets", "synthetic", "--threads", "1")
LITTLE = (*GRID, "--blocks", "2", "--repeats", "1", "--again", "0", "--epochs", "0", "--concurrent")
BUSY = """
class Busy(nn.Module):
    def forward(self, images):
        sum(range(60_000))  # more work, no sleep, and not one operator more
        return images


@register(family="debug", parameters=562"""


@pytest.fixture
def repository(bench):
    """The folder of `bench`, made a clone-like repository of this suite; gives a function that runs git in it."""
    not_source = shutil.ignore_patterns("*.egg-info")  # git ignores bytecode, which holds for a copy
    for name in ("bench", "architectures"):
        shutil.copytree(ROOT / name, bench.folder / name, ignore=not_source)
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, bench.folder / name)

    def git(*words):
        done = subprocess.run(["git", *words], cwd=bench.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "A"), ("user.email", "a@example.org"), ("commit.gpgsign", "false")):
        git("config", name, value)
    commit(git, "one")
    return git


def commit(git, message):
    git("add", "--all")
    git("commit", "--quiet", "--message", message)
    return git("rev-parse", "HEAD")


def own(bench):
    """Runs of the suite in the repository use the code of the repository."""
    return {"PYTHONPATH": str(bench.folder)}


def test_the_past_is_measured_by_its_own_code_and_what_cannot_run_is_told(bench, typed, repository):
    git = repository
    first = git("rev-parse", "HEAD")
    nets = bench.folder / "architectures" / "debug.py"
    good = nets.read_text()
    nets.write_text("this is no Python\n")
    broken = commit(git, "two")
    nets.write_text(good)
    last = commit(git, "three")

    done = bench("run", "--revisions", f"{first}..", "--steps", "3", *LITTLE, "--json", haste=True)
    assert done.returncode == 0, done.stderr
    outcomes = {one["revision"]: one for one in json.loads(done.stdout)}
    assert {revision: one["status"] for revision, one in outcomes.items()} == {
        first: "recorded",
        broken: "failed",
        last: "recorded",
    }
    assert outcomes[broken]["reason"]
    for revision in (first, last):
        facts = json.loads((bench.folder / "results" / f"past-{revision[:10]}" / "run.json").read_text())
        assert facts["git"]["revision"] == revision
        assert facts["git"]["dirty"] is False
    assert git("worktree", "list").count("\n") == 0

    series = json.loads(typed("history", "--json", "--no-report").stdout)["series"]
    cost = next(one for one in series if one["metric"] == "relative_cost")
    assert [point["revision"] for point in cost["points"]] == [first, last]

    again = typed("run", "--revisions", f"{last}..{last}", "--steps", "1", *LITTLE, "--json")
    assert json.loads(again.stdout)[0]["status"] == "there already"
    wrong = typed("run", "--revisions", "v9..HEAD", *LITTLE)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "unknown revision 'v9'" in wrong.stderr


@pytest.mark.alone
@pytest.mark.usefixtures("in_haste")  # more than twice as slow shows in short blocks, too
def test_a_suspect_is_measured_again_beside_the_baselines_revision_and_fails(bench, typed, repository, monkeypatch):
    """Of the five accepted runs the first is real, and the others differ from it by a percent or two."""
    git = repository
    keep_servers(monkeypatch.setattr)
    done = bench("run", *LITTLE, "--run", "run0", "--no-report", **own(bench))
    assert done.returncode == 0, done.stderr
    runs = bench.folder / "results"
    for index, factor in enumerate((1.0, 1.01, 0.99, 1.02, 0.98)):
        if index:
            again(runs / "run0", runs / f"run{index}", factor, timedelta(seconds=index))
        assert typed("baseline", "save", f"run{index}", "--contended").returncode == 0
    nets = bench.folder / "architectures" / "debug.py"
    text = nets.read_text().replace('\n@register(family="debug", parameters=562', BUSY, 1)
    nets.write_text(text.replace("        nn.Flatten(),\n", "        nn.Flatten(),\n        Busy(),\n", 1))
    commit(git, "slower")
    assert bench("run", *LITTLE, "--run", "slow", "--no-report", **own(bench)).returncode == 0

    done = typed("check", "slow", "--concurrent", "--json")
    document = json.loads(done.stdout)
    step = next(one for one in document["verdicts"] if one["metric"] in ("step", "relative_cost"))
    assert step["metric"] == "step", done.stderr
    assert "measured again side by side" in step["reason"]
    assert step["ratio"]["low"] > 1.1
    if "slower than at its best" in step["reason"]:  # neighbours took so much that the gate rightly does not insist
        assert (done.returncode, step["verdict"]) == (3, "inconclusive")
    else:
        assert (done.returncode, step["verdict"]) == (1, "regressed")
    counts = next(one for one in document["verdicts"] if one["metric"] == "counts")
    assert counts["verdict"] == "unchanged"
    assert git("worktree", "list").count("\n") == 0


LEARNING = (*GRID[:2], "--threads", "1", "--blocks", "0", "--repeats", "1", "--epochs", "1")  # nothing is timed
UNLEARNT = ("bench/optimizers/registry.py", '"Adam (Kingma & Ba 2015)", 1e-3', '"Adam (Kingma & Ba 2015)", 1e-7')
REDRAWN = ("bench/measure/workload.py", "torch.manual_seed(cell.seed)", "torch.manual_seed(cell.seed + 1000)")
ONE_SERVER = ("bench/session/scheduler.py", "self.collector.renew()", "pass")  # nobody looks at times here


def change(folder, file, before, after):
    source = (folder / file).read_text()
    assert before in source
    (folder / file).write_text(source.replace(before, after, 1))


def test_a_fall_of_accuracy_is_trained_again_at_both_revisions(bench, typed, repository):
    """A real fall comes again and fails; one that was planted into the record of a run does not."""
    change(bench.folder, *ONE_SERVER)
    commit(repository, "one server")
    more = ("--optimizers", "adam", "sgd", "--train-limit", "0", "--seeds", "0", "1", "2")
    words = (*LEARNING, *more, "--concurrent", "--no-report", "--run")
    assert bench("run", *words, "accepted", haste=True, **own(bench)).returncode == 0
    assert bench("baseline", "save", "accepted", "--contended", haste=True, **own(bench)).returncode == 0
    for edit in (UNLEARNT, REDRAWN):
        change(bench.folder, *edit)  # not committed: the working tree is trained
    assert bench("run", *words, "new", haste=True, **own(bench)).returncode == 0
    _lower_accuracies(bench.folder / "results" / "new" / "results.jsonl", "sgd")

    done = bench("check", "new", "--concurrent", "--json", haste=True, **own(bench))
    verdicts = [verdict for verdict in json.loads(done.stdout)["verdicts"] if verdict["metric"] == "accuracy"]
    judged = {verdict["cell"].split("-")[1]: verdict["verdict"] for verdict in verdicts}
    assert judged == {"adam": "regressed", "sgd": "unchanged"}, (verdicts, done.stderr)
    for verdict in verdicts:
        assert "; trained again at both revisions with 5 fresh seeds: " in verdict["reason"]
    trained = sorted((bench.folder / "results" / "new" / "retrained").iterdir())
    cells = [[json.loads(line)["cell"] for line in (run / "results.jsonl").open()] for run in trained]
    seeds = sorted(sorted((cell["optimizer"], cell["seed"]) for cell in run) for run in cells)
    fresh = [[(optimizer, seed) for seed in (3, 4, 5, 6, 7)] for optimizer in ("adam", "sgd")]
    assert seeds == [fresh[0]] * 2 + [fresh[1]] * 2  # each optimizer is a run of its own, at both revisions
    assert repository("worktree", "list").count("\n") == 0
    runs = sorted(path.parent.name for path in (bench.folder / "results").glob("*/run.json"))
    assert runs == ["accepted", "new"]


def _lower_accuracies(path, optimizer):
    """Twenty points off every accuracy of an optimizer, as if these seeds had come out low by chance."""
    rewrite(
        path, lambda line, read: read.value - 0.2 * (read.metric == "accuracy" and line.cell.optimizer == optimizer)
    )


def again(run, other, factor, later):
    """A run like a recorded one, with another cost, so much later."""
    shutil.copytree(run, other)
    facts = json.loads((other / "run.json").read_text())
    started = (datetime.fromisoformat(facts["started"]) + later).isoformat(timespec="seconds")
    (other / "run.json").write_text(json.dumps({**facts, "run": other.name, "started": started}))
    scaled = {"relative_cost": factor}
    rewrite(other / "results.jsonl", lambda _, read: read.value * scaled.get(read.metric, 1.0), started=started)


def rewrite(path, value_of, **fields):
    """Give every measurement in a file of results another value, by its line and itself, and the lines other fields."""
    lines = [Result.from_dict(parse_line(line)) for line in path.read_bytes().splitlines()]
    changed = [
        replace(
            line, **fields, measurements=tuple(replace(read, value=value_of(line, read)) for read in line.measurements)
        )
        for line in lines
    ]
    path.write_text("".join(line.to_line() + "\n" for line in changed))
