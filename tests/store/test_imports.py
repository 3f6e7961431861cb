"""Imports: which files the words stand for, what each run is called, and what becomes of what cannot be read."""

import json
import shutil
from pathlib import Path

import pytest

from bench import files
from bench.errors import BenchError
from bench.store.import_files import Source, names, sources
from bench.store.imports import gather, record

HERE = Path(__file__).parent
FILE, FIGURES = HERE / "pytest_benchmark_4.json", HERE / "timm_infer.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A `.benchmarks` of two machines whose files have one name, each a little different from the others."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("Linux-CPython-3.9-64bit/0001_abc", "Windows-CPython-3.9-64bit/0001_abc")):
        path = tmp_path / ".benchmarks" / f"{name}.json"
        path.parent.mkdir(parents=True)
        document = json.loads(FILE.read_text())
        document["benchmarks"][0]["stats"]["median"] += number * 1e-9
        path.write_text(json.dumps(document))
    return tmp_path / ".benchmarks"


def recorded(*words, chosen=None):
    return [record(item, "import") for item in gather(words, chosen).fresh]


def test_a_folder_gives_a_run_for_each_file_named_after_its_machine(folder):
    first, second = recorded(".benchmarks")
    assert (first.name, second.name) == ("Linux-CPython-3.9-64bit-0001_abc", "Windows-CPython-3.9-64bit-0001_abc")
    assert len(list(first.lines())) == len(list(second.lines())) == 2
    assert first.facts.imported_digest != second.facts.imported_digest


def test_what_is_recorded_already_is_told_and_not_recorded_twice(folder):
    recorded(".benchmarks")
    shutil.copy(folder / "Linux-CPython-3.9-64bit" / "0001_abc.json", folder / "again.json")
    batch = gather([".benchmarks"])
    assert batch.fresh == ()
    assert [(path.name, name[:5]) for path, name in batch.there] == [
        ("0001_abc.json", "Linux"),
        ("0001_abc.json", "Windo"),
        ("again.json", "Linux"),
    ]


def test_files_of_one_name_are_called_after_their_folders(folder):
    paths = [str(path) for path in sorted(folder.glob("*/*.json"))]
    assert [item.name for item in gather(paths).fresh] == [
        "Linux-CPython-3.9-64bit-0001_abc",
        "Windows-CPython-3.9-64bit-0001_abc",
    ]
    assert next(item.name for item in gather(paths, "ci").fresh) == "ci-Linux-CPython-3.9-64bit-0001_abc"
    assert [item.name for item in gather(paths[:1], "ci").fresh] == ["ci"]
    assert len(gather([*paths, ".benchmarks"]).fresh) == 2  # none twice


def test_names_never_collide():
    alike = [Source(Path("a/b/x.json")), Source(Path("c/b/x.json")), Source(Path("c/b/ü.json")), Source(Path("y.json"))]
    assert names(alike, None) == ["b-x", "b-x-2", "imported", "y"]
    assert names([*alike[:2], Source(Path("b-x-2.json"))], None) == ["b-x", "b-x-3", "b-x-2"]


def test_a_folder_is_read_as_far_as_it_can_be(folder):
    (folder / "package.json").write_text('{"name": "other"}')
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "bad.json").write_text("{")
    (folder / "notes.txt").write_text("{")
    shutil.copy(FIGURES, folder / "timm.csv")
    batch = gather([".benchmarks"])
    assert [item.name for item in batch.fresh][2:] == ["timm"]
    assert {path.name for path in batch.passed} == {"package.json", "table.csv"}
    (reason,) = batch.refused
    assert "bad.json is not whole JSON" in reason


@pytest.mark.parametrize("text", ["{", '{"name": "other"}'])
def test_a_file_that_is_named_has_to_be_readable_and_nothing_is_recorded(folder, text):
    Path("bad.json").write_text(text)
    with pytest.raises(BenchError, match=r"bad\.json is not"):
        gather([".benchmarks", "bad.json"])
    assert not Path("results").exists()


def test_a_folder_without_any_file_is_told(folder):
    Path("empty").mkdir()
    with pytest.raises(BenchError, match=r"empty holds no file ending in \.json or \.csv"):
        gather(["empty"])
    Path("empty/other.json").write_text("{}")
    with pytest.raises(BenchError, match="no file there is of pytest-benchmark or of timm"):
        gather(["empty"])
    Path("empty/other.json").write_text("{")
    with pytest.raises(BenchError, match="is not whole JSON"):
        gather(["empty"])


def test_a_taken_name_is_told_before_anything_is_recorded(folder):
    recorded(str(FILE), chosen="Windows-CPython-3.9-64bit-0001_abc")
    with pytest.raises(BenchError, match=r"0001_abc exists already: choose another name"):
        gather([".benchmarks"])
    assert [path.name for path in Path("results").iterdir()] == ["Windows-CPython-3.9-64bit-0001_abc"]


def test_a_link_and_its_file_are_one(folder):
    Path("link.json").symlink_to(FILE)
    assert len(sources([str(FILE), "link.json"])) == 1


def test_a_file_that_does_not_fit_leaves_its_name_free(folder, tmp_path, monkeypatch):
    appended = files.append_line

    def full(path, text, *arguments, **options):
        if path.stat().st_size:
            raise BenchError(f"cannot write {path}: No space left on device; the lines before are kept")
        appended(path, text, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(files, "append_line", full)
        with pytest.raises(BenchError, match="No space left"):
            recorded(FILE)
    assert list((tmp_path / "results").iterdir()) == []
    assert recorded(FILE)[0].name == FILE.stem


def test_a_long_name_is_cut_and_still_tells_two_files_apart():
    alike = [Source(Path(f"/{'x' * length}.json")) for length in (120, 110)]
    assert names(alike[:1], None) == ["x" * 100]
    assert names(alike, None) == ["x" * 100, f"{'x' * 90}-2"]


def test_a_lone_file_of_a_folder_keeps_its_name_behind_the_chosen_one(folder):
    assert [item.name for item in gather([str(folder / "Linux-CPython-3.9-64bit")], "ci").fresh] == ["ci-0001_abc"]


def test_a_file_that_is_named_alone_may_be_recorded_again_and_one_of_several_or_of_a_folder_not(folder):
    place = folder / "Linux-CPython-3.9-64bit"
    file = str(place / "0001_abc.json")
    assert [run.name for words, name in ((file, "first"), (file, "again")) for run in recorded(words, chosen=name)] == [
        "first",
        "again",
    ]
    assert gather([str(place)]).fresh == ()
    batch = gather([file, str(FILE)])
    assert (len(batch.there), [item.source.path for item in batch.fresh]) == (1, [FILE])


def test_of_a_folder_without_a_file_that_can_be_read_the_first_reason_is_told(folder):
    Path("bad").mkdir()
    for name in "abc":
        Path(f"bad/{name}.json").write_text("{")
    with pytest.raises(BenchError, match=r"^bad/a\.json is not whole JSON"):
        gather(["bad"])


@pytest.mark.parametrize(
    ("error", "cause"), [(PermissionError(13, "Permission denied"), "Permission denied"), (OSError("odd"), "odd")]
)
def test_a_folder_that_cannot_be_read_is_told(folder, monkeypatch, error, cause):
    def refused(*_):
        raise error

    monkeypatch.setattr(Path, "rglob", refused)
    with pytest.raises(BenchError, match=rf"^cannot read \.benchmarks: {cause}; check its permissions$"):
        sources([".benchmarks"])
