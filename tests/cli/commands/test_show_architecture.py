"""The command `show architecture`: the layers as a table, as JSON and as CSV; mistakes in one line."""

import csv
import io
import json

import pytest

from tests.explain import made


def test_the_layers_as_a_table(typed):
    done = typed("show", "architecture", "lenet5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "LeCun" in done.stdout
    titles = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["layer"])
    assert titles.split() == ["layer", "kind", "output", "parameters", "FLOPs", "arguments"]
    assert "16x10x10" in done.stdout
    assert "61,706 parameters, 833 kFLOP" in done.stdout


def test_the_layers_as_json_and_as_csv(typed):
    shown = json.loads(typed("show", "architecture", "lenet5", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(typed("show", "architecture", "lenet5", "--csv").stdout)))
    assert [row["layer"] for row in rows] == [line["layer"] for line in shown["layers"]]
    assert sum(int(row["parameters"]) for row in rows) == shown["parameters"] == 61_706
    assert rows[0]["output_shape"] == "6x28x28"


def test_a_data_set_changes_the_shapes(typed):
    shown = json.loads(typed("show", "architecture", "resnet8", "--dataset", "cifar10", "--json").stdout)
    assert shown["input_shape"] == [3, 32, 32]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["architecture"], "name an architecture"),
        (["architecture", "lenet55"], "did you mean 'lenet5'?"),
        (["architecture", "lenet5", "--dataset", "cifar11"], "did you mean 'cifar10'?"),
        (["some-run", "lenet5"], "show architecture NAME"),
        (["some-run", "--dataset", "mnist"], "show architecture NAME"),
    ],
)
def test_a_mistake_is_one_line(typed, words, told):
    done = typed("show", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_plug_in_is_shown_too(bench, plugin):
    done = bench("show", "architecture", "faulty_good", plugin=plugin)
    assert done.returncode == 0, done.stderr
    assert "7,850" in done.stdout


@pytest.mark.parametrize("word", ["architecture", "checkpoint"])
def test_a_run_may_have_the_word_for_its_name(typed, tmp_path, word):
    made.two_cells(tmp_path / "results", word)
    shown = typed("show", word, "--csv")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert made.VGG.id in shown.stdout
    assert "name a" not in shown.stderr
    assert json.loads(typed("show", "architecture", "lenet5", "--json").stdout)["name"] == "lenet5"
    refused = typed("show", "checkpoint", "nowhere.pt")
    assert refused.returncode == 2
    assert "nowhere.pt" in refused.stderr


@pytest.mark.parametrize("word", ["architecture", "checkpoint"])
def test_where_there_is_no_such_run_the_word_asks_for_another(typed, word):
    done = typed("show", word)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"show {word} " in done.stderr
