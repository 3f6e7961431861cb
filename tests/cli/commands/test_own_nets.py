"""Nets of a user's own on the command line: listed, shown, run, compared, under labels of any kind."""

import html
import json
import shlex
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from bench.plan.command import command_of
from bench.session.collector import folder_of
from bench.store.run import load
from tests.one_pair import measure_one_pair

NETS = Path(__file__).parents[2] / "origins" / "own_nets.py"
ODD = r"""my nets (ü).py:Keywords(text='it\'s, a "quote" <b>&amp; = ünï [x] *? %s \n $HOME', more=(1, 2), sizes=[3])"""
LONG = f"my nets (ü).py:Keywords(text='{'x' * 300}')"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(NETS, tmp_path)
    return tmp_path


def test_list_takes_what_the_flag_takes(typed, folder):
    words = ("own_nets.py:Plain", "resnet?", "own_nets.py:Lazy(width=8)", "own_nets.py:Coloured")
    entries = json.loads(typed("list", "architectures", *words, "--json").stdout)
    assert [entry["name"] for entry in entries] == ["Plain", "resnet8", "Lazy(width=8)", "Coloured"]
    assert [entry["input_shape"] for entry in entries] == [[1, 28, 28]] * 3 + [[3, 32, 32]]
    assert entries[0]["parameters"] == 7850
    assert [entry["origin"] and Path(entry["origin"]["file"]) for entry in entries][:2] == [
        folder / "own_nets.py",
        None,
    ]
    table = typed("list", "architectures", *words).stdout.splitlines()
    assert table[0].split()[-1] == "from"
    assert f"own_nets.py, SHA-256 {entries[0]['origin']['sha256'][:12]}" in table[1]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("optimizers", "adam*", "torch.optim:Adam(betas=(0.8, 0.9))"), "Adam(betas=(0.8, 0.9))"),
        (("losses", "torch.nn:CrossEntropyLoss(label_smoothing=0.1)"), "CrossEntropyLoss(label_smoothing=0.1)"),
        (("datasets", "mnist", "synthetic:3x8x8:7"), "synthetic:3x8x8:7"),
    ],
)
def test_so_do_the_other_listings(typed, words, name):
    entries = json.loads(typed("list", *words, "--json").stdout)
    assert entries[-1]["name"] == name


def test_names_that_match_nothing_are_refused(typed):
    done = typed("list", "architectures", "lenett5")
    assert done.returncode == 2
    assert "unknown architecture 'lenett5': did you mean 'lenet5'?" in done.stderr
    assert "takes no names" in typed("list", "runs", "mine").stderr


def test_show_architecture_of_a_file(typed, folder):
    shown = json.loads(typed("show", "architecture", "own_nets.py:Coloured", "--json").stdout)
    assert (shown["name"], shown["input_shape"], shown["num_classes"]) == ("Coloured", [3, 32, 32], 7)
    assert shown["source"].startswith("own_nets.py, SHA-256 ")
    assert shown["parameters"] == sum(layer["parameters"] for layer in shown["layers"]) > 0
    table = typed("show", "architecture", "own_nets.py:Lazy", "--dataset", "synthetic:3x8x8").stdout
    assert "input 3x8x8, 10 classes" in table
    refused = typed("show", "architecture", "own_nets.py:Wrong")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "return logits" in refused.stderr


def test_an_input_takes_the_place_of_the_suites_data_sets(typed, folder):
    words = ("run", "--architectures", "own_nets.py:Coloured", "--epochs", "0", "--dry-run", "--json")
    cells = json.loads(typed(*words, "--input", "3x16x16:7").stdout)["cells"]
    assert {cell["dataset"] for cell in cells} == {"synthetic:3x16x16:7"}
    assert {tuple(cell["origins"]) for cell in cells} == {("architecture=own_nets.py:Coloured",)}
    assert "--input 3x16x16:7" in typed(*words, "--input", "3x16x16").stderr


