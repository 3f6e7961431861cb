"""The command `explain`: which two are meant, what is printed, and the errors in one line."""

import json
import subprocess

import pytest

from tests.explain import made


@pytest.fixture
def here(tmp_path, typed):
    """Calls the command in a folder with two runs."""
    made.two_cells(tmp_path / "results", "first")
    made.two_cells(tmp_path / "results", "second")
    return lambda *words: typed("explain", *words)


def test_two_cells_of_the_latest_run_are_found_by_name_glob_or_id(here):
    sentences = {
        here(*words).stdout.splitlines()[0]
        for words in (
            ("vgg4", "lenet5"),
            ("lenet5", "vgg*"),
            (made.VGG.id, "*net5-*"),
            ("vgg4", "lenet5", "--run", "first"),
        )
    }
    assert sentences == {"vgg4 is 3x slower than lenet5: 50 % of it convolution backward, 45 % convolution forward."}


def test_the_tables_say_where_the_difference_is(here):
    told = here("vgg4", "lenet5").stdout
    for title in ("phase and category", "category", "operator", "module"):
        assert any(line.startswith(title) for line in told.splitlines())
    assert "aten::convolution_backward" in told
    assert "operators_forward: 9 against 5" in told
    assert "forward: aten.relu: 4 against 0" in told


def test_json_is_one_document(here):
    done = here("vgg4", "lenet5", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["step_seconds"]["ratio"] == pytest.approx(3)


def test_two_runs_are_compared_cell_by_cell(here):
    told = here("first", "second").stdout
    assert told.count("take the same time") == 2
    assert "the same operators, FLOPs and parameters" in told
    assert len(json.loads(here("first", "second", "--json").stdout)["cells"]) == 2
    assert "the parts below add up" in here("first", "second", "--cell", "vgg4").stdout


def test_two_revisions_are_the_runs_recorded_at_them(tmp_path, typed):
    def git(*words):
        done = subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    git("init", "-q")
    for name in ("old", "new"):
        git("commit", "-q", "--allow-empty", "-m", name)
        step = {"old": 6e-3, "new": 9e-3}[name]
        made.run(
            tmp_path / "results",
            name,
            [made.result(made.VGG, step)],
            git={"revision": git("rev-parse", "HEAD"), "dirty": False},
        )
    told = typed("explain", "HEAD~1", "HEAD").stdout
    assert told.startswith(f"{made.VGG.id} in run new is 50 % slower than {made.VGG.id} in run old")
    git("commit", "-q", "--allow-empty", "-m", "newest")
    refused = typed("explain", "HEAD", "HEAD~1")
    assert refused.returncode == 2
    assert "no run is recorded at revision HEAD" in refused.stderr
    assert "run --profile" in refused.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("vgg4", "nothing"),
            "'nothing' is neither a run nor a revision, nor a cell of run second (which has lenet5, vgg4)",
        ),
        (("*", "vgg4"), "'*' names 2 cells"),
        (("first", "vgg4"), "'first' is a run and 'vgg4' is none"),
        (("first", "second", "--cell", "mlp"), "no cell that both runs have matches 'mlp'"),
        (("vgg4", "lenet5", "--run", "third"), "no run 'third'"),
    ],
)
def test_what_cannot_be_found_is_told_in_one_line(here, words, message):
    done = here(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
