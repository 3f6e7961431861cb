"""The sides of a comparison of steps: which tree each is of, what is refused and by which exit code."""

import subprocess
from pathlib import Path

import pytest

from bench.compare import steps
from bench.compare.ab import Rules, compare
from bench.compare.log import ComparisonLog
from bench.compare.sides import Revisions
from bench.errors import EXIT_NOT_COMPARABLE, EXIT_USAGE, BenchError
from bench.plan.plan import Plan
from bench.plan.step import source_named
from bench.process import entries
from bench.process.worker import WorkerError
from tests.process.fitting import fits

FACTS = {
    "origin": {"file": "my_train.py", "sha256": "ab"},
    "device": "cpu",
    "threads": 1,
    "system": {"cpu": "x"},
    "installed": {"torch": "2.14"},
}
FINE, GONE, BROKEN = {"facts": FACTS}, {"refused": "my_train.py has no 'step'"}, {"failed": "step: ValueError: no"}
OPTIONS = steps.StepOptions()


class Host:
    """A server of workers, of which nobody hears."""

    def __init__(self, label, paths=(), environment=None, *, python=None):
        self.label, self.paths, self.environment, self.python = label, paths, environment or {}, python

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def answered(monkeypatch):
    """Has the sides, as they are tried out one after the other, answer these; keeps what they were asked."""
    asked = []

    def answer(*answers):
        remaining = list(answers)

        def talk(starter, entry, task, timeout):
            assert entry == entries.AB_STEP_FACTS
            assert fits(task, entries.MESSAGES[entry].task)
            asked.append(task)
            return iter(remaining.pop(0).items())

        monkeypatch.setattr(steps, "TreeClient", Host)
        monkeypatch.setattr(steps, "talk", talk)
        return asked

    return answer


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *identity, *words], capture_output=True, check=True)


@pytest.fixture
def repo(tmp_path):
    """A repository with a step in a folder, in one commit and changed since."""
    folder = tmp_path / "repo"
    (folder / "train").mkdir(parents=True)
    git(folder, "init", "--quiet")
    (folder / "train" / "my_train.py").write_text("old\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    (folder / "train" / "my_train.py").write_text("new\n")
    return folder


def test_each_side_of_two_revisions_is_of_its_own_tree(answered, repo):
    asked = answered(FINE, FINE)
    between = Revisions(repo / "train", "HEAD")
    with steps.revisions("my_train.py:step(width=3)", between, steps.StepOptions(inject=0.1)) as comparison:
        (name,) = comparison.sides
        assert name == "train/my_train.py:step(width=3)"  # as seen from the repository's top
        texts = [(Path(task["base"]) / "train" / "my_train.py").read_text() for task in asked]
        assert texts == ["old\n", "new\n"]
        for task in asked:
            assert task["text"] == task["label"] == name
            assert task["path"] == [f"{task['base']}{rest}" for rest in ("/train", "", "/src")]
            assert task["shared"] == str(repo)
        before, after = comparison.sides[name]
        assert (before.inject, after.inject) == (0.0, 0.1)
        assert after.cell.id == name
        assert after.cell.is_foreign
        assert fits(after.task(), entries.MESSAGES[after.entry].task)
        assert comparison.after.changes == ("train/my_train.py",)
        assert comparison.before.changes == ()
        assert comparison.before.label.startswith("HEAD (")
        assert [task["threads"] for task in asked] == [1, 1]
        assert comparison.before.origin == {"file": "my_train.py", "sha256": "ab"}
        assert comparison.metric == "step"


def test_a_file_of_a_tree_is_told_as_it_is_seen_from_its_top(answered, repo, monkeypatch):
    def talk(starter, entry, task, timeout):
        yield "facts", {**FACTS, "origin": {"file": f"{task['base']}/train/my_train.py"}}

    answered()
    monkeypatch.setattr(steps, "talk", talk)
    with steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS) as comparison:
        assert comparison.before.origin == comparison.after.origin == {"file": "train/my_train.py"}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ((BROKEN, FINE), EXIT_NOT_COMPARABLE, ["HEAD (", "ValueError: no"]),
        ((GONE, GONE), EXIT_USAGE, ["the working tree", "my_train.py has no 'step'"]),
        ((BROKEN, BROKEN), EXIT_USAGE, ["the working tree", "ValueError: no"]),
        (({}, {}), EXIT_USAGE, ["does not say what it is"]),
    ],
)
def test_a_step_that_a_revision_cannot_run(answered, repo, answers, code, words):
    answered(*answers)
    with (
        pytest.raises(BenchError) as error,
        steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS),
    ):
        pass
    assert error.value.exit_code == code
    assert all(word in str(error.value) for word in words), error.value


