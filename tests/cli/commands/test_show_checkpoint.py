"""`show checkpoint`: what a real run kept, scored again by a real worker."""

import json
import re

import pytest


@pytest.mark.slow
@pytest.mark.usefixtures("in_haste")
def test_the_weights_of_a_run_score_what_was_recorded(typed, tmp_path):
    names = ("--architectures", "debug", "--optimizers", "adam", "--implementations", "default", "--run", "kept")
    speed = ("--blocks", "2", "--repeats", "1", "--again", "0", "--epochs", "1", "--train-limit", "0", "--threads", "1")
    done = typed("run", *names, *speed, "--until", "60%", "--checkpoint", "--concurrent", "--no-report")
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "results/kept/checkpoints").iterdir()
    assert path.suffix == ".pt"
    told = typed("show", "checkpoint", path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.rstrip().endswith("now on 10,000 images: the same")
    found = json.loads(typed("show", "checkpoint", path, "--json").stdout)
    assert found["entry"]["test_accuracy"] >= 0.6
    assert found["cell"]["architecture"] == "debug"
    assert re.search(r" \S+ m?s = \S+ [mµ]?s x \d", typed("show", "kept", "--wide").stdout)


@pytest.mark.parametrize(("arguments", "word"), [((), "name a file"), (("none.pt",), "no checkpoint")])
def test_a_file_that_is_not_there_is_one_line(typed, arguments, word):
    done = typed("show", "checkpoint", *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
