"""What a person can mend: one line with cause, place and remedy on stderr, exit code 2, and nothing written."""

import pytest

RUN = ("run", "--architectures", "debug", "--datasets", "synthetic", "--concurrent")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--architectures", "lenett5"], ["unknown architecture 'lenett5'", "'lenet5'?", "list architectures"]),
        (["--optimizers", "adamm"], ["unknown optimizer 'adamm'", "'adam'?", "list optimizers"]),
        (["--datasets", "mnits"], ["unknown data set 'mnits'", "'mnist'?", "list datasets"]),
        (["--normalizations", "units"], ["unknown normalization 'units'", "'unit'?", "run --help"]),
        (["--suite", "quik"], ["unknown suite 'quik'", "'quick'?", "list suites"]),
        (["--suite", "nowhere.toml"], ["nowhere.toml", "No such file"]),
        (["--devices", "cuda:77"], ["no device 'cuda:77' here", "cpu"]),
        (["--threads", "9999"], ["--threads 9999", "cores"]),
        (["--budget", "0.1s"], ["budget of 0.1 s is too small", "--budget"]),
        (
            ["--optimizers", "lbfgs", "--implementations", "fused"],
            ["nothing to measure", "lbfgs has no fused", "--implementations auto"],
        ),
        (["--epochs", "0", "--until", "99%"], ["--until needs training", "--epochs 1"]),
        (["--epochs", "0", "--checkpoint"], ["--checkpoint needs training", "--epochs 1"]),
        (["--run", "../elsewhere"], ["'../elsewhere' cannot name a run", "--run NAME"]),
        (["--run", "baselines"], ["'baselines' cannot name a run", "--run NAME"]),
        (["--run", "baselines", "--dry-run"], ["'baselines' cannot name a run", "--run NAME"]),
        (["--resume", "never-run"], ["no run 'never-run'"]),
        (["--epochs", "many"], ["--epochs takes a whole number, not 'many'", "--help"]),
        (["--architectures"], ["--architectures", "--help"]),
        (["--no-such-flag"], ["--no-such-flag", "--help"]),
    ],
)
def test_a_mistake_in_the_flags(typed, tmp_path, flags, words):
    done = typed(*RUN, *flags)
    check(done, words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch = 1", ["mine.toml: unknown key 'epoch'", "'epochs'?"]),
        ("epochs = 'one'", ["mine.toml: key 'epochs' takes a whole number, not 'one'"]),
        ("epochs = ", ["mine.toml is not valid TOML"]),
        ("precision = 3", ["mine.toml: key 'precision' takes a share"]),
        ("batch_sizes = []", ["nothing to measure: no batch size is chosen (--batch-sizes)"]),
        ("optimizers = []", ["nothing to measure: no optimizer is chosen (--optimizers)"]),
    ],
)
def test_a_mistake_in_a_suite_file(typed, tmp_path, text, words):
    (tmp_path / "mine.toml").write_text(text)
    done = typed(*RUN, "--suite", "mine.toml")
    check(done, words)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_suite_file_without_architectures(typed, tmp_path):
    (tmp_path / "mine.toml").write_text("epochs = 1")
    check(typed("run", "--suite", "mine.toml"), ["no architecture is chosen (--architectures)"])


def test_a_file_where_the_results_should_go(typed, tmp_path):
    (tmp_path / "results").write_text("in the way")
    check(typed(*RUN), ["cannot write to results/", "Not a directory"])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"results": "in the way"}


@pytest.mark.parametrize("command", ["show", "report"])
def test_a_run_that_is_not_there(typed, tmp_path, command):
    check(typed(command), ["no run is recorded in results/ yet: python -m bench run"])
    check(typed(command, "never"), ["no run 'never'"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["show", "report"])
def test_a_damaged_record(typed, tmp_path, command):
    folder = tmp_path / "results/broken"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{")
    check(typed(command, "broken"), ["run.json is damaged"])
    (folder / "run.json").write_text('{"schema": 1, "run": "broken", "plan": {"precision": 0.03}}')
    check(typed(command, "broken"), ["run.json has schema 1", "measure again"])
    (folder / "run.json").write_text('{"schema": 2, "run": "broken", "plan": {"precision": 0.03}}')
    check(typed(command, "broken"), ["results.jsonl", "No such file"])
    (folder / "results.jsonl").write_text("nonsense\n")
    check(typed(command, "broken"), ["results.jsonl line 1 is damaged"])


@pytest.mark.slow
def test_the_same_from_the_shell(bench):
    done = bench(*RUN, "--architectures", "lenett5")
    check(done, ["unknown architecture 'lenett5': did you mean 'lenet5'? (python -m bench list architectures)"])
    assert list(bench.folder.iterdir()) == []


def check(done, words):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("bench: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