def test_what_went_wrong_as_a_step_was_closed_is_a_note(answered, repo, monkeypatch):
    unclosed = {**FINE, "failed": "step, as it was closed: ValueError: no lock"}
    answered(FINE, unclosed)
    with steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS) as comparison:
        assert comparison.notes[-1].startswith("the working tree (")
        assert comparison.notes[-1].endswith("): step, as it was closed: ValueError: no lock")

    def talk(*_):
        yield "facts", FACTS
        raise WorkerError("failed", "the worker ended by itself with exit code 3")

    monkeypatch.setattr(steps, "talk", talk)
    with steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS) as comparison:
        assert sum("ended by itself with exit code 3" in note for note in comparison.notes) == 2


def test_a_step_that_raises_since_is_measured_and_lost(answered, repo, monkeypatch):
    """It ran before: that is a loss, and exit 1, as of a cell."""
    answered(FINE, BROKEN)
    with steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS) as comparison:
        ((before, after),) = comparison.sides.values()
        assert (before.cell.device, after.cell.device) == ("cpu", "cpu")
        for host in comparison.hosts:
            host.renew = host.wait_until_ready = lambda: None
        monkeypatch.setattr(Host, "start", lambda self, entry, task: Lost(before, self), raising=False)
        decision = compare(comparison, Plan(blocks=2), Rules(), lambda *_: None)
    assert [one.verdict for one in decision.verdicts] == ["failed"]
    assert decision.exit_code == 1


class Lost:
    """A worker that is ready where it is of the side before, and has failed where not."""

    def __init__(self, before, starter):
        self.fine = before.starter is starter

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def pause(self):
        pass

    def receive(self, timeout):
        ready = {"steps": 1, "steady": True, "statistic": "p10"}
        return ("ready", ready) if self.fine else ("failed", "step: ValueError: no")


def test_a_file_outside_the_repository_is_refused(answered, repo, tmp_path):
    answered(FINE, FINE)
    with (
        pytest.raises(BenchError, match=r"is not in the repository .*: name a file of it, or give --repo DIR"),
        steps.revisions(f"{tmp_path}/other.py:step", Revisions(repo, "HEAD"), OPTIONS),
    ):
        pass


def test_any_repository_will_do_and_none_will_not(answered, tmp_path):
    answered()
    with (
        pytest.raises(BenchError, match="is in no git repository: give --repo DIR"),
        steps.revisions("my_train.py:step", Revisions(tmp_path, "HEAD"), OPTIONS),
    ):
        pass


def test_two_steps_are_told_apart_by_name(answered):
    answered(FINE, FINE, FINE, FINE)
    first, second = source_named("a.py:f"), source_named("b.py:g")
    with steps.two_steps((first, second), OPTIONS) as comparison:
        assert list(comparison.sides) == ["b.py:g over a.py:f"]
        assert (comparison.before.label, comparison.after.label) == ("a.py:f", "b.py:g")
    with steps.two_steps((first, first), OPTIONS) as comparison:
        assert list(comparison.sides) == ["a.py:f (second) over a.py:f (first)"]
        ((before, after),) = comparison.sides.values()
        assert before.starter is not after.starter


def test_either_of_two_steps_that_cannot_be_run_is_an_error_of_use(answered):
    for answers in ((FINE, BROKEN), (GONE, FINE)):
        answered(*answers)
        with pytest.raises(BenchError) as error, steps.two_steps((source_named("a.py:f"),) * 2, OPTIONS):
            pass
        assert error.value.exit_code == EXIT_USAGE


