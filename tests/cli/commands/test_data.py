"""Data sets of a folder, as a person runs on them: read, fetched, and refused before anything is measured."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from bench.store.beside import published_of
from bench.store.run import load
from tests.conftest import HASTE
from tests.data import small

# Imported at the start of each Python process: the server, from which workers are forked, has the small sets expected.
SITECUSTOMIZE = """
    import os, sys
    import haste

    if "tree_server.py" in " ".join(sys.orig_argv) and "BENCH_TREE_SERVER" in os.environ:  # it begins twice
        import pytest
        from tests.data import small

        for name in small.NAMES:
            address = f"{os.environ['SMALL_DATA']}{name}/"
            small.expect(pytest.MonkeyPatch(), name, small.published_of(name), address=address)
    """

ONE = (
    "run",
    "--architectures",
    "mlp",
    "--optimizers",
    "adam",
    *("--seeds", "0", "--repeats", "1", "--again", "0", "--blocks", "2", "--threads", "1", "--no-report"),
)
ALL = (*ONE, "--epochs", "8", "--train-limit", "0", "--run", "small", "--json", "--datasets", *small.NAMES)


@pytest.fixture
def expecting(bench, tmp_path_factory):
    """Runs `python -m bench` in an empty folder, where the small data sets are the published ones.

    Attributes: folder, and published, the folder of the server, in which each set has its own.
    """
    published = tmp_path_factory.mktemp("published")
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(dedent(SITECUSTOMIZE))

    def call(*arguments):
        return bench(*arguments, "--concurrent", plugin=f"{site}:{HASTE}", SMALL_DATA=address)

    call.folder, call.published = bench.folder, published
    with small.served(published) as address:
        yield call


def check_learnt(done, folder):
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["ok"] == len(small.NAMES)
    accuracies = {
        result.cell.dataset: one.value
        for result in load("small", folder / "results").results()
        for one in result.measurements
        if one.metric == "accuracy"
    }
    assert set(accuracies) == set(small.NAMES)
    assert min(accuracies.values()) > 0.8  # each class has its own band: images and labels belong together


def check_refused(done, words, folder):
    """One line, and nothing measured or written."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("bench: ")
    for word in words:
        assert word in line
    assert not (folder / "results").exists()


@pytest.mark.slow
def test_a_network_is_trained_on_what_lies_in_a_folder(expecting):
    for name in small.NAMES:
        small.write(small.files_of(name), expecting.folder / "kept")
    check_learnt(expecting(*ALL, "--data-dir", "kept"), expecting.folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "seed", "epochs", "published"),
    [("airbench94", 100, 2, "94.01 %"), ("reproduce-resnet20", 0, 4, "91.25 %")],
)
def test_a_suite_of_cifar10_stands_beside_its_published_figure(expecting, suite, seed, epochs, published):
    small.write(small.files_of("cifar10"), expecting.folder / "kept")
    few = f"--seeds {seed} --repeats 1 --blocks 0 --threads 1 --batch-sizes 64 --dtypes bfloat16 --epochs {epochs}"
    done = expecting("run", "--suite", suite, "--data-dir", "kept", "--run", "small", "--no-report", *few.split())
    assert done.returncode == 0, done.stderr
    (result,) = load("small", expecting.folder / "results").results()
    (accuracy,) = (one.value for one in result.measurements if one.metric == "accuracy")
    assert accuracy > 0.2  # of images that are moved as far as their classes lie apart
    (beside,) = published_of(load("small", expecting.folder / "results"))
    assert published in beside.published
    assert any(text.startswith("batch size 64 instead of") for text in beside.differs)


@pytest.mark.slow
def test_a_network_is_trained_on_what_was_fetched(expecting):
    for name in small.NAMES:
        small.write(small.published_of(name), expecting.published / name)
    refused = expecting(*ALL, "--data-dir", "kept")
    check_refused(refused, ["cannot load fashion_mnist: it is not in kept/", "add --download"], expecting.folder)
    check_learnt(expecting(*ALL, "--data-dir", "kept", "--download"), expecting.folder)
    assert not (expecting.folder / "data").exists()


@pytest.mark.slow
def test_a_download_that_fails_is_told_in_one_line_after_its_progress(expecting):
    done = expecting(*ONE, "--datasets", "kmnist", "--download")
    assert done.returncode == 2
    assert "bench: cannot download kmnist to data: " in done.stderr.splitlines()[-1]
    assert "check the connection, or put train-images-idx3-ubyte" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (expecting.folder / "results").exists()


@pytest.mark.parametrize("name", small.NAMES)
def test_an_absent_set_is_refused(typed, tmp_path, name):
    done = typed(*ONE, "--datasets", "synthetic", name, "--data-dir", "nowhere")
    check_refused(done, [f"cannot load {name}: it is not in nowhere/", "expected ", "python -c "], tmp_path)


@pytest.mark.parametrize("name", small.NAMES)
def test_a_damaged_set_is_refused_before_others_are_measured(typed, tmp_path, name):
    folder = small.write(small.files_of(name), tmp_path / "kept")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    done = typed(*ONE, "--datasets", "synthetic", name, "--data-dir", "kept")
    place = folder.relative_to(tmp_path)
    check_refused(done, [f"cannot load {name}: in {place} ", "expected ", "remove kept/", "python -c "], tmp_path)


@pytest.mark.parametrize("name", small.IDX)
def test_a_set_of_other_sizes_than_it_is_listed_with_is_refused(typed, tmp_path, name):
    small.write(small.files_of(name), tmp_path / "data")
    words = ["not the published ones (640 training images with 640 labels, not 60000)", "remove data/"]
    check_refused(typed(*ONE, "--datasets", name), words, tmp_path)


@pytest.mark.slow
def test_a_comparison_refuses_a_damaged_set_too(typed, tmp_path):
    raw = small.write(small.files_of("kmnist"), tmp_path / "data")
    (raw / "t10k-labels-idx1-ubyte").write_bytes(b"")
    done = typed("ab", "--cells", "mlp", "lenet5", "--datasets", "kmnist", "--concurrent")
    check_refused(done, ["cannot load kmnist: in data/KMNIST/raw t10k-labels-idx1-ubyte is not an IDX file"], tmp_path)


def test_a_tilde_in_a_suite_file_is_home(typed, tmp_path):
    (tmp_path / "mine.toml").write_text('data_dir = "~/nowhere"\narchitectures = ["mlp"]\ndatasets = ["kmnist"]')
    done = typed("run", "--suite", "mine.toml")
    check_refused(done, [f"it is not in {Path.home()}/nowhere/KMNIST/raw;"], tmp_path)


def test_a_tilde_is_home_for_past_revisions_too():
    from bench.session.revisions import flags

    assert list(flags({"data_dir": "~/nowhere"})) == ["--data-dir", str((Path.home() / "nowhere").resolve())]
    assert list(flags({"data_dir": "~nobody-here/x"})) == ["--data-dir", "~nobody-here/x"]