def test_two_files_of_one_name_are_told_apart(typed, folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
        shutil.copy(NETS, folder / name / f"{name}.py")
    words = ("run", "--architectures", "a/a.py:Plain", "b/b.py:Plain", "--suite", "tiny", "--epochs", "0", "--dry-run")
    cells = json.loads(typed(*words, "--json").stdout)["cells"]
    assert [cell["architecture"] for cell in cells] == ["a.Plain", "b.Plain"]


@pytest.fixture(scope="module")
def odd(typed_for_all):
    """A real run of nets whose labels hold what files, pages and tables have to escape."""
    shutil.copy(NETS, typed_for_all.folder / "my nets (ü).py")
    nets = (ODD, LONG, "my nets (ü).py:Pair")
    few = (
        "--suite tiny --train-limit 0.2s --blocks 2 --repeats 1 --again 0 --concurrent --checkpoint --profile --run odd"
    )
    done = typed_for_all.call("run", "--architectures", *nets[:2], *few.split(), "--epochs", "1")
    assert done.returncode == 0, done.stderr
    few = "--suite tiny --epochs 0 --blocks 2 --repeats 1 --again 0 --concurrent --run pair"
    done = typed_for_all.call("run", "--architectures", nets[2], *few.split())
    assert done.returncode == 0, done.stderr
    return typed_for_all


@pytest.mark.slow
def test_labels_of_any_kind_survive_files_pages_and_tables(odd):
    run = load(str(odd.folder / "results/odd"))
    cells = [result.cell for result in run.results()]
    assert {cell.source("architecture") for cell in cells} == {ODD, LONG}
    assert max(len(cell.architecture) for cell in cells) < 100
    for cell in cells:
        assert (run.folder / "traces" / folder_of(cell)).is_dir()
        assert (run.folder / "checkpoints" / f"{folder_of(cell)}.pt").is_file()
    page = (odd.folder / "reports/odd.html").read_text("utf-8")
    assert "<b>&amp; =" not in page
    assert cells[0].architecture in html.unescape(page)
    assert page.count("SHA-256") >= 2
    explained = ("explain", cells[0].id, cells[1].id, "--run", "odd")
    for words in (("show", "odd"), ("show", "odd", "--csv"), ("history",), explained):
        done = odd.call(*words)
        assert done.returncode == 0, done.stderr
        assert "ünï [x]" in done.stdout


@pytest.mark.slow
def test_the_command_of_a_cell_repeats_it(odd):
    run = load(str(odd.folder / "results/odd"))
    for result in run.results():
        words = shlex.split(command_of(result.cell, run.facts.plan))[3:]
        document = json.loads(odd.call(*words, "--dry-run", "--json").stdout)
        (cell,) = document["cells"]
        assert (cell["id"], tuple(cell["origins"])) == (result.cell.id, result.cell.origins)


@pytest.mark.slow
def test_several_outputs_are_timed_with_a_warning(odd):
    (result,) = load(str(odd.folder / "results/pair")).results()
    assert result.status == "ok"
    (warning,) = [warning for warning in result.warnings if warning.kind == "several outputs"]
    assert "tuple of 2 tensors" in warning.text
    assert "several outputs" in odd.call("show", "pair").stdout + (odd.folder / "reports/pair.html").read_text("utf-8")


def committed(folder, message):
    for words in (["add", "--all"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", message]):
        subprocess.run(["git", *words], cwd=folder, check=True)


@pytest.mark.slow
def test_ab_compares_the_same_words_by_both_revisions_code(typed, tmp_path, monkeypatch):
    """Also in a folder of the repository, and with a neighbour of the file that changed; the suite is not in it."""
    measure_one_pair(monkeypatch.setattr)
    folder = tmp_path / "nets"
    folder.mkdir()
    net = """
        from parts import DEPTH
        from torch import nn

        def build(input_shape, num_classes, width=32):
            layers = [nn.Linear(width, width) for _ in range(DEPTH)]
            return nn.Sequential(nn.Flatten(), nn.LazyLinear(width), *layers, nn.Linear(width, num_classes))
        """
    (folder / "my_nets.py").write_text(dedent(net))
    (folder / "parts.py").write_text("DEPTH = 1\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    committed(tmp_path, "one")
    (folder / "parts.py").write_text("DEPTH = 20\n")
    monkeypatch.chdir(folder)
    few = "--concurrent --uncalibrated --tolerance 20% --blocks 2 --json"
    done = typed("ab", "HEAD", "--architectures", "my_nets.py:build(width=16)", *few.split())
    document = json.loads(done.stdout)
    verdicts = {verdict["metric"]: verdict for verdict in document["verdicts"]}
    assert verdicts["step"]["cell"].startswith("build(width=16)-"), done.stderr
    assert verdicts["result"]["verdict"] == "changed"  # nineteen layers more
    assert "parameter_bytes" in json.dumps(verdicts["step"])
    assert any("the same on both sides" in note and "what it imports may differ" in note for note in document["notes"])


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_ab_compares_two_nets_of_a_file(typed, monkeypatch):
    measure_one_pair(monkeypatch.setattr)
    few = "--concurrent --uncalibrated --tolerance 20% --blocks 2 --json"
    done = typed("ab", "--cells", "own_nets.py:Plain", "own_nets.py:Lazy(width=512),optimizer=adam", *few.split())
    document = json.loads(done.stdout)
    (cell,) = {verdict["cell"] for verdict in document["verdicts"]}
    assert cell.startswith("Lazy(width=512)-adam-")
    assert " over Plain-" in cell
    assert sum("SHA-256" in note for note in document["notes"]) == 2