def test_a_step_with_two_settings_has_the_threads_of_each(answered):
    asked = answered(FINE, FINE)
    changes = {"A": {"OMP_NUM_THREADS": "1"}, "B": {"X": "y"}}
    with steps.settings("a.py:f", steps.StepOptions(threads=0), changes=changes) as comparison:
        assert (comparison.before.label, comparison.after.label) == ("A: OMP_NUM_THREADS=1", "B: X=y")
        assert [host.environment for host in comparison.hosts] == [changes["A"], changes["B"]]
    assert [task["threads"] for task in asked] == [1, 0]


@pytest.mark.parametrize(("answers", "code"), [((FINE, BROKEN), 4), ((BROKEN, FINE), 4), ((BROKEN, BROKEN), 2)])
def test_a_step_that_runs_with_one_setting_alone_is_not_comparable(answered, answers, code):
    answered(*answers)
    with pytest.raises(BenchError) as error, steps.settings("a.py:f", OPTIONS, changes={"A": {"X": "y"}}):
        pass
    assert error.value.exit_code == code


def test_a_step_under_two_interpreters_has_the_versions_of_each(answered):
    other = {"facts": {**FACTS, "installed": {"torch": "2.15"}}}
    answered(FINE, other, FINE, FINE)
    python = Path("/venv/bin/python")
    with steps.settings("a.py:f", OPTIONS, pythons={"B": python}) as comparison:
        assert [host.python for host in comparison.hosts] == [None, python]
        assert (comparison.before.label, comparison.after.label) == ("A: as it is", "B: /venv/bin/python")
        assert (comparison.before.installed, comparison.after.installed) == ({"torch": "2.14"}, {"torch": "2.15"})
        assert comparison.notes == ()
    with steps.settings("a.py:f", OPTIONS, pythons={"B": python}) as comparison:
        assert any("no version differs" in note for note in comparison.notes)


def test_a_log_of_steps_reads_back(answered, tmp_path):
    answered(FINE, FINE)
    from bench.compare.ab import facts_of

    with steps.two_steps((source_named("a.py:f"), source_named("b.py:g")), OPTIONS) as comparison:
        facts = facts_of(comparison, Plan(blocks=2), 0.05)
    ComparisonLog(tmp_path / "log.jsonl", facts)
    read = ComparisonLog.load(tmp_path / "log.jsonl").facts
    assert read.before.origin == FACTS["origin"]
    ((before, after),) = read.cells.values()
    assert (before.id, after.id) == ("a.py:f", "b.py:g")


def test_a_file_that_git_ignores_is_told_and_how_to_compare_it_all_the_same(answered, repo):
    answered(FINE, FINE)
    (repo / ".gitignore").write_text("mine.py\n")
    (repo / "mine.py").write_text("step = print\n")
    with (
        pytest.raises(BenchError, match=r"git ignores mine.py.*git add --force mine.py.*--steps, --env"),
        steps.revisions("mine.py:step", Revisions(repo, "HEAD"), OPTIONS),
    ):
        pass
    (repo / ".gitignore").write_text("")
    answered(GONE, FINE)  # new, and not ignored: the copy has it
    with steps.revisions("mine.py:step", Revisions(repo, "HEAD"), OPTIONS) as comparison:
        assert [verdict.verdict for verdict in comparison.unmatched] == ["new"]


def test_a_step_with_two_settings_is_found_from_the_folder_that_is_named(answered, repo):
    asked = answered(FINE, FINE)
    with steps.settings("my_train.py:step", OPTIONS, changes={"A": {"X": "y"}}, base=repo / "train"):
        assert [task["base"] for task in asked] == [str(repo / "train")] * 2


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ((GONE, FINE), 0, "only in the working tree"),
        ((FINE, GONE), 1, "my_train.py has no 'step'"),
    ],
)
def test_a_step_that_one_revision_alone_has_is_new_or_lost(answered, repo, answers, code, words):
    answered(*answers)
    with steps.revisions("my_train.py:step", Revisions(repo / "train", "HEAD"), OPTIONS) as comparison:
        assert comparison.sides == {}
        decision = compare(comparison, Plan(blocks=2), Rules(), lambda *_: None)
    (only,) = decision.verdicts
    assert (only.cell, decision.exit_code) == ("train/my_train.py:step", code)
    assert only.verdict == ("failed" if code else "new")
    assert words in only.reason
