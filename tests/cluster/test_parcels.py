"""Parcels: which files go along, that their bytes come out as they went in, and that they come once."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cluster import parcels
from bench.cluster.parcels import Parcel, bundles_of, files_of, laid_out, packed
from bench.data.registry import DATA_DIR
from bench.errors import BenchError
from bench.plan.plan import Plan


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with code and data, which one stands in."""
    folder = tmp_path / "home"
    for name, text in {
        "nets.py": "import layers\n",
        "layers.py": "",
        "parts/__init__.py": "",
        "parts/deep/more.py": "",
        "notes.txt": "no code",
        "elsewhere/lone.py": "x = 1",
        "arrays.npz": "arrays",
        "data/FashionMNIST/raw/images": "bytes",
        **{f"photos/{kind}/{number}.png": f"{kind}{number}" for kind in ("cat", "dog") for number in range(6)},
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def names(home, **fields):
    return [path.relative_to(home).as_posix() for path in files_of(Plan(**fields))]


def test_a_plan_that_names_no_file_sends_none(home):
    plan = {"architectures": ("mlp", "resnet*", "timm:vit"), "datasets": ("mnist", "synthetic:3x8x8")}
    assert names(home, **plan) == []


def test_a_file_of_code_goes_with_the_modules_beside_it(home):
    beside = ["layers.py", "nets.py", "parts/__init__.py", "parts/deep/more.py"]
    assert names(home, architectures=("nets.py:Net(width=3)",)) == beside
    assert names(home, optimizers=(f"{home}/nets.py:Own",)) == beside
    assert names(home, losses=("parts.deep.more:Loss",)) == beside
    assert names(home, architectures=("elsewhere/lone.py:Net",)) == ["elsewhere/lone.py"]
    assert names(home, architectures=("torch.nn:Linear",)) == []  # installed, and not here


def test_data_goes_file_by_file(home):
    assert names(home, datasets=("npz:arrays.npz",)) == ["arrays.npz"]
    assert len(names(home, datasets=("folder:photos:3x8x8",))) == 12
    assert names(home, datasets=("fashion_mnist",)) == ["data/FashionMNIST/raw/images"]
    assert names(home, datasets=("fashion_mnist",), data_dir="nowhere") == []  # the nodes' own


def test_the_default_folder_of_data_is_that_of_the_workers():
    assert parcels.DATA_DIR == DATA_DIR


def test_home_is_another_folder_on_a_node(home):
    with pytest.raises(BenchError, match="write the whole path"):
        files_of(Plan(architectures=("~/nets.py:Net",)))


def test_too_much_is_refused_with_its_size(home, monkeypatch):
    monkeypatch.setattr(parcels, "MOST_DATA", 10)
    with pytest.raises(BenchError, match=r"the data come to .* at most"):
        files_of(Plan(datasets=("folder:photos",)))


@pytest.mark.parametrize("bundle", [1, 2, 3, 4, 5, 7, 100])
def test_what_comes_out_is_what_went_in(home, monkeypatch, bundle):
    contents = {"a": b"", "b": b"1234", "c": b"12345678", "d": b"", "e": b"1"}
    for name, content in contents.items():
        (home / name).write_bytes(content)
    monkeypatch.setattr(parcels, "BUNDLE", bundle)
    bundles = list(bundles_of(home / name for name in contents))
    assert all(sum(len(content) for _, content in each) <= bundle for each in bundles)
    folder = laid_out(Parcel("f" * 64, str(home), tuple(bundles)), lambda pieces: pieces)
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == contents


def test_a_node_fetches_a_parcel_once(home):
    store, fetched = [], []

    def put(bundle):
        store.append(bundle)
        return len(store) - 1

    def get(reference):
        fetched.append(reference)
        return store[reference]

    parcel = packed(Plan(architectures=("nets.py:Net",)), put)
    folder = laid_out(parcel, get)
    assert (folder / Path(home, "nets.py").relative_to("/")).read_text() == "import layers\n"
    assert (folder / home.relative_to("/")).is_dir()
    assert laid_out(parcel, get) == folder
    assert fetched == [0]
    assert list(folder.parent.iterdir()) == [folder]  # nothing half done is left
    (home / "nets.py").write_text("changed")
    assert packed(Plan(architectures=("nets.py:Net",)), put).digest != parcel.digest


def test_a_base_without_files_is_a_folder_all_the_same(home):
    parcel = packed(Plan(), lambda bundle: bundle)
    assert parcel.bundles == ()
    assert (laid_out(replace(parcel, digest="e" * 64), list) / home.relative_to("/")).is_dir()
